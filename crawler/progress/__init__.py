"""What is going on now, in a run of this process or of another one: as a value, as a line, on a terminal; and what a run will come to."""

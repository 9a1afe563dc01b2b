"""The report on an output directory: figures, pictures, one page of HTML."""

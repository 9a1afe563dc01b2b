"""Reading the recovered articles in a browser: archive.db made from the tree, and pages over it."""

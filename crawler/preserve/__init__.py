"""What is done with trees of files: audit, verify, compare, repair, bag, WACZ, JSON lines."""

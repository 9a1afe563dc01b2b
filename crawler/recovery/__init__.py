"""The way of an article: sources, listing, choice, judge, store; its images; and the same without an archive."""

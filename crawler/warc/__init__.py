"""WARC and WACZ files, ours and anybody's: reading whatever is damaged, writing, what they hold."""

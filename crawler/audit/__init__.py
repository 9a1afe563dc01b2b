"""Existing files of articles, judged without network: what has to be fetched again, and what is only untidy."""

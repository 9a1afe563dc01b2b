"""What happens to a recovered article: its text is checked, written, and the article settled. Does not know how it was
fetched."""

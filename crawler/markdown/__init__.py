"""The files' format: Markdown with YAML front matter, written and read back. Knows neither the web nor Scrapy."""

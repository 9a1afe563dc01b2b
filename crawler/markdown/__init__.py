"""The files' format: Markdown with YAML front matter, as FORMAT and the seed fix it. Knows neither the web nor Scrapy."""

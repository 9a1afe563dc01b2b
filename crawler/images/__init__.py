"""Images of recovered articles: where they lie, what is one, and which request follows which answer. No sockets, no Scrapy."""

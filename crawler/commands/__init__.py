"""The commands of `scrapy` that this project adds; each module is one."""

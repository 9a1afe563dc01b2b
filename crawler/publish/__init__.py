"""The recovered articles for readers: a report, and pages for a browser."""

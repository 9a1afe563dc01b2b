"""The whole archive as files that any browser reads and searches, without a server."""

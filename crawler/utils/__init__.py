"""What every room may use: exit statuses, files written whole, the lock, words of messages, workers."""

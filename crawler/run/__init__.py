"""A run: its settings, session, progress, health, record, and how it ends."""

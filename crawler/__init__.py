"""Recovers the articles of Citizen News (hkcnews.com) from web archives."""

__version__ = "0.1.0"

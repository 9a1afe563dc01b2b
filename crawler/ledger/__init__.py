"""What is listed, tried and settled, and why: one SQLite file. Knows neither HTTP nor HTML."""

from crawler.ledger.ledger import Ledger
from crawler.ledger.rows import ArticleRow, CaptureRow, Found, LedgerError, State

__all__ = ["ArticleRow", "CaptureRow", "Found", "Ledger", "LedgerError", "State"]

"""What is listed, tried and settled, and why: one SQLite file. Knows neither HTTP nor HTML."""

from crawler.ledger.ledger import Ledger
from crawler.ledger.rows import ArticleRow, CaptureRow, LedgerError, State

__all__ = ["ArticleRow", "CaptureRow", "Ledger", "LedgerError", "State"]

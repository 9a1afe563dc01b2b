"""Extraction without a request: every article out of the captures at hand, on several cores."""

from crawler.offline.extract import Limits, extract
from crawler.offline.inputs import FromFiles, FromStore, Input
from crawler.offline.report import Report

__all__ = ["FromFiles", "FromStore", "Input", "Limits", "Report", "extract"]

"""What the settings ask of a run: every one of them read and checked, and nothing done yet."""

from __future__ import annotations

from collections.abc import Mapping

from crawler.archive.site import Site
from crawler.options import (
    FEWEST_RETRIES,
    archive_address,
    read_agent,
    read_command,
    read_format,
    read_output,
    read_seconds,
    read_switch,
    read_waits,
    read_whole,
)
from crawler.sources import Source, read_sources
from crawler.thresholds import read_budget, read_health

LEAST_MEMORY = 500
"""MiB; with less than this the process that reads pages cannot begin."""
MOST_OVERLAP = 36_500
"""Days; whoever gives more has mistaken the unit."""


class Asked:
    """The settings of a run. Raises Fatal for one that makes no sense."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        self.archive_url = archive_address(settings, "ARCHIVE_URL")
        self.public_url = archive_address(settings, "ARCHIVE_PUBLIC_URL")
        self.output = read_output(settings)
        self.format = read_format(settings)
        self.contact = str(settings.get("CONTACT") or "")
        self.user_agent = read_agent(settings)
        self.images = read_switch(settings, "IMAGES")
        auto = settings.get("GAP_REQUESTS") == "auto"
        self.given_gap_requests = None if auto else read_whole(settings, "GAP_REQUESTS", least=0)
        """None: as many as make sense."""
        budget, _ = read_budget(settings, self.archive_url)
        self.playback_rate = budget.playback_rate
        self.sources: tuple[Source, ...] = read_sources(settings)
        self.sites: tuple[Site, ...] = tuple(source for source in self.sources if isinstance(source, Site))
        self.retry_seconds = read_waits(settings, "RETRY_SECONDS", FEWEST_RETRIES)
        self.listing_retry_seconds = read_waits(settings, "LISTING_RETRY_SECONDS")
        self.page_rows = read_whole(settings, "LISTING_PAGE_ROWS", most=150_000)
        self.listing_overlap_days = read_whole(settings, "LISTING_OVERLAP_DAYS", least=0, most=MOST_OVERLAP)
        read_seconds(settings, "PROGRESS_SECONDS")
        self.page_seconds = read_seconds(settings, "PAGE_SECONDS", zero=False)
        self.page_memory = read_whole(settings, "PAGE_MEMORY_MB", LEAST_MEMORY)
        self.outage_seconds = read_seconds(settings, "OUTAGE_SECONDS")
        self.health = read_health(settings)
        self.on_verdict = read_command(settings, "ON_VERDICT")
        """The words of a command; none: nothing is run at the end."""

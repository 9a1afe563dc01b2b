"""The settings of the crawl: every component that takes part, every limit with its source.

Override any with `-s NAME=value`; names that neither Scrapy nor this file knows are refused.
"""

from crawler import __version__

BOT_NAME = "citizen-news-recovery"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"
COMMANDS_MODULE = "crawler.commands"

# --- Ours ------------------------------------------------------------------------------------------------------------

ARCHIVE_URL = "https://web.archive.org"
"""Where requests go: an archive with the Wayback Machine's addresses, or a mirror or proxy of it."""
ARCHIVE_PUBLIC_URL = "https://web.archive.org"
"""The archive's name in the files; a ledger holds captures of one such archive only."""
OUTPUT_DIR = "output"
"""Where everything is written: `articles/`, `images/`, `warc/`, `runs/`, `ledger.sqlite`."""
CONTACT = ""
"""An address under which the archive can reach you; it becomes part of the User-Agent."""
SOURCES = "wayback"
"""Where captures are looked for, in order of preference, separated by commas: `wayback` (the archive of ARCHIVE_URL),
`pywb+ADDRESS` (a collection of a pywb, such as pywb+https://arquivo.pt/wayback; `=ADDRESS` after it where files shall
name another), a WARC or WACZ file, or a folder of them."""
GAP_REQUESTS = "auto"
"""Requests a run that may be spent on articles that no listing has: ids found in recovered articles and in archived
lists of the site's, and ids between known ones. What was asked is not asked again. `auto` is 100, four minutes of the
index, once half of the 49,122 articles are known, and none before: what lacks then is no gap. 0 for none."""
IMAGES = 0
"""1 to fetch the images of recovered articles too: some 119,000 in all (FACTS section 2, counted in the public backup),
which at two requests each and the default rate takes 17 hours beside the articles. So not without being asked."""
FORMAT = "seed"
"""How files are written: `seed`, where every address points into the archive, or `reading`, with links between the
files, the original addresses and provenance in the front matter."""
VIDEO = "shortcode"
"""In the reading format, how embedded videos are written: as Hugo's `shortcode`, or as a plain `link`."""
LISTING_PAGE_ROWS = 5000
"""Rows of the index a page. 50,000 has been seen to work (2026-06), but a page that is cut off is lost whole."""
CDX_RATE = 24.0
"""Requests a minute to the index: 80% of the limit of 30 (edgi-govdata-archiving/wayback 0.5.1, 2026-06-19). Never
above 30."""
PLAYBACK_RATE = 240.0
"""Requests a minute for captures, at most: half of what the archive permits clients (480 of 600, as above). Never above
480."""
PLAYBACK_RATE_START = 60.0
"""Requests a minute for captures at first; grows while answers are healthy."""
CONNECTION_RATE = "auto"
"""New TCP connections a minute, beside the first four: `auto` is 8, and any number on loopback. What the archive
refuses first are new connections: after 15 to 17 downloads with one each (hartator/wayback-machine-downloader, issues
267, 273, 275; 2023-11)."""
PAUSE_SECONDS = 60.0
"""Nothing is sent for so long after a 429, doubled with each further one up to 15 minutes (FACTS: going on for more
than a minute means an hour of refused connections)."""
BREAKER_SECONDS = "300,900,3600"
"""Nothing is sent for so long after a refused connection: the first time, the second, the third."""
OUTAGE_SECONDS = 7200.0
"""An outage of the whole archive is waited out for so long, with one probe at a time; then the run ends."""
OUTAGE_PROBE_SECONDS = 30.0
"""The first probe goes out so long after an outage began, the next ones after twice that each, up to 10 minutes."""
PAGE_SECONDS = 20.0
"""Seconds that reading a page may take; the sample's pages take 0.004."""
PAGE_MEMORY_MB = 1500
"""MiB of address space for the process that reads pages (Linux only); it needs some 400 for itself."""
RETRY_SECONDS = "3,60,120,240"
"""Waits before a capture is asked for again when the archive has troubles of its own: one quick try, then later passes,
since a capture that times out often loads minutes later (FACTS section 3). At least four, so five attempts; then the
article waits for the next run."""
LISTING_RETRY_SECONDS = "2,5,15,30,60,120"
"""Waits before a page of the index that did not count is asked for again; after the last the listing is given up for
this run."""
PROGRESS_SECONDS = 60.0
"""Seconds between two lines of progress where there is no terminal; 0 for none, on a terminal too."""
LISTING_OVERLAP_DAYS = 30
"""`scrapy recover` asks for captures since the last whole listing, and so many days before it: indexes lag behind
captures. 0 lists everything each time."""
ON_VERDICT = ""
"""A command, split into words and given to no shell, that is run at the end of each run with the path of the run's
record (`OUTPUT_DIR/runs/<time>.json`) as its last argument. It has a minute; whatever becomes of it, the run stays what
it was."""
HEALTH_LEAST = 20
"""Thresholds of `scrapy recover` apply only to this many at least: pages judged, captures compared, articles due. Fewer
prove nothing."""
HEALTH_RECOVERED = 0.01
"""Least share of the articles due and tried (those that wait for the archive are not) that a healthy run recovers:
below it nothing, or next to nothing, came of what was due."""
HEALTH_OTHER_PAGES = 0.9
"""Largest share of the pages judged in a healthy run that are no article."""
HEALTH_FIELD_LOSS = 0.2
"""Largest growth of the share of articles that lack a field, against the articles recovered before: a changed layout
shows so."""
HEALTH_MISMATCHES = 0.1
"""Largest share of the captures compared whose bytes do not match the archive's digest."""
HEALTH_REFUSALS = 5
"""Most pauses after 429 answers and refused connections of a healthy run, together."""

# --- Scrapy's, where this crawl needs another value
# --------------------------------------------------------------------

USER_AGENT = f"{BOT_NAME}/{__version__}"
# The archive's interfaces are made for programs; its robots.txt speaks of crawling the replayed pages.
ROBOTSTXT_OBEY = False
# The gate in the handlers decides when a request goes out, so that a pause stops everything (measured in the project's
# notes).
DOWNLOAD_HANDLERS = {
    "http": "crawler.politeness.handler.PoliteHandler",
    "https": "crawler.politeness.handler.PoliteHandler",
}
DOWNLOAD_DELAY = 0
AUTOTHROTTLE_ENABLED = False
# Few connections, kept alive: new ones are what the archive refuses.
CONCURRENT_REQUESTS = 8
CONCURRENT_REQUESTS_PER_DOMAIN = 4
# A page gives one item. By default Scrapy begins 100 tasks for each answer, and parses the source of whatever is
# called with it: a fifth of the CPU of a crawl.
CONCURRENT_ITEMS = 1
WARN_ON_GENERATOR_RETURN_VALUE = False
# A capture that is slow at first is loaded in the background there; a later pass gets it.
DOWNLOAD_TIMEOUT = 90
DOWNLOAD_MAXSIZE = 64 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
# Codings cannot be trusted, and digests are of the bytes as they came: decoded by ourselves.
COMPRESSION_ENABLED = False
# Retries, redirects and statuses are decided by the table of answers in crawler/wayback/playback.py.
RETRY_ENABLED = False
REDIRECT_ENABLED = False
METAREFRESH_ENABLED = False
HTTPERROR_ALLOW_ALL = True
COOKIES_ENABLED = False
REFERER_ENABLED = False
# Playback addresses have up to 3,003 characters; cutting there would lose articles silently.
URLLENGTH_LIMIT = 0

ITEM_PIPELINES = {
    "pipelines.article.CheckPipeline": 100,  # the text that will be written reads back as it was meant
    "pipelines.article.MarkdownPipeline": 200,  # the file, beside its place and renamed
    "pipelines.article.SettlePipeline": 300,  # the ledger, last: what it says is on the disk
}
EXTENSIONS = {
    "crawler.run.monitor.ProgressExtension": 0,
    # Both are servers that execute code; and loading them takes a third of a second.
    "scrapy.extensions.telnet.TelnetConsole": None,
    "scrapy.extensions.remote_control.RemoteControl": None,
    # Figures of Scrapy's own that nobody reads here.
    "scrapy.extensions.logstats.LogStats": None,
    "scrapy.extensions.memusage.MemoryUsage": None,
}
STATS_DUMP = False
LOG_LEVEL = "INFO"
LOG_FORMAT = "%(asctime)s %(levelname)s %(message)s"
LOG_DATEFORMAT = "%H:%M:%S"
FEED_EXPORT_ENCODING = "utf-8"

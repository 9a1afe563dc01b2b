"""The settings of a crawl: this project's as a table, then Scrapy's where this crawl needs another value.

Override any with `-s NAME=value`. Validation (`crawler/run/settings.py`), `--help` and docs/settings.md read the table.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from crawler import __version__

BOT_NAME = "citizen-news-recovery"
SPIDER_MODULES = ["crawler.spiders"]
COMMANDS_MODULE = "crawler.commands"


class Kind(StrEnum):
    """What a value must be, in words; `crawler/run/settings.py` has a reader for each."""

    ADDRESS = "an address such as https://web.archive.org"
    ARTICLES = "an article id, or a list of ids and ranges (as in 33951,40000-40100),"
    CHOICE = "{choices}"
    CONTACT = "a line of ASCII with an e-mail or web address (as mailto:you@example.org)"
    COMMAND = "a command with its quotes closed, such as 'mail-it --quietly',"
    FOLDER = "a directory with files of articles"
    LINE = "one line of ASCII with {least} to {most} characters"
    NUMBER = "a number{unit} from {least} to {most}"
    NUMBERS = "{fewest}numbers{unit} from {least} to {most}, separated by commas,"
    PATH = "the path of a directory"
    SOURCES = "a list of wayback, pywb+ADDRESS of a collection, or WARC or WACZ files or folders that exist or s3://…,"
    SWITCH = "1 or 0"
    TIME = "a year, month, day or time of capture (as in 2021-07 or 20210712)"
    WHOLE = "a whole number{unit} from {least} to {most}"


_week = 7 * 86_400
"""Seconds. This and other large bounds are for whoever has mistaken the unit."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting, or an argument of the spider. `choices`: the only values, or words that may stand for a number;
    `fewest`: how many numbers a list must have."""

    name: str
    default: object = ""
    kind: Kind = Kind.WHOLE
    unit: str = ""
    least: float = 0
    most: float = 1_000_000
    fewest: int = 1
    choices: tuple[str, ...] = ()

    @property
    def needed(self) -> str:
        """What a value must be."""
        words = " or ".join(self.choices)
        needed = self.kind.format(
            choices=words,
            unit=self.unit and f" of {self.unit}",
            least=f"{self.least:,.15g}",
            most=f"{self.most:,.15g}{' (a week)' if self.most == _week else ''}",
            fewest=f"at least {self.fewest} " if self.fewest > 1 else "",
        )
        return f"{words} or {needed}" if words and self.kind in (Kind.NUMBER, Kind.WHOLE) else needed


_seconds = partial(Setting, kind=Kind.NUMBER, unit="seconds", least=0.001, most=_week)
_waits = partial(_seconds, kind=Kind.NUMBERS)
_rate = partial(Setting, kind=Kind.NUMBER, unit="requests a minute", least=0.01)
_share = partial(Setting, kind=Kind.NUMBER, most=1)
_flag = partial(Setting, default="0", kind=Kind.SWITCH, choices=("0", "1", "true", "false", "yes", "no"))
_line = partial(Setting, kind=Kind.LINE, most=500)

for_everyone = "What most people set"
table: dict[str, dict[Setting, str]] = {
    for_everyone: {
        _line("CONTACT", kind=Kind.CONTACT): (
            "your e-mail or web address, for the User-Agent: an archive that cannot reach you can only block you"
        ),
        Setting("OUTPUT_DIR", "output", Kind.PATH): "where everything is written: see [files.md](files.md)",
        Setting("SOURCES", "wayback", Kind.SOURCES): (
            "where captures are looked for, in order of preference: `wayback` is the archive of ARCHIVE_URL, "
            "`pywb+ADDRESS` a collection of a pywb, with `=ADDRESS` after it where files shall name another. See "
            "[Other sources](recover.md#other-sources)"
        ),
        Setting("FORMAT", "seed", Kind.CHOICE, choices=("seed", "reading", "hugo")): (
            "how files are written: `seed`, every address into the archive; `reading`, links between the files, "
            "original addresses, provenance in the front matter; `hugo`, the same as a site that Hugo builds: see "
            "[hugo.md](hugo.md). Files that are there keep theirs until `extract --format` changes them all. For "
            "Obsidian, `export --obsidian` makes a vault of files in any of them: see [obsidian.md](obsidian.md)"
        ),
        _flag("IMAGES"): (
            "1 fetches the images of recovered articles too: some 119,000 in all (counted in the public backup), about "
            "17 hours at the default rate"
        ),
        _rate("PLAYBACK_RATE", 240): (
            "for captures, at most; never above 480. Source: half of what the archive permits clients, which is 80% of "
            "600 (edgi-govdata-archiving/wayback 0.5.1, 2026-06-19)"
        ),
        Setting("ON_VERDICT", kind=Kind.COMMAND): (
            "run at the end of each `crawl` and `recover`, without a shell, with the path of the run's record as its "
            "last argument; one that fails or takes more than a minute changes nothing of the run. See "
            "[schedule.md](schedule.md)"
        ),
    },
    "Which archive, and what is asked of it": {
        _line(
            "USER_AGENT", f"{BOT_NAME}/{__version__}", least=1
        ): "what requests say of who sends them, before CONTACT",
        Setting("ARCHIVE_URL", "https://web.archive.org", Kind.ADDRESS): (
            "where requests go: an archive with the Wayback Machine's addresses, or a mirror or proxy of it. One on "
            "this machine (loopback) may be given any rate"
        ),
        Setting("ARCHIVE_PUBLIC_URL", "https://web.archive.org", Kind.ADDRESS): (
            "the archive that the files name, also when ARCHIVE_URL is a mirror or proxy. A ledger holds captures of "
            "one only"
        ),
        Setting("VIDEO", "shortcode", Kind.CHOICE, choices=("shortcode", "link")): (
            "in the reading format: embedded videos as Hugo's `shortcode` or as a plain `link`"
        ),
        Setting("GAP_REQUESTS", "auto", unit="requests", choices=("auto",)): (
            "that a run may spend on articles that no listing has: ids found in recovered articles and in archived "
            "lists, and ids between known ones. What was asked is not asked again. `auto` is 100 (four minutes of the "
            "index) once half of the 49,122 are known, none before"
        ),
    },
    "How fast": {
        _rate("CDX_RATE", 24): (
            "to the index; never above 30. Source: 80% of the limit of 30, from where PLAYBACK_RATE is"
        ),
        _rate("PLAYBACK_RATE_START", 60): (
            "for captures at first; grows to PLAYBACK_RATE while answers are healthy, is halved when they are not"
        ),
        _rate("CONNECTION_RATE", "auto", unit="new connections a minute", choices=("auto",)): (
            "beside the first four, which are kept alive; `auto` is 8, and any number on loopback. Source: 15 to 17 "
            "downloads with a connection each are refused (hartator/wayback-machine-downloader, issues 267, 273, 275; "
            "2023-11)"
        ),
        Setting("LISTING_PAGE_ROWS", 5000, unit="rows", least=1, most=150_000): (
            "of the index a request. 50,000 has been seen to work (2026-06), but a page that is cut off is lost whole"
        ),
    },
    "When the archive has troubles": {
        _seconds("PAUSE_SECONDS", 60): (
            "nothing is sent for so long after a 429, doubled each time up to 15 minutes; a longer `Retry-After` is "
            "obeyed. Source: going on for more than a minute means an hour of refused connections"
        ),
        _waits("BREAKER_SECONDS", "300,900,3600"): (
            "nothing is sent for so long after a refused connection: the first, second, third time; then the run ends"
        ),
        _waits("RETRY_SECONDS", "3,60,120,240", least=0, fewest=4): (
            "waits between attempts at a capture when the archive has troubles of its own: one quick try, then later "
            "passes, since a capture that times out often loads minutes later. After the last the article waits for "
            "the next run"
        ),
        _waits("LISTING_RETRY_SECONDS", "2,5,15,30,60,120", least=0): (
            "the same for a page of the index; after the last the listing is given up for this run"
        ),
        _seconds("OUTAGE_SECONDS", 7200, least=0): (
            "an outage of the whole archive is waited out for so long, with one probe at a time, then the run ends"
        ),
        _seconds("OUTAGE_PROBE_SECONDS", 30): (
            "the first probe in an outage, then after twice as long each time, up to 10 minutes"
        ),
    },
    "When a page has troubles": {
        _seconds("PAGE_SECONDS", 20): "a page that takes longer to read costs itself only; the sample's take 0.004",
        Setting("PAGE_MEMORY_MB", 1500, unit="MiB", least=500): (
            "the same for the memory of the process that reads pages, which needs some 400 for itself; enforced on "
            "Linux only"
        ),
    },
    "Unattended runs": {
        Setting("LISTING_OVERLAP_DAYS", 30, unit="days", most=36_500): (
            "`recover` asks the index for captures since the last whole listing, and so many days before it, "
            "because indexes lag behind captures. 0 lists everything"
        ),
        Setting("HEALTH_LEAST", 20, least=1): (
            "pages judged, captures compared, articles due: with fewer than this the shares below prove nothing, and "
            "are not looked at. See [schedule.md](schedule.md)"
        ),
        _share("HEALTH_RECOVERED", 0.01): "the least of the articles due and tried that a healthy run recovers",
        _share("HEALTH_OTHER_PAGES", 0.9): "the most of the pages judged that may be no article",
        _share("HEALTH_FIELD_LOSS", 0.2): (
            "by so much more of the articles than before may lack a field; a changed layout shows so"
        ),
        _share("HEALTH_MISMATCHES", 0.1): "the most of the captures compared that may differ from the archive's digest",
        Setting("HEALTH_REFUSALS", 5): "the most pauses after 429 answers and refused connections, together",
    },
    "What is shown": {
        _seconds("PROGRESS_SECONDS", 60, least=0): (
            "between two lines of progress where there is no terminal; 0 for none, on a terminal too. See "
            "[watch.md](watch.md)"
        )
    },
}
"""Each setting with what it is for, under the headings of docs/settings.md."""

arguments: dict[Setting, str] = {
    Setting("ids", kind=Kind.ARTICLES): "only these articles; listed by their own prefixes, not by the whole listing",
    Setting("limit", unit="articles", least=1): "fetch at most so many articles in this run",
    Setting("since", kind=Kind.TIME): (
        "only captures of this time and later. A choice so narrowed never settles an article as unrecoverable"
    ),
    Setting("until", kind=Kind.TIME): "only captures up to this time, inclusive",
    _flag("dry_run"): "list and choose, print the choice, fetch nothing",
    Setting("repair", kind=Kind.FOLDER): (
        "audit this tree of files, then recover only what the audit says to fetch again: see [backup.md](backup.md)"
    ),
    _flag("in_place"): (
        "with `repair`: verified articles that the audit finds better take the old files' places; the old files go to "
        "`DIR.replaced-<date>` beside"
    ),
    Setting("again", kind=Kind.ARTICLES): (
        "judge these articles anew; what is in the store is not fetched again. A recovered article keeps its file "
        "until something takes its place"
    ),
}
"""The arguments of `citizen-news crawl`, `-a name=value`; `citizen-news recover` takes the first four."""

globals().update({row.name: row.default for rows in table.values() for row in rows})

# --- Scrapy's, where this crawl needs another value ------------------------------------------------------------------

# The archive's interfaces are made for programs; its robots.txt speaks of crawling the replayed pages.
ROBOTSTXT_OBEY = False
# The download handler decides when a request goes out, so that a pause stops everything (measured in the project's
# notes).
DOWNLOAD_HANDLERS = {
    "http": "crawler.politeness.handler.PoliteHandler",
    "https": "crawler.politeness.handler.PoliteHandler",
}
# Few connections, kept alive: new ones are what the archive refuses.
CONCURRENT_REQUESTS = 8
CONCURRENT_REQUESTS_PER_DOMAIN = 4
# A page gives one item. By default Scrapy begins 100 tasks for each answer, and parses the source of whatever is
# called with it: a fifth of the CPU of a crawl.
CONCURRENT_ITEMS = 1
WARN_ON_GENERATOR_RETURN_VALUE = False
# A capture that is slow at first is loaded in the background there; a later pass gets it.
DOWNLOAD_TIMEOUT = 90
# Whoever is offline is told so soon: see Session.offline.
DNS_TIMEOUT = 5
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

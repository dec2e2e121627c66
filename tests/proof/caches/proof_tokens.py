"""Every token earns its place: who fails without it, and how that is known.

A table, one row per token and witness. ``test_proof_tokens`` takes each token out of
its policy and measures the rows that can be; the rest cite the vendor's page and are
marked as not measured. How a cache is run is in ``proof_servers``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from proof_cache import Cache
from proof_clients import CLIENTS, requests_cache
from proof_record import Lines
from proof_servers import SERVERS, Behind, hop, server

from asgi_nocache import NO_STORE, NO_STORE_EDGE, Policy


class Failure(StrEnum):
    """What becomes of a response, in words that follow the name of who fails."""

    REUSED = "reuses its copy without asking"
    STORED = "keeps a copy, and asks with its validators"
    ON_ERROR = "serves its copy while the app fails"
    CONFIRMED = "answers 304 by itself, though the body is new"
    ALERT = "raises an alert"


#: What the tests are called that show a row.
HERE = "test_proof_tokens.py::test_a_cache_fails_without_it"
SCANNED = "test_proof_tokens.py::test_a_scanner_alerts_without_it"
WENT_BACK = "test_proof_history.py::test_back_reuses_all_else"
NOT_MEASURED = ""


@dataclass(frozen=True)
class Witness:
    """One who fails where one token is missing, and does not with the whole set.

    Attributes:
        token: A directive or field of the policy, or ``validators``, which
            NO_STORE_EDGE takes away.
        cache: Who: a name of SERVERS or CLIENTS where it is measured as such.
        fails: What it does without the token.
        why: How that comes about, in a sentence.
        reference: Where that, or its configuration, can be read.
        extra: What it is told on top of its setup.
        hop: What an nginx between it and the app is told, which caches nothing.
        app: What the app sends beside.
        test: What shows it, ``""`` where only the reference says so.
    """

    token: str
    cache: str
    fails: Failure
    why: str
    reference: str
    extra: str = ""
    hop: str = ""
    app: Lines = ()
    test: str = HERE

    @property
    def policy(self) -> Policy:
        """The whole set: the default one where it has the token."""
        return NO_STORE_EDGE if self.token in EDGE_TOKENS else NO_STORE

    @property
    def setup(self) -> str:
        """How it is configured, for a reader; ``""`` for what is not run as a cache."""
        return self.make().setup if self.test == HERE else ""

    def make(self) -> Cache:
        """Return the cache, to be started."""
        if self.cache in SERVERS:
            front = server(self.cache, self.extra)
            return Behind(front, hop(self.hop)) if self.hop else front
        return requests_cache(self.extra) if self.extra else CLIENTS[self.cache]()


def tokens(policy: Policy) -> tuple[str, ...]:
    """Return all that *policy* sends or does, piece by piece."""
    fields = tuple(name for name, _ in policy.beside)
    rest = ("validators",) if policy.strip_validators else ()
    return (*str(policy.cache_control).split(", "), *fields, *rest)


def less(policy: Policy, token: str) -> Policy:
    """Return *policy* without *token*, which is one of its ``tokens``."""
    name = f"{policy!r} less {token}"
    if token == "validators":
        return replace(policy, name=name, strip_validators=False)
    if token in dict(policy.beside):
        beside = tuple(line for line in policy.beside if line[0] != token)
        return replace(policy, name=name, beside=beside)
    attribute = token.removesuffix("=0").replace("-", "_")
    off = None if attribute == "max_age" else False
    control = replace(policy.cache_control, **{attribute: off})
    return replace(policy, name=name, cache_control=control)


EDGE_TOKENS = tuple(t for t in tokens(NO_STORE_EDGE) if t not in tokens(NO_STORE))

#: An app that tags what it sends, so that a cache may keep it for the next time; and
#: the tag stays where the body changes, as one made from a row's number does.
TAGGED: Lines = (
    ("ETag", '"v1"'),
    ("Last-Modified", "Mon, 04 Jan 2016 10:00:00 GMT"),
)

_APACHE = "https://httpd.apache.org/docs/2.4/mod/mod_cache.html"
_SQUID = "http://www.squid-cache.org/Doc/config/refresh_pattern/"
_NGINX = "https://nginx.org/r"
_WEBHINT = "https://webhint.io/docs/user-guide/hints/hint-no-disallowed-headers/"
_VCL = "https://github.com/mattiasgeniar/varnish-6.0-configuration-templates"
_BUILTIN = (
    "https://github.com/varnishcache/varnish-cache/blob/7.1/bin/varnishd/builtin.vcl"
)
_FASTLY = "https://docs.fastly.com/en/guides/controlling-caching"
_CLOUDFLARE = "https://developers.cloudflare.com/cache/concepts/cdn-cache-control/"
_ZAP = "https://www.zaproxy.org/docs/alerts/10015/"
_HISTORY = "https://www.rfc-editor.org/rfc/rfc9111.html#section-6"
_REQUESTS_CACHE = (
    "https://requests-cache.readthedocs.io/en/stable/user_guide/expiration.html"
)

_STORE_ALL = "CacheStoreNoStore On\nCacheStorePrivate On"
#: The end of most hand-written VCL: the built-in code, which looks for no-store, is
#: skipped.
_OWN_VCL = """sub vcl_backend_response {
    if (beresp.ttl <= 0s) { set beresp.uncacheable = true; }
    return (deliver);
}"""
_BROWSER_MINUTES = "expires 5m;"
_MORE = 'add_header Cache-Control "public, max-age=3600";'

WITNESSES: tuple[Witness, ...] = (
    Witness(
        "no-store",
        "chromium, firefox",
        Failure.REUSED,
        "Back shows what the HTTP cache keeps, whatever its age, where no bfcache is",
        _HISTORY,
        test=WENT_BACK,
    ),
    Witness(
        "no-store",
        "requests-cache",
        Failure.ON_ERROR,
        "a private cache may keep all else, and this option outranks must-revalidate",
        _REQUESTS_CACHE,
        extra="stale_if_error",
        app=TAGGED,
    ),
    Witness(
        "no-store",
        "hishel",
        Failure.STORED,
        "a private cache may keep all else",
        "https://www.rfc-editor.org/rfc/rfc9111.html#section-3",
        app=TAGGED,
    ),
    Witness(
        "no-store",
        "apache",
        Failure.STORED,
        "told to keep private responses, it still heeds no-store",
        f"{_APACHE}#cachestoreprivate",
        extra="CacheStorePrivate On",
        app=TAGGED,
    ),
    Witness(
        "no-cache",
        "apache",
        Failure.REUSED,
        "told to keep everything, it takes the last max-age, which a hop has added",
        f"{_NGINX}/add_header",
        extra=_STORE_ALL,
        hop=f"proxy_hide_header Pragma; {_MORE}",
    ),
    Witness(
        "no-cache",
        "ZAP 10015",
        Failure.ALERT,
        "it looks for each of three directives",
        _ZAP,
        test=SCANNED,
    ),
    Witness(
        "must-revalidate",
        "apache",
        Failure.ON_ERROR,
        "told to keep everything, it serves what is stale on a 503, unless forbidden",
        f"{_APACHE}#cachestaleonerror",
        extra=_STORE_ALL,
    ),
    Witness(
        "must-revalidate",
        "ZAP 10015",
        Failure.ALERT,
        "it looks for each of three directives",
        _ZAP,
        test=SCANNED,
    ),
    Witness(
        "private",
        "apache",
        Failure.STORED,
        "told to keep what says no-store, it still heeds private",
        f"{_APACHE}#cachestorenostore",
        extra="CacheStoreNoStore On",
        app=TAGGED,
    ),
    Witness(
        "private",
        "squid",
        Failure.STORED,
        "told to ignore no-store, it still heeds private",
        _SQUID,
        extra="refresh_pattern . 0 20% 4320 ignore-no-store",
    ),
    Witness(
        "private",
        "Fastly",
        Failure.STORED,
        "by its page only private keeps a response out; max-age=0 beside makes the"
        " copy stale at once",
        _FASTLY,
        test=NOT_MEASURED,
    ),
    Witness(
        "max-age=0",
        "varnish",
        Failure.REUSED,
        "VCL that ends in return (deliver) skips the built-in look at no-store, and a"
        " hop drops the old fields, as webhint advises: else it keeps for 120 s",
        _VCL,
        extra=_OWN_VCL,
        hop="proxy_hide_header Expires; proxy_hide_header Pragma;",
    ),
    Witness(
        "max-age=0",
        "varnish",
        Failure.REUSED,
        "a Surrogate-Control makes it overlook no-store, as of a hop that turns on ESI"
        " and drops the old fields, as webhint advises",
        _WEBHINT,
        hop="proxy_hide_header Expires; proxy_hide_header Pragma;"
        " add_header Surrogate-Control 'content=\"ESI/1.0\"';",
    ),
    Witness(
        "pragma",
        "haproxy",
        Failure.REUSED,
        "the usual line that gives browsers five minutes replaces Cache-Control and"
        " Expires, and leaves Pragma",
        f"{_NGINX}/expires",
        hop=_BROWSER_MINUTES,
    ),
    Witness(
        "pragma",
        "ats",
        Failure.REUSED,
        "the same",
        f"{_NGINX}/expires",
        hop=_BROWSER_MINUTES,
    ),
    Witness(
        "pragma",
        "haproxy",
        Failure.REUSED,
        "a hop adds a second line, and public in it outranks no-store before",
        f"{_NGINX}/add_header",
        hop="add_header Cache-Control public;",
    ),
    Witness(
        "expires",
        "nginx-valid",
        Failure.REUSED,
        "told to ignore Cache-Control, it still heeds Expires",
        f"{_NGINX}/proxy_ignore_headers",
        extra="proxy_ignore_headers Cache-Control;",
    ),
    Witness(
        "expires",
        "varnish",
        Failure.REUSED,
        "a hop drops Cache-Control, and Varnish knows no Pragma: it keeps for 120 s",
        f"{_NGINX}/proxy_hide_header",
        hop="proxy_hide_header Cache-Control;",
    ),
    Witness(
        "cdn-cache-control",
        "Cloudflare",
        Failure.REUSED,
        "where a rule lets it keep pages, and a hop has rewritten Cache-Control for"
        " browsers: by its page this field is what it goes by",
        _CLOUDFLARE,
        hop=_BROWSER_MINUTES,
        test=NOT_MEASURED,
    ),
    Witness(
        "surrogate-control",
        "varnish",
        Failure.REUSED,
        "the usual line that gives browsers five minutes replaces Cache-Control, and"
        " the built-in code looks for no-store here first",
        _BUILTIN,
        hop=_BROWSER_MINUTES,
    ),
    Witness(
        "x-accel-expires",
        "nginx-ignoring",
        Failure.REUSED,
        "told to ignore Cache-Control and Expires, it still heeds its own field",
        f"{_NGINX}/proxy_ignore_headers",
    ),
    Witness(
        "validators",
        "varnish",
        Failure.CONFIRMED,
        "it answers a client that holds an older copy, where the app's tag stays",
        _BUILTIN,
        app=TAGGED,
    ),
    Witness(
        "validators",
        "ats",
        Failure.CONFIRMED,
        "the same",
        "https://docs.trafficserver.apache.org/en/9.2.x/admin-guide/configuration"
        "/cache-basics.en.html",
        app=TAGGED,
    ),
)

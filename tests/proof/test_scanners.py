"""Scanners: what ZAP, Burp and a reviewer with ASVS in hand say of each preset.

Their logic is told here once more, from its public source, with a tokeniser of our
own; the table says honestly which preset draws which alert.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest
from asgi_driver import answer, http_scope, sending, start

from asgi_nocache import (
    APP_DECIDES,
    LEGACY_2014,
    NO_STORE,
    NO_STORE_EDGE,
    NO_STORE_MINIMAL,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    CacheControl,
    NoCacheMiddleware,
    Policy,
    Rule,
)

Lines = list[tuple[bytes, bytes]]
HTML = (b"content-type", b"text/html; charset=utf-8")

NON_STORABLE = "Non-Storable Content"
STORABLE = "Storable but Non-Cacheable Content"
CACHEABLE = "Storable and Cacheable Content"
#: RFC 9110 section 15.1, as ZAP has it: without 308.
CACHEABLE_STATUS = {200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501}


class Seen(NamedTuple):
    """One exchange, as a scanner sees it."""

    lines: Lines
    method: str = "GET"
    status: int = 200
    request: Lines = []  # noqa: RUF012 - never written to
    scheme: str = "https"
    media_type: str = "text/html"
    body: bytes = b"x"

    def texts(self, name: bytes) -> list[str]:
        return [v.decode("latin-1") for k, v in self.lines if k.lower() == name]

    def asked(self, name: bytes) -> list[str]:
        return [v.decode("latin-1") for k, v in self.request if k.lower() == name]


def zap_10015(seen: Seen, threshold: str = "MEDIUM") -> bool:
    """Tell whether "Re-examine Cache-control Directives" is raised (Info)."""
    looks = seen.scheme == "https" and seen.body and seen.method != "POST"
    if not looks or seen.media_type.startswith("image/"):
        return False
    quiet = 300 <= seen.status < 600 or not any(
        part in seen.media_type for part in ("text", "html", "xml", "json")
    )
    quiet = quiet or "javascript" in seen.media_type or "css" in seen.media_type
    if threshold != "LOW" and quiet:
        return False
    said = str(seen.texts(b"cache-control")).lower()
    return any(n not in said for n in ("no-store", "no-cache", "must-revalidate"))


def zap_tokens(values: list[str]) -> list[str]:
    """Split at spaces only, and drop one trailing comma."""
    parts = [part for value in values for part in value.split(" ")]
    return [part.removesuffix(",").lower() for part in parts]


def zap_10049(seen: Seen) -> str:
    """Return which of the three "Content Cacheability" alerts is raised (Info)."""
    if seen.method.upper() not in ("GET", "HEAD", "POST"):
        return NON_STORABLE
    control = zap_tokens(seen.texts(b"cache-control"))
    every = zap_tokens([*seen.asked(b"pragma"), *seen.texts(b"pragma")])
    every += zap_tokens(seen.asked(b"cache-control")) + control
    if "no-store" in every or "private" in control:
        return NON_STORABLE
    shares = {"must-revalidate", "public"} & {*control} or [
        t for t in control if t.startswith("s-maxage=")
    ]
    if seen.asked(b"authorization") and not shares:
        return NON_STORABLE
    ages = [t for t in control if t.startswith(("max-age=", "s-maxage="))]
    says = seen.texts(b"expires") or ages or "public" in control
    if not says and seen.status not in CACHEABLE_STATUS:
        return NON_STORABLE
    if "no-cache" in control:
        return STORABLE
    shared = [int(t[9:]) for t in ages if t.startswith("s-maxage=")]
    private = [int(t[8:].split(",")[0]) for t in ages if t.startswith("max-age=")]
    lifetime = (shared or private or [31536000])[0]  # else it guesses a year
    return CACHEABLE if lifetime > 0 else STORABLE


def burp_cacheable_https(seen: Seen) -> bool:
    """Tell whether "Cacheable HTTPS response" is raised (0x00700100, Info)."""
    control = ",".join(seen.texts(b"cache-control")).lower()
    no_store = "no-store" in [part.strip() for part in control.split(",")]
    pragma = "no-cache" in ",".join(seen.texts(b"pragma")).lower()
    return seen.scheme == "https" and not (no_store and pragma)


def asvs_14_3_2(seen: Seen) -> bool:
    """Tell whether ASVS 5.0 14.3.2 (4.0.3: 8.2.1) holds: no browser stores it.

    WSTG-ATHN-06 asks for the same directive, and calls others unnecessary.
    """
    return "no-store" in zap_tokens(seen.texts(b"cache-control"))


def asvs_14_2_2(seen: Seen) -> bool:
    """Tell whether ASVS 5.0 14.2.2 (4.0.3: 8.1.1) holds: no server stores it."""
    return bool({"no-store", "private"} & {*zap_tokens(seen.texts(b"cache-control"))})


NO_CACHE = Policy(CacheControl(no_cache=True, max_age=0), "NO_CACHE")

#: Policy: ZAP 10015 alerts, ZAP 10049 says, Burp alerts, ASVS 14.3.2, ASVS 14.2.2.
TABLE: list[tuple[Policy, bool, str, bool, bool, bool]] = [
    (NO_STORE, False, NON_STORABLE, False, True, True),
    (NO_STORE_EDGE, False, NON_STORABLE, False, True, True),
    (LEGACY_2014, False, NON_STORABLE, False, True, True),
    (NO_STORE_MINIMAL, True, NON_STORABLE, True, True, True),
    (REVALIDATE, True, NON_STORABLE, True, False, True),
    (PRIVATE(max_age=60), True, NON_STORABLE, True, False, True),
    (NO_CACHE, True, STORABLE, True, False, False),
    (PUBLIC(max_age=60), True, CACHEABLE, True, False, False),
    (PUBLIC(max_age=0, s_maxage=60), True, CACHEABLE, True, False, False),
    (PUBLIC(max_age=0), True, STORABLE, True, False, False),
    (APP_DECIDES, True, CACHEABLE, True, False, False),
]
rows = pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]!r}-{row[2]}")


def seen_under(policy: Policy, **facts: object) -> Seen:
    """Return what leaves of an html page that said nothing of caching."""
    scheme = str(facts.get("scheme", "https"))
    method = str(facts.get("method", "GET"))
    request: Lines = facts.get("request", [])  # type: ignore[assignment]
    message = start([HTML], int(str(facts.get("status", 200))))
    app = NoCacheMiddleware(sending(message), default=policy)
    out = answer(app, http_scope("/", method, scheme=scheme, headers=request))
    return Seen(out["headers"], method, out["status"], request, scheme)


@rows
def test_what_scanners_say_of_each_preset(row: tuple[object, ...]) -> None:
    """The alerts, as they are: a preset that draws one says so here."""
    policy, *said = row
    seen = seen_under(policy)  # type: ignore[arg-type]

    assert said == [
        zap_10015(seen),
        zap_10049(seen),
        burp_cacheable_https(seen),
        asvs_14_3_2(seen),
        asvs_14_2_2(seen),
    ]


@pytest.mark.parametrize("policy", [NO_STORE, NO_STORE_EDGE, LEGACY_2014], ids=repr)
@pytest.mark.parametrize("status", [200, 206, 302, 308, 404, 500])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "OPTIONS"])
@pytest.mark.parametrize("request_line", [(b"te", b"a"), (b"authorization", b"a")])
def test_no_scanner_finds_a_never_store_app(
    policy: Policy, status: int, method: str, request_line: tuple[bytes, bytes]
) -> None:
    """At the lowest threshold, whatever the exchange."""
    facts = {"status": status, "method": method, "request": [request_line]}
    seen = seen_under(policy, **facts)

    assert not zap_10015(seen, "LOW")
    assert zap_10049(seen) == NON_STORABLE
    assert not burp_cacheable_https(seen)


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_an_error_under_a_public_default_draws_nothing(status: int) -> None:
    """A guard sends the full set there."""
    seen = seen_under(PUBLIC(max_age=60), status=status)

    assert not zap_10015(seen, "LOW")
    assert zap_10049(seen) == NON_STORABLE


def test_a_declared_path_draws_its_alert_alone() -> None:
    """The negative twin: what is public is cacheable, and a scanner says so."""
    rules = [Rule("/static/**", PUBLIC(max_age=60))]
    app = NoCacheMiddleware(sending(start([HTML])), rules=rules)
    alerts = [
        zap_10015(Seen(answer(app, http_scope(path))["headers"]))
        for path in ("/static/page", "/page")
    ]
    assert alerts == [True, False]


@pytest.mark.parametrize(
    ("value", "alert"),
    [
        (b"no-store, no-cache", NON_STORABLE),
        (b"no-store,no-cache", CACHEABLE),
        (b"max-age=60,private", CACHEABLE),
        (b"NO-STORE , x", NON_STORABLE),
        (b"public, max-age=0", STORABLE),
    ],
)
def test_why_members_are_joined_by_comma_and_space(value: bytes, alert: str) -> None:
    """ZAP 10049 splits at spaces: without them no-store goes unseen."""
    assert zap_10049(Seen([(b"cache-control", value)])) == alert


@pytest.mark.parametrize(
    ("facts", "alert"),
    [
        ({"scheme": "http"}, False),
        ({"method": "POST"}, False),
        ({"media_type": "image/png"}, False),
        ({"body": b""}, False),
        ({"status": 302}, False),
        ({"media_type": "application/javascript"}, False),
        ({"media_type": "application/json"}, True),
        ({}, True),
    ],
)
def test_where_zap_10015_looks(facts: dict[str, object], alert: bool) -> None:
    """The checks can fail: a bare page draws it, and what it skips does not."""
    seen = Seen([], **facts)  # type: ignore[arg-type]

    assert zap_10015(seen) is alert
    assert zap_10015(Seen([(b"Cache-Control", b"no-store, must-revalidate")]))


def test_two_lines_satisfy_zap_10015_together() -> None:
    """It joins them; one line leaves all the same."""
    lines = [(b"cache-control", b"no-store"), (b"Cache-Control", b"no-cache")]

    assert zap_10015(Seen(lines))
    assert not zap_10015(Seen([*lines, (b"cache-control", b"MUST-revalidate")]))

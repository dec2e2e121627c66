"""What is compared with what, and the budgets: tables only.

A case drives one workload through several contenders. Its ratios are to the added
cost of the hand-written middleware on that same workload.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asgi_nocache import NO_STORE, Rule
from benchmarks.contenders import (
    BARE,
    BASE_HTTP,
    HAND_WRITTEN,
    PEERS,
    Contender,
    app_decides_rule,
    mixed_rules,
    ours,
    prefix_rules,
    relaxing_rule,
)
from benchmarks.rows import Limit
from benchmarks.workloads import (
    BROWSER_REQUEST,
    CHUNKS,
    PAGE_RESPONSE,
    SMALL_REQUEST,
    SMALL_RESPONSE,
    STATIC_RESPONSE,
    Workload,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PUBLIC_TEXT = b"public, max-age=3600"
APP_TEXT = b"public, max-age=60"

OURS_0 = "ours, 0 rules"
OURS_10 = "ours, 10 rules"
OURS_1000 = "ours, 1,000 rules"
OURS_10000 = "ours, 10,000 rules"
RELAXING = "ours, a relaxing rule matches"
DECORATED = "ours, the endpoint is decorated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One workload through several contenders, the bare app and hand-written first."""

    title: str
    workload: Workload
    contenders: Sequence[Contender]
    limits: Mapping[str, Limit] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The added cost of one contender as a multiple of another's.

    In one case, unless *base* names the other's.
    """

    name: str
    case: str
    over: str
    under: str
    limit: Limit
    base: str = ""


SMALL = "small request (4 and 3 fields)"
BIG = "browser request (12 and 8 fields)"
STATIC = "static file"
DISTINCT = "a new path per request"
PREFIX = "one prefix"
PREFIX_DISTINCT = "one prefix, a new path per request"
WEBSOCKET = "websocket, no denial response"
LIFESPAN = "lifespan"
ENCODED = "an encoded path"
ENCODED_DISTINCT = "an encoded path, a new one per request"
HOSTILE = {
    "/../": "../" * 2730,
    "%25, once decoded": "%25" * 2730,
    ";x/..%2f": ";x/..%2f" * 1024,
    "a/": "a/" * 4096,
}
"""What fills 8 KB of a path, and half of it for the growth."""

TWO = "ours, 2 rules"


def hostile(name: str, kilobytes: int) -> str:
    """Return the title of a case of `HOSTILE`."""
    return f"{kilobytes} KB of {name}, a new path per request"


FLAT = Limit(most=1.15)
ONE_COMPARISON = Limit(most=1.75)
"""The hand-written middleware passes lifespan on after one comparison, ours after two:
a websocket is told from it. The rest is noise; both are 0.1 us."""
COMPARISONS = (
    *(
        Comparison(
            name=f"10,000 rules by 10: {case}",
            case=case,
            over=OURS_10000,
            under=OURS_10,
            limit=FLAT,
        )
        for case in (SMALL, DISTINCT, PREFIX, PREFIX_DISTINCT)
    ),
    *(
        Comparison(
            name=f"{hostile(name, 8)} by a plain one",
            case=hostile(name, 8),
            over=TWO,
            under=TWO,
            limit=Limit(most=100),
            base=SMALL,
        )
        for name in HOSTILE
    ),
    *(
        Comparison(
            name=f"{hostile(name, 8)} by 4 KB",
            case=hostile(name, 8),
            over=TWO,
            under=TWO,
            limit=Limit(most=2.5),
            base=hostile(name, 4),
        )
        for name in HOSTILE
    ),
    Comparison(
        name="secure by ours, the same three fields",
        case=SMALL,
        over=PEERS[0].name,
        under=OURS_0,
        limit=Limit(least=4),
    ),
)


def cases() -> list[Case]:
    """Return the cases of the plain table; their rules are built anew."""
    none = ours(OURS_0)
    ten = ours(OURS_10, mixed_rules(10))
    many = ours(OURS_10000, mixed_rules(10_000))
    return [*_requests(none, ten, many), *_paths(none, ten, many), *_others(none)]


def _requests(none: Contender, ten: Contender, many: Contender) -> list[Case]:
    thousand = ours(OURS_1000, mixed_rules(1000))
    validators = (
        (b"if-none-match", b'"5f2a9c"'),
        (b"if-modified-since", b"Sun, 01 Nov 2026 10:00:00 GMT"),
    )
    own_field = ((b"cache-control", APP_TEXT),)
    return [
        Case(
            title=SMALL,
            workload=Workload(),
            contenders=(
                BARE,
                HAND_WRITTEN,
                none,
                _two_rules(),
                ten,
                thousand,
                many,
                *PEERS,
            ),
            limits={OURS_0: Limit(most=1.4), OURS_10000: Limit(most=1.5)},
        ),
        Case(
            title=BIG,
            workload=Workload(request=BROWSER_REQUEST, response=PAGE_RESPONSE),
            contenders=(BARE, HAND_WRITTEN, none, many, PEERS[0]),
            limits={OURS_0: Limit(most=1.8), OURS_10000: Limit(most=1.8)},
        ),
        Case(
            title="conditional request, two preconditions",
            workload=Workload(request=SMALL_REQUEST + validators),
            contenders=(BARE, HAND_WRITTEN, none),
        ),
        Case(
            title="the app sends its own cache-control",
            workload=Workload(response=SMALL_RESPONSE + own_field),
            contenders=(BARE, HAND_WRITTEN, none),
        ),
        _static(),
        _app_decides(own_field),
    ]


def _static() -> Case:
    behind = "ours, it stands behind 10,000 others"
    rule = relaxing_rule()
    return Case(
        title=STATIC,
        workload=Workload(path="/static/app.css", response=STATIC_RESPONSE),
        contenders=(
            BARE,
            HAND_WRITTEN,
            ours(RELAXING, [rule], PUBLIC_TEXT),
            ours(behind, [*mixed_rules(10_000), rule], PUBLIC_TEXT),
        ),
        limits={RELAXING: Limit(most=2.2), behind: Limit(most=2.2)},
    )


def _app_decides(own_field: tuple[tuple[bytes, bytes], ...]) -> Case:
    rule = app_decides_rule()
    return Case(
        title="static file, APP_DECIDES",
        workload=Workload(path="/static/app.css", response=STATIC_RESPONSE + own_field),
        contenders=(
            BARE,
            HAND_WRITTEN,
            ours("ours, APP_DECIDES matches", [rule], APP_TEXT),
        ),
    )


def _two_rules() -> Contender:
    """Return ours where readings of a path can differ."""
    return ours(TWO, [relaxing_rule(), Rule("/account/**", NO_STORE)])


def _paths(none: Contender, ten: Contender, many: Contender) -> list[Case]:
    prefix = (
        BARE,
        HAND_WRITTEN,
        ours(OURS_10, prefix_rules(10)),
        ours(OURS_10000, prefix_rules(10_000)),
    )
    path = "/api/v1/things/7/other"
    two = (BARE, HAND_WRITTEN, _two_rules())
    return [
        Case(
            title=ENCODED,
            workload=Workload(path="/wiki/München"),
            contenders=two,
            limits={TWO: Limit(most=6)},
        ),
        Case(
            title=ENCODED_DISTINCT,
            workload=Workload(path="/wiki/München", distinct=True),
            contenders=two,
        ),
        *(
            Case(
                title=hostile(name, size),
                workload=Workload(
                    path="/" + text[: len(text) * size // 8], distinct=True
                ),
                contenders=two,
            )
            for name, text in HOSTILE.items()
            for size in (4, 8)
        ),
        Case(
            title=DISTINCT,
            workload=Workload(distinct=True),
            contenders=(BARE, HAND_WRITTEN, none, ten, many),
        ),
        Case(
            title=PREFIX,
            workload=Workload(path=path),
            contenders=prefix,
            limits={OURS_10000: Limit(most=1.5)},
        ),
        Case(
            title=PREFIX_DISTINCT,
            workload=Workload(path=path, distinct=True),
            contenders=prefix,
        ),
    ]


def _others(none: Contender) -> list[Case]:
    denial = ("websocket.http.response",)
    return [
        Case(
            title=f"one of {CHUNKS:,} body chunks",
            workload=Workload(chunks=CHUNKS),
            contenders=(BARE, HAND_WRITTEN, none, *PEERS),
        ),
        Case(
            title="small request on an event loop",
            workload=Workload(on_loop=True),
            contenders=(BARE, HAND_WRITTEN, none, BASE_HTTP),
        ),
        Case(
            title=f"one of {CHUNKS:,} body chunks on an event loop",
            workload=Workload(chunks=CHUNKS, on_loop=True),
            contenders=(BARE, HAND_WRITTEN, none, BASE_HTTP),
        ),
        Case(
            title=WEBSOCKET,
            workload=Workload(kind="websocket"),
            contenders=(BARE, HAND_WRITTEN, none),
        ),
        Case(
            title="websocket, denial response",
            workload=Workload(kind="websocket", extensions=denial),
            contenders=(BARE, HAND_WRITTEN, none),
        ),
        Case(
            title=LIFESPAN,
            workload=Workload(kind="lifespan"),
            contenders=(BARE, HAND_WRITTEN, none),
            limits={OURS_0: ONE_COMPARISON},
        ),
    ]


def decorator_cases() -> list[Case]:
    """Return the cases with a decorator in use: for a process of their own.

    The first `nocache` of a process makes every request carry a box, so the plain
    cases must not share a process with these.
    """
    from benchmarks.decorated import calling_marked, calling_plain

    none = ours(OURS_0)
    many = ours(OURS_10000, mixed_rules(10_000))
    return [
        Case(
            title="decorator in use: small request",
            workload=Workload(),
            contenders=(BARE, HAND_WRITTEN, none, many),
        ),
        Case(
            title="decorator in use: static file",
            workload=Workload(path="/static/app.css", response=STATIC_RESPONSE),
            contenders=(
                BARE,
                HAND_WRITTEN,
                ours(RELAXING, [relaxing_rule()], PUBLIC_TEXT),
            ),
        ),
        Case(
            title="decorator on the endpoint: small request",
            workload=Workload(),
            contenders=(
                calling_plain(BARE),
                calling_plain(HAND_WRITTEN),
                calling_marked(ours(DECORATED)),
            ),
        ),
    ]

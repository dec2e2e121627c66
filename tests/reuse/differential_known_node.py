"""How the npm package http-cache-semantics reads a case differently: one row each.

What a row means is said in ``differential_known``; the table goes on here because it
is long.
"""

from __future__ import annotations

import re
from dataclasses import replace

from differential_cases import Case
from differential_readings import (
    LOUD,
    Row,
    asked_leniently,
    foreign_date,
    forwarded,
    last_of_several,
    lenient_lifetimes,
    lenient_number,
    lifted,
    not_stored,
    over,
    repeats,
    rewritten,
    says,
    seconds,
    shifted,
    validated,
)

#: Of these it stores the responses, of no others.
_STATUSES = {200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501}


def _is_located(case: Case) -> bool:
    return case.side is not None and case.side[0] == "content-location"


def _unanswered(case: Case) -> Case:
    """Stored, and forwarded, though a HEAD may validate a response to any method."""
    return validated(case) if case.then == "HEAD" else forwarded(case)


NODE = [
    Row(
        "statuses that it does not understand", "both", "RFC 9111 3",
        "To store is optional, so a cache may keep to the statuses that it knows.",
        lambda case, _: case.status not in _STATUSES,
        not_stored,
    ),
    Row(
        "POST is stored without Content-Location", "ours", "RFC 9110 9.3.3",
        "A response to POST is cacheable only with its own target named there.",
        lambda case, _: case.first == "POST" != case.then and not _is_located(case),
        _unanswered,
    ),
    Row(
        "POST answers neither GET nor HEAD", "both", "RFC 9110 9.3.3",
        "A stored response to POST can answer a later GET or HEAD, and need not.",
        lambda case, _: case.first == "POST" != case.then and _is_located(case),
        _unanswered,
    ),
    Row(
        "POST answers POST", "ours", "RFC 9110 9.3.3",
        "A POST is never answered from a cache: it may change something.",
        lambda case, _: case.first == case.then == "POST",
        lambda case: replace(case, first="GET", then="GET"),
    ),
    Row(
        "HEAD is validated", "both", "RFC 9110 9.3.1",
        "A stored response to GET may be used for HEAD, and need not.",
        lambda case, _: (case.first, case.then) == ("GET", "HEAD"),
        validated,
    ),
    Row(
        "HEAD is validated with strong tags only", "both", "RFC 9111 4.3.1",
        "It may ask the origin without a condition; a weak tag would do, too.",
        lambda case, _: case.first == "HEAD" and not (case.etag or "W").startswith('"'),
        lambda case: replace(case, etag=None, modified=None),
    ),
    Row(
        "the clocks are not compared", "ours", "RFC 9111 4.2.3",
        "An age that Date shows counts even without Age.",
        lambda case, _: (seconds(case.date) or 0) < 0,
        shifted,
    ),
    Row(
        "an odd Age is read", "ours", "RFC 9111 5.1",
        "A value that is no number of seconds ought to be ignored.",
        lambda case, _: not re.fullmatch("[0-9]+", case.age or "0"),
        lambda case: replace(
            case,
            age=str(max(0, int(lenient_number(case.age)))),
            elapsed=case.elapsed + min(0, int(lenient_number(case.age))),
        ),
    ),
    Row(
        "letter case counts", "ours", "RFC 9111 5.2",
        "Directives are compared without regard to case.",
        lambda case, _: any(
            re.search(LOUD, text) for text in (case.control, case.asked) if text
        ),
        lambda case: replace(
            case,
            control=re.sub(LOUD, "x", case.control or ""),
            asked=re.sub(LOUD, "x", case.asked or "") or None,
        ),
    ),
    Row(
        "the last of several", "ours", "RFC 9111 4.2.1",
        "Of several either the first counts, or the response is stale.",
        repeats,
        last_of_several,
    ),
    Row(
        "a lifetime is read to the last digit", "ours", "RFC 9111 4.2.1",
        "A response with invalid freshness information is better taken as stale.",
        says(r"(max-age|s-maxage|revalidate) ?(=(?![0-9]+([,|]|$))|[,|]|$)"),
        lenient_lifetimes,
    ),
    Row(
        "qualified is unqualified", "both", "RFC 9111 5.2.2.4",
        "Many caches take the qualified form for the other, which is safe.",
        says('(private|no-cache)=("?x|")'),
        rewritten('(private|no-cache)="?x[^=]*?(?=, max)', r"\1"),
    ),
    Row(
        "an empty list of fields restricts to nothing", "ours", "RFC 9111 5.2.2.4",
        "The qualified form lists one or more field names; without it is unqualified.",
        says('(private|no-cache)=(""|,)'),
        rewritten('(private|no-cache)=(""|(?=,))', "x"),
    ),
    Row(
        "quotes do not hold commas", "both", "RFC 9111 5.2",
        "An open quote is malformed, and what a cache makes of it is not defined.",
        says('^[^"]*"[^"]*$'),
        rewritten('x?[a-z]+="[^,]*', "x"),
    ),
    Row(
        "an Expires in another zone or form", "ours", "RFC 9111 5.3",
        "An invalid date is in the past, and no zone but GMT is valid.",
        lambda case, _: foreign_date(case) != case,
        foreign_date,
    ),
    Row(
        "no upper bound", "both", "RFC 9111 1.2.2",
        "A greater number than fits may be taken for 2**31, or as it is.",
        says("99999999999"),
        lambda case: replace(case, elapsed=case.elapsed - 99_999_999_999 + 2**31),
    ),
    Row(
        "stale beside no-cache", "ours", "RFC 9111 4.2.4",
        "Neither max-stale nor stale-while-revalidate undoes no-cache.",
        over("no-cache"),
        lifted("no-cache", zero=True),
    ),
    Row(
        "stale beside proxy-revalidate", "ours", "RFC 9111 5.2.2.8",
        "A shared cache must not serve it stale, whoever allows it.",
        over("proxy-revalidate", only_shared=True),
        lifted("proxy-revalidate", zero=True),
    ),
    Row(
        "stale beside s-maxage", "ours", "RFC 9111 5.2.2.10",
        "For a shared cache s-maxage means proxy-revalidate, too.",
        over("s-maxage", only_shared=True),
        lifted("s-maxage", zero=False),
    ),
    Row(
        "kept beyond must-revalidate", "both", "RFC 9111 5.2.2.2",
        "How long a copy is kept is free; to ask for it finds it stale.",
        over("must-revalidate"),
        lifted("must-revalidate", zero=False),
    ),
    Row(
        "kept for stale-if-error", "both", "RFC 5861 4",
        "How long a copy is kept is free; it is served only if the origin fails.",
        says("stale-if-error"),
        rewritten("stale-if-error", "stale-while-revalidate"),
    ),
    Row(
        "stale for who names an age", "both", "RFC 9111 5.2.1.1",
        "A client that names an age wants nothing stale; that is advice.",
        lambda case, _: "stale-" in f"{case.control}" and "max-age=" in f"{case.asked}",
        lambda case: replace(case, asked=re.sub("max-age=", "x=", case.asked or "")),
    ),
    Row(
        "the last second of max-stale", "ours", "RFC 9111 5.2.1.2",
        "Stale by no more than that number of seconds: the last one counts.",
        lambda case, _: "max-stale=" in f"{case.asked}",
        lambda case: replace(case, elapsed=case.elapsed + 1),
    ),
    Row(
        "the last second of stale-while-revalidate", "ours", "RFC 5861 3",
        "Up to the indicated number of seconds: the last one counts.",
        says("stale-while-revalidate="),
        lambda case: replace(case, elapsed=case.elapsed + 1),
    ),
    Row(
        "odd request directives", "both", "RFC 9111 5.2.1",
        "They are advice: what is malformed may be taken for the strictest.",
        lambda case, _: asked_leniently(case) != case,
        asked_leniently,
    ),
    Row(
        "must-revalidate asks each time", "both", "RFC 9111 5.2.2.2",
        "Only once stale it must; to ask earlier is allowed.",
        says("must-revalidate"),
        lambda case: replace(case, asked="no-cache"),
    ),
    Row(
        "proxy-revalidate asks each time", "both", "RFC 9111 5.2.2.8",
        "Only once stale it must; to ask earlier is allowed.",
        lambda case, shared: shared and "proxy-revalidate" in (case.control or ""),
        lambda case: replace(case, asked="no-cache"),
    ),
    Row(
        "Set-Cookie needs public", "both", "RFC 9111 7.3",
        "Set-Cookie does not inhibit caching; to be careful is allowed.",
        lambda case, shared: shared and (case.side or "x")[0] == "set-cookie",
        lifted("", zero=True),
    ),
    Row(
        "must-understand is unknown", "both", "RFC 9111 5.2.2.3",
        "Only a cache that implements it ignores the no-store beside it.",
        says("must-understand"),
        rewritten("must-understand", "x"),
    ),
    Row(
        "targeted field is unknown", "both", "RFC 9213 2.1",
        "Which targeted fields a cache uses, if any, is its own matter.",
        lambda case, shared: shared and (case.side or "x")[0] == "cdn-cache-control",
        lambda case: replace(case, side=None),
    ),
    Row(
        "Pragma in a response", "both", "RFC 9111 5.4",
        "Its meaning there was never specified.",
        lambda case, _: case.side == ("pragma", "no-cache") and case.control is None,
        lambda case: replace(case, control="no-cache"),
    ),
    Row(
        "Pragma beside Cache-Control", "both", "RFC 9111 5.4",
        "Pragma is deprecated: to read it is a choice.",
        lambda case, _: "no-cache" in (case.pragma or "") and case.asked is not None,
        lambda case: replace(case, asked="no-cache"),
    ),
    Row(
        "letter case of Pragma", "both", "RFC 9111 5.4",
        "Pragma is deprecated: to read it is a choice.",
        lambda case, _: case.pragma is not None and "no-cache" not in case.pragma,
        lambda case: replace(case, pragma=None),
    ),
    Row(
        "only-if-cached is unknown", "both", "RFC 9111 5.2.1",
        "A cache may implement request directives, and is not required to.",
        lambda case, _: "only-if-cached" in (case.asked or ""),
        lambda case: replace(
            case, asked=(case.asked or "").replace("only-if-cached", "x")
        ),
    ),
    Row(
        "immutable is fresh for long", "ours", "RFC 8246 2",
        "It speaks of the freshness lifetime that a response has, and gives none.",
        lambda case, shared: "immutable" in (case.control or ""),
        lambda case: replace(case, control="max-age=86400000"),
    ),
    Row(
        "private is no reason to store", "both", "RFC 9111 3",
        "A private cache may store what is marked private, and need not.",
        lambda case, shared: not shared and case.status in (302, 303, 307),
        not_stored,
    ),
]  # fmt: skip

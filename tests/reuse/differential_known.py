"""How hishel reads a case differently, and who is right: one row each.

A row holds for one other cache. ``applies`` names the cases that it reads in its own
way, ``reads`` rewrites such a case into one that a reader of the RFC would take as
the other one takes this; rows may be combined. ``right`` says who follows the RFC:
``"ours"``, ``"theirs"``, or ``"both"`` where it leaves a choice. Nothing is compared
here, and the rows of the npm package stand in ``differential_known_node``.
"""

from __future__ import annotations

from dataclasses import replace

from differential_known_node import NODE
from differential_readings import (
    INVALID,
    Row,
    forwarded,
    heuristic_of_now,
    is_heuristic,
    last_of_several,
    loose,
    not_stored,
    repeats,
    rewritten,
    says,
    seconds,
    unanchored,
    validated,
)

HISHEL = [
    Row(
        "Age is not read", "ours", "RFC 9111 4.2.3",
        "Age from a cache further up is a part of the current age.",
        lambda case, _: case.age is not None,
        lambda case: replace(case, age=None),
    ),
    Row(
        "no Date, no age", "ours", "RFC 9110 6.6.1",
        "A recipient with a clock records when a response without Date arrived.",
        lambda case, _: unanchored(case),
        lambda case: replace(case, elapsed=0),
    ),
    Row(
        "Date ahead makes younger", "ours", "RFC 9111 4.2.3",
        "The age that the clocks show is never negative, and time here is added.",
        lambda case, _: (seconds(case.date) or 0) > 0,
        lambda case: replace(case, elapsed=case.elapsed - (seconds(case.date) or 0)),
    ),
    Row(
        "heuristic of this moment", "both", "RFC 9111 4.2.2",
        "How a heuristic counts is free; this one counts up to now, not to Date.",
        lambda case, shared: is_heuristic(case, shared) and case.modified is not None,
        heuristic_of_now,
    ),
    Row(
        "request directives but no-cache", "both", "RFC 9111 5.2.1",
        "A cache may implement request directives, and is not required to.",
        lambda case, _: case.asked not in (None, "no-cache", "No-Cache"),
        lambda case: replace(case, asked=None, pragma=None),
    ),
    Row(
        "no-store of the request", "both", "RFC 9111 5.2.1",
        "A cache may implement request directives, and is not required to.",
        lambda case, _: case.first_asked == "no-store",
        lambda case: replace(case, first_asked=None),
    ),
    Row(
        "Pragma of the request", "both", "RFC 9111 5.4",
        "Pragma is deprecated: to read it is a choice.",
        lambda case, _: case.pragma is not None,
        lambda case: replace(case, pragma=None),
    ),
    Row(
        "ranges go to the origin", "both", "RFC 9111 3.3",
        "A cache need not answer a request for a range from a whole response.",
        lambda case, _: case.ranged is not None,
        forwarded,
    ),
    Row(
        "206 is not stored", "both", "RFC 9111 3.3",
        "A cache need not store a part.",
        lambda case, _: case.status == 206,
        not_stored,
    ),
    Row(
        "POST is not stored", "both", "RFC 9111 3",
        "To store is optional; POST is off unless switched on.",
        lambda case, _: case.first == "POST",
        not_stored,
    ),
    Row(
        "HEAD is not answered by GET", "both", "RFC 9110 9.3.1",
        "A stored response to GET may be used for HEAD, and need not.",
        lambda case, _: (case.first, case.then) == ("GET", "HEAD"),
        forwarded,
    ),
    Row(
        "validates another variant", "both", "RFC 9111 4.1",
        "Where Vary does not match, a request may be forwarded with preconditions.",
        lambda case, _: case.vary is not None and case.then == case.first,
        validated,
    ),
    Row(
        "must-understand is unknown", "both", "RFC 9111 5.2.2.3",
        "Only a cache that implements it ignores the no-store beside it.",
        says("must-understand"),
        rewritten("must-understand", "x"),
    ),
    Row(
        "stale-while-revalidate is unknown", "both", "RFC 5861 3",
        "A cache may serve stale responses in that window, and need not.",
        says("stale-while-revalidate"),
        rewritten("stale-while-revalidate", "x"),
    ),
    Row(
        "targeted field is unknown", "both", "RFC 9213 2.1",
        "Which targeted fields a cache uses, if any, is its own matter.",
        lambda case, shared: shared and (case.side or "x")[0] == "cdn-cache-control",
        lambda case: replace(case, side=None),
    ),
    Row(
        "an Expires read loosely", "ours", "RFC 9111 5.3",
        "An invalid date is in the past, and no zone but GMT is valid.",
        lambda case, _: loose(case.expires) != case.expires,
        lambda case: replace(case, expires=loose(case.expires)),
    ),
    Row(
        "directives parted by ; or space", "both", "RFC 9111 5.2",
        "It is malformed, and what a cache makes of it is not defined.",
        says("[a-z0-9][; ][a-z]"),
        rewritten("(?<=[a-z0-9])[; ](?=[a-z])", ", "),
    ),
    Row(
        "white space around =", "both", "RFC 9111 4.2.1",
        "To take a malformed lifetime for a stale one is encouraged, not required.",
        says(" ?= "),
        rewritten(" ?= ", "="),
    ),
    Row(
        "a plus sign", "both", "RFC 9111 4.2.1",
        "To take a malformed lifetime for a stale one is encouraged, not required.",
        says(r"=\+"),
        rewritten(r"=\+", "="),
    ),
    Row(
        "an invalid lifetime is none", "ours", "RFC 9111 4.2.1",
        "A response with invalid freshness information is better taken as stale.",
        says(INVALID),
        rewritten(INVALID, "x"),
    ),
    Row(
        "the last of several", "ours", "RFC 9111 4.2.1",
        "Of several either the first counts, or the response is stale.",
        repeats,
        last_of_several,
    ),
    Row(
        "a flag with an argument is unknown", "ours", "RFC 9111 5.2",
        "A directive is identified by its name; what follows does not undo it.",
        says("(no-store|public|must-revalidate)="),
        rewritten("(no-store|public|must-revalidate)=", "x="),
    ),
    Row(
        "an empty list of fields restricts to nothing", "ours", "RFC 9111 5.2.2.4",
        "The qualified form lists one or more field names; without it is unqualified.",
        says('(private|no-cache)=(""|,)'),
        rewritten('(private|no-cache)=(""|(?=,))', "x"),
    ),
    Row(
        "an open quote hides nothing", "both", "RFC 9111 5.2",
        "It is malformed, and what a cache makes of it is not defined.",
        says('^[^"]*"[^"]*$'),
        rewritten('x?[a-z]+="', ""),
    ),
]  # fmt: skip

#: The rows of each other cache, by its name.
KNOWN = {"hishel": HISHEL, "http-cache-semantics": NODE}

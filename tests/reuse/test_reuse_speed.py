"""What a call costs: linear in the length of what a stranger sends.

Each text is as long as a server lets it be, and made for the parser that reads it.
Eight times as much takes eight times as long, and 64 times if anything is quadratic;
what is compared is a ratio of CPU times of one process, with room for noise.
"""

import time
from collections.abc import Iterable

import pytest
from reuse_driver import Case, case, spec, worst

LIMIT = 32

HOSTILE = {
    "commas": ("", ",", ""),
    "spaces": ("a", " ", "b"),
    "quotes": ("", '"', ""),
    "backslashes": ('"', "\\", ""),
    "escaped quotes": ('"', '\\"', ""),
    "quoted commas": ('a="', '",a="', ""),
    "digits": ("max-age=", "9", ""),
    "zeros": ("max-age=", "0", "x"),
    "members": ("", "max-age=1,", ""),
    "names": ("", "max-age", ""),
    "spaced names": ("", "max-age   ", ""),
    "windows": ("", "stale-while-revalidate", ""),
    "parameters": ("a", ";b=c", "="),
    "inner list": ("a=(", "b;c ", ""),
    "inner spaces": ("a=(b", " ", ""),
    "inner lists": ("", "a=(b),", ""),
    "keys": ("a", "a", "A"),
    "strings": ('a="', "\\\\", ""),
    "date": ("Sun, ", "01 ", "GMT"),
    "dates": ("", "Sun, 06 Nov 1994 08:49:37 GMT, ", ""),
    "dots": ("/", "../", "a"),
    "slashes": ("http://", "/", ""),
    "escapes": ("/", "%2", ""),
    "names of fields": ("", "x,", "y"),
    "ranges": ("bytes=", "1-", ""),
}
NAMES = [
    *("Cache-Control", "CDN-Cache-Control", "Surrogate-Control", "X-Accel-Expires"),
    *("Expires", "Date", "Last-Modified", "Age", "Vary", "Content-Location", "ETag"),
]


def hostile(text: tuple[str, str, str], size: int) -> list[Case]:
    first, again, last = text
    value = first + again * (size // len(again)) + last
    asks = (value, f"Host: {value}", f"X: {value}", f"Range: {value}", f"Y: {value}")
    response = [f"{name}: {value}" for name in NAMES]
    return [
        case(*response, "Vary: X", sent=asks, asks=asks, status=206),
        case(*response, method="POST", target="/" + value, sent=asks, asks=asks),
        case("Vary: " + "x,X," * (size // 4), sent=asks, asks=asks, cache="private"),
    ]


def cost(cases: Iterable[Case]) -> int:
    """The least of three, so that what else the machine does matters little."""
    found = []
    for _ in range(3):
        start = time.process_time_ns()
        for one in cases:
            spec(one)
            worst(one)
        found.append(time.process_time_ns() - start)
    return max(1, min(found))


@pytest.mark.parametrize("kind", HOSTILE)
def test_linear(kind: str) -> None:
    little, much = (cost(hostile(HOSTILE[kind], size)) for size in (5_000, 40_000))

    assert much < LIMIT * little


def test_many_fields() -> None:
    """As many lines as names in Vary: each is looked at once."""

    def many(count: int) -> list[Case]:
        texts = [f"x-{number}: a" for number in range(count)]
        vary = ",".join(text.partition(":")[0] for text in texts)
        return [case(f"Vary: {vary}", sent=tuple(texts), asks=tuple(texts))]

    assert cost(many(8000)) < LIMIT * cost(many(1000))

"""Sent: what the app itself said about caching, read strictly."""

import time

import pytest

from asgi_nocache import PRIVATE, PUBLIC, REVALIDATE, Policy, ResponseFacts
from asgi_nocache._core.directives import DELTA_MAX
from asgi_nocache._core.policy import NO_STORE
from asgi_nocache._core.sent import Sent, read_sent

DATE = (b"Date", b"Sun, 06 Nov 1994 08:49:37 GMT")
AN_HOUR_ON = b"Sun, 06 Nov 1994 09:49:37 GMT"
EPOCH_OF_DATE = 784111777


def sent(
    *lines: tuple[bytes, bytes], policy: Policy = NO_STORE, now: float | None = None
) -> Sent:
    return read_sent(ResponseFacts(fields=lines), policy.cache_control, now)


def text(*lines: tuple[bytes, bytes], now: float | None = None) -> str:
    return str(sent(*lines, now=now).cache_control)


def test_nothing_sent() -> None:
    """Other fields say nothing about caching."""
    assert not sent((b"etag", b'"1"'), (b"vary", b"*")).says_anything
    assert text((b"etag", b'"1"')) == ""


def test_all_lines_count() -> None:
    """In any letter case (RFC 9110 sections 5.1 and 5.3)."""
    lines = (b"Cache-Control", b"public"), (b"CACHE-CONTROL", b"max-age=5")

    assert text(*lines) == "public, max-age=5"
    assert sent(*lines).lines == tuple((k.lower(), v) for k, v in lines)


@pytest.mark.parametrize("value", [b"no-cache", b"No-Cache", b"x, no-cache"])
def test_pragma_counts_as_no_cache(value: bytes) -> None:
    """Some browsers obey it in responses (RFC 9111 section 5.4 leaves it open)."""
    lines = (b"pragma", value), (b"cache-control", b"public, max-age=60")

    assert text(*lines) == "no-cache, max-age=0"


@pytest.mark.parametrize("value", [b"", b"public", b"cache"])
def test_any_other_pragma_says_nothing(value: bytes) -> None:
    """The negative twin: but it is a field of the group."""
    assert text((b"pragma", value)) == ""
    assert sent((b"pragma", value)).says_anything


# Expires


def test_expires_after_date() -> None:
    """RFC 9111 section 4.2.1: Expires minus Date."""
    assert text(DATE, (b"expires", AN_HOUR_ON)) == "max-age=3600"


@pytest.mark.parametrize(("now", "age"), [(EPOCH_OF_DATE, 3600), (2e9, 0), (None, 0)])
def test_expires_without_date(now: float | None, age: int) -> None:
    """The time of receipt stands in for Date; unknown, it is in the past."""
    assert text((b"expires", AN_HOUR_ON), now=now) == f"max-age={age}"


@pytest.mark.parametrize(
    "value",
    [b"0", b"-1", b"", b"now", b"\xff", b"Sun, 99 Nov 1994 08:49:37 GMT", b"9" * 999,
     b"Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
     b"Thu, 01 Jan 1970 00:00:00 GMT"],
)  # fmt: skip
def test_an_invalid_expires_is_in_the_past(value: bytes) -> None:
    """RFC 9111 section 5.3, "especially including the value 0"."""
    assert text(DATE, (b"expires", value)) == "max-age=0"


def test_an_invalid_date_makes_expires_the_past() -> None:
    """What cannot be compared is read strictly."""
    assert text((b"date", b"today"), (b"expires", AN_HOUR_ON)) == "max-age=0"


@pytest.mark.parametrize("first", [True, False])
def test_the_earliest_of_several_expires(first: bool) -> None:
    """RFC 9111 section 4.2.1: the most restrictive of duplicates."""
    lines = [(b"expires", AN_HOUR_ON), (b"expires", b"0")]

    assert text(DATE, *(lines if first else lines[::-1])) == "max-age=0"


def test_a_far_expires_is_cut() -> None:
    """RFC 9111 section 1.2.2."""
    far = b"Fri, 31 Dec 9999 23:59:59 GMT"

    assert text(DATE, (b"expires", far)) == f"max-age={DELTA_MAX}"


@pytest.mark.parametrize("control", [b"public, max-age=5", b"no-store"])
def test_expires_beside_what_overrides_it(control: bytes) -> None:
    """RFC 9111 section 5.3: max-age wins over Expires."""
    lines = (b"cache-control", control), DATE, (b"expires", AN_HOUR_ON)

    assert text(*lines) == control.decode()


def test_expires_beside_what_does_not() -> None:
    """The negative twin."""
    lines = (b"cache-control", b"public"), DATE, (b"expires", AN_HOUR_ON)

    assert text(*lines) == "public, max-age=3600"


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "UTC"])
@pytest.mark.parametrize(
    "value",
    [AN_HOUR_ON, b"Sunday, 06-Nov-94 09:49:37 GMT", b"Sun Nov  6 09:49:37 1994"],
)
def test_dates_are_in_utc(
    value: bytes, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 9110 section 5.6.7: three formats, none in the server's own zone."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        found = text(DATE, (b"expires", value))
    time.tzset()

    assert found == "max-age=3600"


# Side fields


@pytest.mark.parametrize(
    "name",
    [b"CDN-Cache-Control", b"Vercel-CDN-Cache-Control", b"Surrogate-Control",
     b"X-Accel-Expires", b"Edge-Control"],
)  # fmt: skip
def test_a_side_field_is_of_the_group(name: bytes) -> None:
    """RFC 9213, and the vendors' own."""
    found = sent((name, b"60"))

    assert found.side_fields == [name.lower()]
    assert found.says_anything
    assert not found.cache_control


def test_no_vary_search_sets_no_caching() -> None:
    """The negative twin: it outranks nothing, it only widens a match."""
    found = sent((b"No-Vary-Search", b"params"))

    assert found.side_fields == [b"no-vary-search"]
    assert not found.says_anything


# Flask's send_file


@pytest.mark.parametrize("policy", [PUBLIC(60), PRIVATE(60)], ids=str)
def test_send_file_s_default_counts_as_nothing(policy: Policy) -> None:
    """Flask sends exactly ``no-cache`` with every file, whatever was declared."""
    found = sent((b"Cache-Control", b"no-cache"), policy=policy)

    assert not found.says_anything
    assert not found.cache_control


@pytest.mark.parametrize(
    ("values", "policy"),
    [
        ([b"no-cache"], NO_STORE),
        ([b"no-cache"], REVALIDATE),
        ([b"no-cache"], Policy(None)),
        ([b"no-cache, max-age=0"], PUBLIC(60)),
        ([b"No-Cache"], PUBLIC(60)),
        ([b"no-cache", b"no-cache"], PUBLIC(60)),
    ],
)
def test_any_other_no_cache_counts(values: list[bytes], policy: Policy) -> None:
    """The negative twin: someone wrote it."""
    found = sent(*((b"cache-control", v) for v in values), policy=policy)

    assert found.cache_control.no_cache


def test_send_file_with_expires() -> None:
    """Only the one line counts as nothing."""
    lines = (b"cache-control", b"no-cache"), DATE, (b"expires", AN_HOUR_ON)

    assert str(sent(*lines, policy=PUBLIC(60)).cache_control) == "max-age=3600"

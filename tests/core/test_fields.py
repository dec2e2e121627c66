"""Raw field lists: letter case is ignored, bytes and order are kept."""

import pytest

from asgi_nocache._core import fields as f

LINES = [(b"ETag", b'"1"'), (b"CACHE-control", b"a"), (b"cache-control", b"b")]


@pytest.mark.parametrize(
    "given",
    [
        [(b"a", b"1"), (b"b", b"2")],
        ((b"a", b"1"), (b"b", b"2")),
        [[b"a", b"1"], [b"b", b"2"]],
        iter([(b"a", b"1"), (b"b", b"2")]),
        [(bytearray(b"a"), memoryview(b"1")), (b"b", bytearray(b"2"))],
    ],
    ids=["tuples", "tuple", "list pairs", "one-shot", "other byte strings"],
)
def test_normalise_takes_any_iterable_of_pairs(given: object) -> None:
    """ASGI: headers are an iterable of two-item iterables of byte strings."""
    lines = f.normalise(given)  # type: ignore[arg-type]

    assert lines == [(b"a", b"1"), (b"b", b"2")]
    assert {type(part) for line in lines for part in line} == {bytes}


def test_normalise_makes_a_new_list() -> None:
    """The app's list is never handed on."""
    given = [(b"a", b"1")]

    assert f.normalise(given) is not given


def test_values_in_order_in_any_letter_case() -> None:
    """Field names are case-insensitive (RFC 9110 section 5.1)."""
    assert f.values(LINES, b"cache-control") == [b"a", b"b"]


def test_values_of_an_absent_field() -> None:
    """The negative twin: no line, no value."""
    assert f.values(LINES, b"expires") == []


@pytest.mark.parametrize(("name", "there"), [(b"etag", True), (b"eta", False)])
def test_has(name: bytes, there: bool) -> None:
    """Presence is a matter of the whole name."""
    assert f.has(LINES, name) is there


def test_without_drops_every_line_of_a_name() -> None:
    """In any number and letter case; the rest keeps its bytes."""
    assert f.without(LINES, {b"cache-control"}) == [(b"ETag", b'"1"')]


def test_without_leaves_its_input() -> None:
    """Every function returns something new."""
    given = list(LINES)
    f.without(given, {b"etag"})

    assert given == LINES


@pytest.mark.parametrize(
    ("lines", "members"),
    [
        ([b"Accept, Cookie"], ["Accept", "Cookie"]),
        ([b"Accept", b"Cookie"], ["Accept", "Cookie"]),
        ([b" ,Accept,, "], ["Accept"]),
        ([b""], []),
        ([], []),
    ],
)
def test_list_members(lines: list[bytes], members: list[str]) -> None:
    """Several lines are one list, empty members count for nothing (9110 5.6.1)."""
    assert f.list_members(lines) == members


@pytest.mark.parametrize("text", ["a", "no-store", "X_1", "!#$%&'*+-.^_`|~"])
def test_a_token(text: str) -> None:
    """RFC 9110 section 5.6.2."""
    assert f.is_token(text)


@pytest.mark.parametrize("text", ["", "a b", "a=b", 'a"', "a,b", "é", "²", "a\n"])
def test_not_a_token(text: str) -> None:
    """The negative twin: separators, controls and what is not ASCII."""
    assert not f.is_token(text)


@pytest.mark.parametrize("text", ["a", "max-age=0, b", "a\tb", "~"])
def test_a_field_value(text: str) -> None:
    """RFC 9110 section 5.5: visible ASCII, with blanks inside."""
    assert f.is_field_value(text)


@pytest.mark.parametrize("text", ["", " a", "a ", "a\r\nb: c", "a\0", "é", "\x7f"])
def test_not_a_field_value(text: str) -> None:
    """The negative twin: nothing with which a response could be split."""
    assert not f.is_field_value(text)

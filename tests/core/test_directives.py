"""Reading Cache-Control: it never raises, and keeps what was odd as anomalies."""

import re
import time

import pytest

from asgi_nocache import CacheControl
from asgi_nocache._core.directives import DELTA_MAX, DIRECTIVES, Effect, Reading
from asgi_nocache._core.directives import is_extension as sendable

#: RFC 9111 section 5.2.2, RFC 5861 and RFC 8246, as (name, takes an argument).
FLAGS = (
    "no-store public private no-cache must-revalidate proxy-revalidate immutable "
    "must-understand no-transform"
).split()
DELTAS = "max-age s-maxage stale-while-revalidate stale-if-error".split()


def read(text: str | bytes) -> CacheControl:
    return CacheControl.parse(text)


def test_the_table_holds_the_directives_of_the_rfcs() -> None:
    """RFC 9111 section 5.2.2, RFC 5861, RFC 8246: all of them and no other."""
    known = {name: row.takes_delta for name, row in DIRECTIVES.items()}

    assert known == dict.fromkeys(FLAGS, False) | dict.fromkeys(DELTAS, True)


@pytest.mark.parametrize("name", DIRECTIVES)
def test_each_row_names_its_source(name: str) -> None:
    """A reference is an RFC with a section, or a whole short one."""
    row = DIRECTIVES[name]

    assert re.fullmatch(r"RFC \d{4}( [\d.]+)?", row.reference)
    assert row.attribute == name.replace("-", "_")
    assert isinstance(row.effect, Effect)


@pytest.mark.parametrize("name", FLAGS)
@pytest.mark.parametrize("spell", [str.lower, str.upper, str.title])
def test_a_flag_in_any_letter_case(name: str, spell: type[str]) -> None:
    """RFC 9111 section 5.2: names are compared case-insensitively."""
    value = read(spell(name))

    assert str(value) == name
    assert value.anomalies == ()


@pytest.mark.parametrize("name", DELTAS)
def test_a_lifetime(name: str) -> None:
    """RFC 9111 section 1.2.2: delta-seconds, a run of digits."""
    value = read(f"{name}=060")

    assert str(value) == f"{name}=60"
    assert value.anomalies == ()


@pytest.mark.parametrize("digits", ["2147483648", "9999999999", "9" * 5000])
def test_a_great_lifetime_is_cut(digits: str) -> None:
    """RFC 9111 section 1.2.2: an overflow counts as 2**31."""
    assert read(f"max-age={digits}").max_age == DELTA_MAX


def test_leading_zeros_are_no_overflow() -> None:
    """The negative twin: it is the number that counts, not its length."""
    assert read("max-age=" + "0" * 5000 + "7").max_age == 7


@pytest.mark.parametrize(
    "text",
    ["=", "= 60", "=60.5", "=a60", "=60a", "=-1", "=+1", "=²", "", "=''", '="3600"'],
)
def test_an_invalid_lifetime_is_stale(text: str) -> None:
    """RFC 9111 section 4.2.1: invalid freshness information means stale."""
    value = read(f"max-age{text}")

    assert value.max_age == 0
    assert value.anomalies == (f"invalid lifetime: {'max-age' + text!r}",)


@pytest.mark.parametrize("text", ["max-age=1, max-age=9", "max-age=9, max-age=1"])
def test_the_strictest_of_duplicates_counts(text: str) -> None:
    """RFC 9111 section 4.2.1: the most restrictive one should be honored."""
    value = read(text)

    assert value.max_age == 1
    assert value.anomalies == ("duplicate 'max-age'",)


@pytest.mark.parametrize("given", [b"public, max-age=5", [b"public", b"max-age=5"]])
def test_all_lines_are_one_list(given: bytes | list[bytes]) -> None:
    """RFC 9110 section 5.3: several lines are one comma-separated list."""
    assert str(CacheControl.parse(given)) == "public, max-age=5"


@pytest.mark.parametrize("text", ["", " ", ",", " , ,"])
def test_nothing_is_said(text: str) -> None:
    """RFC 9110 section 5.6.1: empty members are ignored."""
    assert not read(text)
    assert read(text).anomalies == ()


@pytest.mark.parametrize("text", ["no-store=1", 'no-store="x"', "No-Store="])
def test_an_odd_spelling_tightens(text: str) -> None:
    """RFC 9111 section 5.2 defines no such argument; caches differ: the stricter."""
    assert read(text).no_store
    assert read(text).anomalies == (f"unexpected argument: {text!r}",)


@pytest.mark.parametrize("text", ["public=1", 'immutable="x"', "must-understand="])
def test_an_odd_spelling_does_not_loosen(text: str) -> None:
    """The negative twin: what invites is read only as it should be written."""
    assert not read(text)


@pytest.mark.parametrize("name", ["private", "no-cache"])
def test_a_qualified_directive_counts_whole(name: str) -> None:
    """RFC 9111 sections 5.2.2.4 and 5.2.2.7: many caches take it as unqualified."""
    value = read(f'{name}="set-cookie, x", max-age=60')

    assert name in str(value).split(", ")
    assert value.anomalies == (f"qualified: '{name}=\"set-cookie, x\"'",)


def test_a_comma_in_quotes_separates_nothing() -> None:
    """RFC 9111 section 5.2: an extension's argument may be a quoted string."""
    value = read('ext="a, no-store", max-age=60')

    assert not value.no_store
    assert value.extensions == (("ext", '"a, no-store"'),)


def test_an_escaped_quote_ends_nothing() -> None:
    r"""RFC 9110 section 5.6.4: ``\"`` is a quoted pair."""
    assert not read(r'ext="a\", no-store", max-age=60').no_store


@pytest.mark.parametrize("text", ['ext="a, no-store', 'max-age=60, ext="a, No-Store'])
def test_an_unterminated_quote_hides_no_restriction(text: str) -> None:
    """Some caches ignore quotes, so what the quote hides counts too."""
    value = read(text)

    assert value.no_store
    assert value.anomalies[0].startswith("unterminated quote in")


@pytest.mark.parametrize("hidden", ["public", "s-maxage=60", "immutable"])
def test_an_unterminated_quote_hides_no_invitation(hidden: str) -> None:
    """The negative twin: an odd spelling may tighten, but must not loosen."""
    assert str(read(f'max-age=5, ext="a, {hidden}')) == "max-age=5"


@pytest.mark.parametrize("text", ["no store", "a b=c", "=5", "a;public", "a;immutable"])
def test_what_is_no_directive(text: str) -> None:
    """RFC 9111 section 5.2: a name is a token; it is kept as an anomaly."""
    assert not read(text)
    assert read(text).anomalies == (f"not a directive: {text!r}",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no-store;max-age=60", "no-store, max-age=60"),
        ("public;max-age=9", "max-age=9"),
        ('max-age="9"no-store""', "no-store, max-age=0"),
        ("public;s-maxage=9", "max-age=9"),
        ('max-age=9, x="a, s-maxage=5', "max-age=5"),
        ("private; x", "private"),
        ("no-cache no-store", "no-store, no-cache"),
        ("Cache-Control: no-store", "no-store"),
        ("no-store\0", "no-store"),
        ("\xa0private", "private"),
        ("max-age=60;no-store", "no-store, max-age=0"),
        ("max-age=60=no-store", "no-store, max-age=0"),
        ("max-age=9;max-age=x", "max-age=0"),
        ("no-cache=x;private", "private, no-cache"),
        ('ext="a, b"; no-store', "no-store"),
        ("ext=a;private", "private"),
    ],
)
def test_a_wrong_separator_hides_no_restriction(text: str, says: str) -> None:
    """Caches that look for words find it (nginx, Varnish); invitations stay hidden."""
    assert str(read(text)) == says
    assert read(text).anomalies


@pytest.mark.parametrize(
    "text", ['ext="a; no-store"', 'ext="a, no-store"', "ext=no-store"]
)
def test_an_extension_s_argument_restricts_nothing(text: str) -> None:
    """The negative twin: it is written as it should be (RFC 9111 section 5.2.3)."""
    assert str(read(text)) == text


def test_the_first_of_two_equal_extensions_counts() -> None:
    """Nobody knows what they mean; one is kept, and the oddity noted."""
    value = read("ext=1, EXT=2")

    assert value.extensions == (("ext", "1"),)
    assert value.anomalies == ("duplicate 'ext'",)


def test_directives_are_kept_as_received() -> None:
    """Duplicates included, for those who report."""
    directives = Reading('Max-Age=1, max-age=2, ext="a\\"b"').directives

    assert [d.raw for d in directives] == ["Max-Age=1", "max-age=2", 'ext="a\\"b"']
    assert directives[2][:3] == ("ext", 'a"b', True)


@pytest.mark.parametrize(
    "argument", [None, "token", '""', '"a b"', '"a, b"', r'"a\"b"']
)
def test_an_extension_that_can_be_sent(argument: str | None) -> None:
    """RFC 9111 section 5.2: a token, and a token or quoted string."""
    assert sendable("ext", argument)


@pytest.mark.parametrize(
    ("name", "argument"),
    [("", None), ("a b", None), ("a", ""), ("a", "b c"), ("a", '"'), ("a", '"b"c"')],
)
def test_an_extension_that_cannot_be_sent(name: str, argument: str | None) -> None:
    """The negative twin: it would read as something else."""
    assert not sendable(name, argument)


def test_an_extension_with_a_line_break_cannot_be_sent() -> None:
    """RFC 9110 section 5.5: CR, LF and NUL would split the response."""
    assert not sendable("ext", '"a\r\nset-cookie: x"')


@pytest.mark.parametrize(
    "text",
    [
        '"' * 100_001,
        '"' + "\\" * 100_001,
        ",".join(f"a{n}" for n in range(8_000)),
        "a=" * 50_000,
    ],
    ids=["quotes", "backslashes", "directives", "equals"],
)
def test_reading_is_linear(text: str) -> None:
    """A long value costs in proportion to its length, whatever is in it."""
    begun = time.process_time()
    read(text)

    assert time.process_time() - begun < 0.7

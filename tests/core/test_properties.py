"""Properties of CacheControl: its join, its text, its reader."""

from core_strategies import any_bytes, canonical, field_lists, sent_values
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from asgi_nocache import CacheControl, ResponseFacts
from asgi_nocache._core.edits import Edits
from asgi_nocache._core.sent import read_sent
from asgi_nocache._core.strictness import NEVER_STORE

received = sent_values.map(CacheControl.parse)
values = canonical | received
NO_STORE = CacheControl(no_store=True)


@given(values, values)
def test_join_is_commutative(a: CacheControl, b: CacheControl) -> None:
    """The order of joining does not matter."""
    assert a.join(b) == b.join(a)


@given(canonical, canonical, canonical)
def test_join_is_associative(a: CacheControl, b: CacheControl, c: CacheControl) -> None:
    """Nor does the grouping."""
    assert a.join(b).join(c) == a.join(b.join(c))


@given(canonical)
def test_join_is_idempotent(value: CacheControl) -> None:
    """A canonical value is its own text of that level."""
    assert value.canonical() == value
    assert value.join(value) == value


@given(values)
def test_join_of_a_value_with_itself_is_canonical(value: CacheControl) -> None:
    """And what is canonical stays so."""
    assert value.join(value) == value.canonical() == value.canonical().canonical()


@given(canonical, canonical)
def test_join_is_an_upper_bound(a: CacheControl, b: CacheControl) -> None:
    """Joining never loosens, on the value and on the lattice."""
    joined = a.join(b)

    assert joined.covers(a)
    assert joined.covers(b)
    assert joined.strictness.covers(a.strictness.join(b.strictness))


@given(canonical, canonical, canonical)
def test_join_is_monotone(a: CacheControl, b: CacheControl, c: CacheControl) -> None:
    """A stricter part makes no looser whole."""
    assert a.join(b).join(c).covers(a.join(c))


@given(values, values)
def test_the_level_of_a_join(a: CacheControl, b: CacheControl) -> None:
    """It is the join of the levels: neither more nor less."""
    assert a.join(b).strictness == a.strictness.join(b.strictness)


@given(canonical, canonical)
def test_covers_is_antisymmetric(a: CacheControl, b: CacheControl) -> None:
    """Two canonical values that cover each other are one."""
    assert (a.covers(b) and b.covers(a)) is (a == b)


@given(values)
def test_unspecified_is_the_identity(value: CacheControl) -> None:
    """Where one side says nothing, the other stands."""
    assert CacheControl().join(value) == value.join(CacheControl()) == value.canonical()


@given(values)
def test_never_store_absorbs(value: CacheControl) -> None:
    """Only ``no-transform`` is left beside it."""
    joined = NO_STORE.join(value)

    assert joined.strictness == NEVER_STORE
    assert joined == CacheControl(no_store=True, no_transform=value.no_transform)


# Text and reader


@given(canonical)
def test_a_canonical_value_survives_its_text(value: CacheControl) -> None:
    """parse(str(x)) is x, without anomalies."""
    read = CacheControl.parse(str(value))

    assert read == value
    assert read.anomalies == ()


@given(values)
def test_a_text_is_no_looser_than_its_value(value: CacheControl) -> None:
    """parse(str(x)) covers x, whatever x is."""
    assert CacheControl.parse(str(value)).covers(value)


@given(values)
def test_a_text_can_be_sent(value: CacheControl) -> None:
    """Lower case, one line, and members separated by comma and space."""
    text = str(value)

    assert text == text.lower().strip()
    assert "\n" not in text
    assert ",," not in text.replace('"x, no-store"', "")


@given(st.lists(any_bytes | sent_values, max_size=4))
@settings(max_examples=400)
def test_reading_never_raises(lines: list[bytes]) -> None:
    """Whatever an app sends; and what was read can be used."""
    value = CacheControl.parse(lines)

    assert value.canonical().covers(value)
    assert value.strictness.covers(value.join(value).strictness)
    assert isinstance(str(value), str)


@given(st.text(max_size=40))
def test_reading_a_text_never_raises(text: str) -> None:
    """Also one that no field could carry."""
    assert isinstance(str(CacheControl.parse(text).canonical()), str)


@given(sent_values, sent_values)
def test_lines_are_one_list(a: bytes, b: bytes) -> None:
    """RFC 9110 section 5.3: two lines mean what one would, quotes being closed."""
    assume(a.count(b'"') % 2 == 0 and b"\\" not in a)

    assert CacheControl.parse([a, b]) == CacheControl.parse(a + b"," + b)


@given(sent_values, sent_values)
def test_more_restrictions_read_no_looser(a: bytes, b: bytes) -> None:
    """What one line forbids, no other line permits, quotes being closed."""
    assume(a.count(b'"') % 2 == 0 and b"\\" not in a)
    both, alone = CacheControl.parse([a, b]), CacheControl.parse(a)

    assert both.strictness.covers(alone.strictness)


@given(st.sampled_from([b"expires", b"date", b"pragma"]), any_bytes, field_lists)
def test_reading_a_response_never_raises(
    name: bytes, value: bytes, lines: list[tuple[bytes, bytes]]
) -> None:
    """Dates included; and what is added never loosens the level."""
    sent = read_sent(ResponseFacts(fields=tuple(lines)), None)
    more = read_sent(ResponseFacts(fields=(*lines, (name, value))), None)

    assert more.cache_control.strictness.covers(sent.cache_control.strictness)


@given(field_lists, st.frozensets(st.sampled_from([b"etag", b"vary", b"pragma"])))
def test_edits_are_idempotent(
    lines: list[tuple[bytes, bytes]], names: frozenset[bytes]
) -> None:
    """Applied twice is applied once, where what is added is also removed."""
    edits = Edits(names | {b"pragma"}, ((b"pragma", b"no-cache"),))
    once = edits.apply(lines)

    assert edits.apply(once) == once
    assert [k for k, _ in once if k.lower() == b"pragma"] == [b"pragma"]

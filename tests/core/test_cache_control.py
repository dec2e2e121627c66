"""CacheControl: what a value permits, its join, its text, its errors."""

import pytest

from asgi_nocache import CacheControl, ConfigurationError
from asgi_nocache._core.strictness import Level, Strictness


def read(text: str) -> CacheControl:
    return CacheControl.parse(text)


def point(private: int, shared: int) -> Strictness:
    return Strictness(Level(private), Level(shared))


@pytest.mark.parametrize(
    ("text", "private", "shared"),
    [
        ("", 0, 0),
        ("public, max-age=60", 0, 0),
        ("max-age=0", 0, 0),
        ("private, max-age=60", 0, 2),
        ("no-cache", 1, 1),
        ("private, no-cache", 1, 2),
        ("no-store", 2, 2),
        ("no-store, public, max-age=60", 2, 2),
    ],
)
def test_strictness(text: str, private: int, shared: int) -> None:
    """The point of the lattice, from RFC 9111 sections 5.2.2.4, .5 and .7."""
    assert read(text).strictness == point(private, shared)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("", ""),
        ("Max-Age=060,PUBLIC", "public, max-age=60"),
        ("public, private, s-maxage=5, max-age=9", "private, max-age=5"),
        ("private, must-understand", "private"),
        ("no-cache", "no-cache, max-age=0"),
        ("no-cache, public, max-age=9, immutable", "no-cache, max-age=0"),
        ("no-cache, must-revalidate", "no-cache, must-revalidate, max-age=0"),
        ("private, no-cache", "private, no-cache, must-revalidate, max-age=0"),
        ("no-store, max-age=60, public, stale-if-error=9", "no-store"),
        ("no-store, no-transform, must-understand", "no-store, no-transform"),
        ("no-cache, ext=1", "no-cache, max-age=0"),
    ],
)
def test_canonical(text: str, canonical: str) -> None:
    """Each level has one text (RFC 9111 sections 3.5 and 5.2.2)."""
    assert str(read(text).canonical()) == canonical


@pytest.mark.parametrize("stale", ["stale-while-revalidate=9", "stale-if-error=9"])
def test_canonical_of_what_contradicts_itself(stale: str) -> None:
    """What an app sent never raises; must-revalidate forbids stale (5.2.2.2)."""
    value = read(f"max-age=60, must-revalidate, {stale}").canonical()

    assert str(value) == "must-revalidate, max-age=60"


@pytest.mark.parametrize(
    ("a", "b", "joined"),
    [
        ("private, max-age=60", "no-cache", "private, no-cache, must-revalidate, "
         "max-age=0"),
        ("public, max-age=60", "public, max-age=10", "public, max-age=10"),
        ("public, max-age=60", "max-age=60", "max-age=60"),
        ("max-age=60", "max-age=60, must-revalidate", "must-revalidate, max-age=60"),
        ("max-age=60", "max-age=60, proxy-revalidate", "proxy-revalidate, max-age=60"),
        ("max-age=60", "no-transform", "max-age=60, no-transform"),
        ("max-age=60, s-maxage=600", "max-age=90", "max-age=60"),
        ("max-age=60, s-maxage=9", "max-age=90", "max-age=9"),
        ("s-maxage=9", "s-maxage=5, max-age=7", "max-age=7, s-maxage=5"),
        ("max-age=9, immutable", "max-age=9", "max-age=9"),
        ("max-age=9, immutable", "max-age=9, immutable", "max-age=9, immutable"),
        ("max-age=9, stale-if-error=9", "max-age=9, stale-if-error=3",
         "max-age=9, stale-if-error=3"),
        ("max-age=9, a=1, b=2", "max-age=9, a=1, b=3", "max-age=9, a=1"),
        ("public, max-age=60", "no-store", "no-store"),
        ("max-age=60, no-transform", "no-store", "no-store, no-transform"),
        ("public, max-age=60", "", "public, max-age=60"),
    ],
)  # fmt: skip
def test_join(a: str, b: str, joined: str) -> None:
    """Levels take the max, lifetimes the min, invitations AND, restrictions OR."""
    assert str(read(a).join(read(b))) == joined
    assert str(read(b).join(read(a))) == joined


def test_join_of_extensions_has_no_order() -> None:
    """The join is commutative, also where extensions come in another order."""
    a, b = read("max-age=5, x, y"), read("max-age=5, y, x")

    assert a.join(b) == b.join(a)


@pytest.mark.parametrize("other", ["immutable", "ext=1", "must-understand"])
def test_a_join_forgets_no_restriction(other: str) -> None:
    """Invitations that only one side has stay away, in any order of joining."""
    public, odd = read("public"), read(other)

    assert public.join(odd).join(public) == public.join(public).join(odd)
    assert public.join(odd).covers(public)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("no-store", "private, max-age=5"),
        ("no-store", ""),
        ("private, max-age=5", "public, max-age=9"),
        ("private, no-cache", "no-cache"),
        ("max-age=5, must-revalidate", "max-age=5"),
    ],
)
def test_covers(a: str, b: str) -> None:
    """The first permits nothing that the second forbids; the reverse is not so."""
    assert read(a).covers(read(b))
    assert not read(b).covers(read(a))


@pytest.mark.parametrize(("a", "b"), [("private, max-age=5", "no-cache")])
def test_covers_is_no_chain(a: str, b: str) -> None:
    """``private`` and ``no-cache`` are incomparable."""
    assert not read(a).covers(read(b))
    assert not read(b).covers(read(a))


def test_text_of_never_store() -> None:
    """``private`` stands behind the tokens that scanners look for."""
    value = CacheControl(
        private=True, max_age=0, must_revalidate=True, no_cache=True, no_store=True
    )

    assert str(value) == "no-store, no-cache, must-revalidate, private, max-age=0"


def test_text_with_extensions() -> None:
    """Extensions come last, as they were given."""
    value = CacheControl(max_age=1, extensions=(("a", None), ("b", '"c d"')))

    assert str(value) == 'max-age=1, a, b="c d"'


@pytest.mark.parametrize(("text", "said"), [("", False), ("b@d", False), ("a", True)])
def test_truth_is_whether_anything_is_specified(text: str, said: bool) -> None:
    """An anomaly alone says nothing."""
    assert bool(read(text)) is said


def test_what_was_received_is_no_part_of_the_value() -> None:
    """Two texts of one meaning are equal."""
    assert read("MAX-AGE=5") == read("max-age=05") == CacheControl(max_age=5)


# What a developer writes is checked


def problems(**arguments: object) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        CacheControl(**arguments)  # type: ignore[arg-type]
    assert caught.value.place.startswith("CacheControl(")
    return caught.value.problems


@pytest.mark.parametrize("value", [-1, 1.5, "60", True, b"1"])
def test_a_lifetime_that_is_none(value: object) -> None:
    """The value, what is wrong, the remedy."""
    assert problems(max_age=value) == (
        f"max_age={value!r} is not a number of seconds; give an int, 0 or more",
    )


@pytest.mark.parametrize("value", [1, "yes", None])
def test_a_flag_that_is_none(value: object) -> None:
    """A number or a text is no flag."""
    assert problems(no_store=value) == (
        f"no_store={value!r} is not a flag; give True or False",
    )


def test_all_problems_at_once() -> None:
    """Nobody mends them one by one, and the place shows what was written."""
    found = problems(max_age=-1, public=3, s_maxage="x", extensions=(("a b", None),))

    assert len(found) == 4


@pytest.mark.parametrize("name", ["no-store", "No-Store", "PUBLIC"])
def test_a_known_directive_is_no_extension(name: str) -> None:
    """Directives have keywords, whatever their letter case (RFC 9111 5.2)."""
    (found,) = problems(extensions=((name, None),))

    assert "is a known directive; use its own keyword" in found


@pytest.mark.parametrize(
    "extension", [("a b", None), ("a", "b c"), ("a", "b\r\nc: d"), ("a", 5), (1, None)]
)
def test_an_extension_that_cannot_be_sent(extension: tuple[object, object]) -> None:
    """Nothing with which a response could be split."""
    (found,) = problems(extensions=(extension,))

    assert "cannot be sent; give a token and a token or quoted string" in found


def test_the_name_of_an_extension_is_lower_case() -> None:
    """As all of the line is; an argument may be read by its case."""
    assert str(CacheControl(extensions=(("Community", '"UCI"'),))) == 'community="UCI"'


@pytest.mark.parametrize("extensions", ["ext", ("ext",), (("a", "b", "c"),), 5])
def test_extensions_that_are_no_pairs(extensions: object) -> None:
    """The error is ours, and says what to write."""
    assert problems(extensions=extensions)


def test_extensions_as_a_list() -> None:
    """Any sequence will do; the value stays hashable, as frozen values are."""
    given = CacheControl(max_age=1, extensions=[("a", None)])  # type: ignore[arg-type]

    assert hash(given) == hash(CacheControl(max_age=1, extensions=(("a", None),)))


@pytest.mark.parametrize(
    "arguments",
    [
        {"no_store": True, "public": True},
        {"no_store": True, "max_age": 5},
        {"no_store": True, "s_maxage": 5},
        {"no_store": True, "immutable": True},
        {"no_store": True, "stale_while_revalidate": 5},
        {"no_store": True, "stale_if_error": 5},
        {"no_store": True, "must_understand": True},
        {"private": True, "public": True},
        {"private": True, "s_maxage": 5},
        {"no_cache": True, "max_age": 5},
        {"no_cache": True, "s_maxage": 5},
        {"no_cache": True, "immutable": True},
        {"must_revalidate": True, "stale_while_revalidate": 5},
        {"must_revalidate": True, "stale_if_error": 5},
    ],
    ids=lambda arguments: "+".join(arguments),
)
def test_a_contradiction(arguments: dict[str, object]) -> None:
    """Two directives that cannot both be meant, named in one sentence."""
    first, second = arguments
    (found,) = problems(**arguments)

    assert found.startswith(f"{first}=True contradicts {second}=")
    assert found.endswith("; drop one of them")


@pytest.mark.parametrize(
    "arguments",
    [
        {"no_store": True, "max_age": 0},
        {"no_cache": True, "max_age": 0, "s_maxage": 0},
        {"private": True, "max_age": 5, "immutable": True},
        {"max_age": 5, "must_revalidate": True},
    ],
    ids=lambda arguments: "+".join(arguments),
)
def test_no_contradiction(arguments: dict[str, object]) -> None:
    """The negative twin: a lifetime of 0 fits every level."""
    assert CacheControl(**arguments)  # type: ignore[arg-type]

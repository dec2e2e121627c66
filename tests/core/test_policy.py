"""Policies: what each preset sends, to the byte, and what a policy refuses."""

import pytest

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
    ConfigurationError,
    Policy,
    RequestFacts,
    ResponseFacts,
    decide,
)
from asgi_nocache._core.policy import EXPIRED, is_side_field, side_texts

EXPIRES = (b"expires", b"Thu, 01 Jan 1970 00:00:01 GMT")
PRAGMA = (b"pragma", b"no-cache")
FULL = b"no-store, no-cache, must-revalidate, private, max-age=0"
LEGACY = b"no-store, no-cache, must-revalidate, max-age=0"
EDGE = (
    (b"cdn-cache-control", b"no-store"),
    (b"surrogate-control", b"no-store, max-age=0"),
    (b"x-accel-expires", b"0"),
)

PRESETS = {
    NO_STORE: ((b"cache-control", FULL), PRAGMA, EXPIRES),
    NO_STORE_MINIMAL: ((b"cache-control", b"no-store"),),
    NO_STORE_EDGE: ((b"cache-control", FULL), PRAGMA, EXPIRES, *EDGE),
    LEGACY_2014: ((b"cache-control", LEGACY), PRAGMA, EXPIRES),
    REVALIDATE: ((b"cache-control", b"private, no-cache, must-revalidate, max-age=0"),),
    PRIVATE(max_age=60): ((b"cache-control", b"private, max-age=60"),),
    PRIVATE(60, must_revalidate=True): (
        (b"cache-control", b"private, must-revalidate, max-age=60"),
    ),
    PRIVATE(60, immutable=True, stale_while_revalidate=5): (
        (
            b"cache-control",
            b"private, max-age=60, immutable, stale-while-revalidate=5",
        ),
    ),
    PUBLIC(max_age=3600): ((b"cache-control", b"public, max-age=3600"),),
    PUBLIC(60, s_maxage=600, immutable=True, no_transform=True): (
        (
            b"cache-control",
            b"public, max-age=60, s-maxage=600, immutable, no-transform",
        ),
    ),
    PUBLIC(60, stale_while_revalidate=5, stale_if_error=9): (
        (
            b"cache-control",
            b"public, max-age=60, stale-while-revalidate=5, stale-if-error=9",
        ),
    ),
    PUBLIC(60, must_revalidate=True): (
        (b"cache-control", b"public, must-revalidate, max-age=60"),
    ),
    APP_DECIDES: (),
}
OWN = [
    Policy(CacheControl(private=True, max_age=60)),
    Policy(CacheControl(no_cache=True), beside=(("pragma", "no-cache"),)),
    Policy(CacheControl(max_age=60), beside=(("cdn-cache-control", "max-age=9"),)),
    Policy(CacheControl(no_store=True, private=True)),
    Policy(CacheControl(no_store=True), beside=(("edge-control", "no-store"),)),
]


@pytest.mark.parametrize(("policy", "lines"), PRESETS.items(), ids=map(str, PRESETS))
def test_what_a_preset_sends(
    policy: Policy, lines: tuple[tuple[bytes, bytes], ...]
) -> None:
    """The table of the README, to the byte."""
    assert policy.fields == lines


@pytest.mark.parametrize("policy", [*PRESETS, *OWN], ids=str)
def test_what_a_policy_says_it_sends_leaves(policy: Policy) -> None:
    """On a response that sent none, exactly the policy's own lines leave."""
    decision = decide(RequestFacts(), ResponseFacts(), policy)

    assert tuple(decision.apply([])) == policy.fields


@pytest.mark.parametrize("policy", [NO_STORE, NO_STORE_EDGE, LEGACY_2014], ids=str)
def test_zap_10015_is_quiet(policy: Policy) -> None:
    """ZAP's rule looks for three substrings of the joined, lower-cased value."""
    value = b", ".join(v for k, v in policy.fields if k == b"cache-control").lower()

    assert all(t in value for t in (b"no-store", b"no-cache", b"must-revalidate"))


@pytest.mark.parametrize("policy", [NO_STORE_MINIMAL, REVALIDATE], ids=str)
def test_zap_10015_alerts(policy: Policy) -> None:
    """The negative twin: the price of a shorter or a weaker set."""
    value = dict(policy.fields)[b"cache-control"]

    assert b"must-revalidate" not in value or b"no-store" not in value


@pytest.mark.parametrize("policy", PRESETS, ids=str)
def test_nothing_harmful_is_sent(policy: Policy) -> None:
    """No post-check pair, no ``Expires: -1``, no new validator."""
    names = {name for name, _ in policy.fields}
    text = b"\n".join(value for _, value in policy.fields)

    assert not names & {b"last-modified", b"etag", b"vary"}
    assert b"-check" not in text
    assert b"-1" not in text


def test_expired_is_a_correct_date() -> None:
    """RFC 9110 section 5.6.7, and one second after the epoch for Varnish."""
    from email.utils import formatdate

    assert formatdate(1, usegmt=True) == EXPIRED


@pytest.mark.parametrize(
    ("policy", "never"),
    [
        (NO_STORE, True),
        (NO_STORE_MINIMAL, True),
        (NO_STORE_EDGE, True),
        (LEGACY_2014, True),
        (REVALIDATE, False),
        (PRIVATE(0), False),
        (PUBLIC(0), False),
        (APP_DECIDES, False),
    ],
    ids=str,
)
def test_never_store(policy: Policy, never: bool) -> None:
    """``max-age=0`` alone may be stored."""
    assert policy.never_store is never


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (NO_STORE, "NO_STORE"),
        (PRIVATE(5), "PRIVATE(max_age=5)"),
        (PUBLIC(5), "PUBLIC(max_age=5)"),
        (Policy(CacheControl(max_age=5)), "Policy('max-age=5')"),
        (Policy(CacheControl(max_age=5), "brief"), "brief"),
    ],
    ids=str,
)
def test_repr_is_a_word(policy: Policy, text: str) -> None:
    """Policies are shown in signatures, reports and logs."""
    assert repr(policy) == text


def test_a_name_is_no_part_of_the_value() -> None:
    """Two policies of one meaning are equal, and hash alike."""
    own = Policy(PRIVATE(5).cache_control, "mine")

    assert own == PRIVATE(5)
    assert hash(own) == hash(PRIVATE(5))


def test_a_policy_is_frozen() -> None:
    """A preset is shared by all apps of a process."""
    with pytest.raises(AttributeError):
        NO_STORE.strip_validators = True  # type: ignore[misc]


@pytest.mark.parametrize(
    "vary", [["Accept"], ("Accept",), {"Accept"}, iter(["Accept"])]
)
def test_vary_may_be_any_iterable(vary: object) -> None:
    """Lists are kept as tuples, and a one-shot iterable is not lost."""
    assert PUBLIC(5, vary=vary).vary == ("Accept",)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "side"),
    [
        (b"cdn-cache-control", True),
        (b"vercel-cdn-cache-control", True),
        (b"surrogate-control", True),
        (b"no-vary-search", True),
        (b"cache-control", False),
        (b"x-cache", False),
    ],
)
def test_side_fields(name: bytes, side: bool) -> None:
    """What outranks Cache-Control in some cache (RFC 9213, vendors' pages)."""
    assert is_side_field(name) is side


def test_any_targeted_field_has_the_texts_of_the_first() -> None:
    """RFC 9213 section 2.1: targeted fields share one syntax."""
    assert side_texts(b"x-cdn-cache-control") == side_texts(b"cdn-cache-control")


# What a policy refuses


def problems(*args: object, **kwargs: object) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        Policy(*args, **kwargs)  # type: ignore[arg-type]
    return caught.value.problems


@pytest.mark.parametrize("value", ["no-store", {"max_age": 5}, NO_STORE])
def test_a_cache_control_that_is_none(value: object) -> None:
    """The value and the remedy."""
    assert problems(value) == (
        f"cache_control={value!r} is not a CacheControl; "
        "write CacheControl(private=True, max_age=60)",
    )


def test_a_cache_control_that_says_nothing() -> None:
    """There is a preset for that."""
    assert problems(CacheControl()) == (
        "cache_control=CacheControl() says nothing; use APP_DECIDES for that",
    )


def test_where_the_app_decides_there_is_nothing_to_add() -> None:
    """Under APP_DECIDES the bytes go out as sent, so an option would be lost."""
    found = problems(None, vary=["Accept"], strip_validators=True)

    assert [p.partition("=")[0] for p in found] == ["vary", "strip_validators"]
    assert all(" needs a cache_control; without one, " in p for p in found)


def test_a_cache_control_that_was_read_and_contradicts_itself() -> None:
    """HAProxy reuses ``no-store, public``: no policy may send that."""
    assert problems(CacheControl.parse("no-store, public, max-age=60"))


@pytest.mark.parametrize(
    ("beside", "words"),
    [
        (("pragma",), "is not a (name, value) pair"),
        ((("etag", '"1"'),), "is not a caching field in lower case"),
        ((("Pragma", "no-cache"),), "is not a caching field in lower case"),
        ((("cache-control", "public"),), "is not a caching field in lower case"),
        ((("no-vary-search", "params"),), "is not a caching field in lower case"),
        (((5, "no-cache"),), "is not a caching field in lower case"),
        ((("é-cdn-cache-control", "0"),), "is not a caching field in lower case"),
        ((("pragma", "a\r\nset-cookie: b"),), "cannot be sent as a field value"),
        ((("expires", 0),), "cannot be sent as a field value"),
    ],
)
def test_a_field_beside_that_cannot_be_sent(beside: object, words: str) -> None:
    """Each line is a pair of a caching field and plain text."""
    (found,) = problems(CacheControl(no_store=True), beside=beside)

    assert words in found


@pytest.mark.parametrize(
    "name", ["pragma", "expires", "edge-control", "a-cdn-cache-control"]
)
def test_a_field_beside_that_can(name: str) -> None:
    """The negative twin; a list of lists will do."""
    policy = Policy(CacheControl(no_store=True), beside=[[name, "0"]])  # type: ignore[arg-type]

    assert policy.fields[1:] == ((name.encode(), b"0"),)


def test_a_bare_string_where_names_are_expected() -> None:
    """A string is a sequence of letters, which nobody means."""
    assert problems(CacheControl(max_age=5), vary="Accept") == (
        "vary='Accept' is a string; write vary=['Accept']",
    )


@pytest.mark.parametrize("name", ["a b", "", 5, "a,b"])
def test_vary_of_what_is_no_field_name(name: object) -> None:
    """RFC 9110 section 5.1: a field name is a token."""
    assert problems(CacheControl(max_age=5), vary=[name]) == (
        f"vary={name!r} is not a field name; write it like 'Accept'",
    )


@pytest.mark.parametrize("argument", ["vary", "beside"])
@pytest.mark.parametrize("value", [None, 5])
def test_what_is_no_sequence_at_all(argument: str, value: object) -> None:
    """The error is ours, not a TypeError from within."""
    assert problems(CacheControl(max_age=5), **{argument: value})


@pytest.mark.parametrize(
    "control", [CacheControl(private=True), CacheControl(no_store=True)]
)
def test_shared_with_credentials_contradicts_private(control: CacheControl) -> None:
    """RFC 9111 section 3.5 is about what shared caches may store."""
    (found,) = problems(control, shared_with_credentials=True)

    assert found.startswith("shared_with_credentials=True contradicts")


def test_shared_with_credentials_fits_public() -> None:
    """The negative twin."""
    assert PUBLIC(5, shared_with_credentials=True).shared_with_credentials


def test_all_problems_at_once() -> None:
    """And the place is the policy's name."""
    with pytest.raises(ConfigurationError) as caught:
        Policy(CacheControl(), "mine", beside=[("a", "b")], vary="Accept")  # type: ignore[arg-type]

    assert caught.value.place == "mine"
    assert len(caught.value.problems) == 3
    assert str(caught.value).startswith("mine: 3 problems\n  - cache_control=")


@pytest.mark.parametrize("preset", [PUBLIC, PRIVATE])
def test_a_preset_checks_its_number(preset: type[Policy]) -> None:
    """One problem stands on the line of its place."""
    with pytest.raises(ConfigurationError, match=r"^CacheControl.*: max_age='60' is"):
        preset("60")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["max-age=60", "no-cache, max-age=0"])
def test_a_never_store_policy_says_no_in_every_field(value: str) -> None:
    """A field that outranks Cache-Control would undo it."""
    with pytest.raises(ConfigurationError, match="contradicts no_store=True"):
        Policy(CacheControl(no_store=True), beside=(("cdn-cache-control", value),))


def test_a_no_beside_a_no_is_fine() -> None:
    """The negative twin."""
    Policy(CacheControl(no_store=True), beside=(("cdn-cache-control", "no-store"),))

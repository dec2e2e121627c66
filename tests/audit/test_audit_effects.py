"""The letters: what each kind of cache may do, one case for each."""

import pytest

from asgi_nocache import PUBLIC
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.audit.effects import CACHES, WORDS, effects_of
from asgi_nocache.audit.survey import survey
from asgi_nocache.audit.values import Layer, Route
from asgi_nocache.reuse import Outcome

OPEN = Route(path="/items")
GUARDED = Route(path="/me", auth=("current_user",))


def letters(text: str, route: Route = OPEN, *more: tuple[str, str], **at: int) -> str:
    """Return the letters for browser, shared cache and CDN."""
    fields = ((("Cache-Control", text),) if text else ()) + more
    effects = effects_of(route, "GET", fields, at.get("status", 200))
    assert list(effects) == ["browser", "shared", "cdn"]
    return "".join(effect.letter for effect in effects.values())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no-store", "NNS"),  # some caches take it as the browser's alone
        ("no-store, no-cache, must-revalidate, private, max-age=0", "NNN"),
        ("private, max-age=60", "SPP"),
        ("private, no-cache", "RPP"),
        ("no-cache", "RRS"),  # some ignore it
        ("public, max-age=60", "SSS"),
        ("max-age=0, s-maxage=60", "RSS"),
        ("public, max-age=0, must-revalidate", "RRR"),
        ("public, max-age=0, s-maxage=0", "RRR"),
        ("", "HHH"),
        ("public", "HHH"),
        ("PUBLIC, MAX-AGE=60", "SSS"),
    ],
)
def test_letters(text: str, expected: str) -> None:
    assert letters(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no-store", "NN!"),
        ("no-store, private", "NNN"),
        ("private, max-age=60", "SPP"),
        ("public, max-age=60", "S!!"),
        ("no-cache", "R!!"),
        ("", "H!!"),
    ],
)
def test_private_data(text: str, expected: str) -> None:
    """What asks for credentials must not be in a shared cache, fresh or not."""
    assert letters(text, GUARDED) == expected


def test_expires_is_explicit() -> None:
    late = ("Expires", "Thu, 01 Jan 2099 00:00:00 GMT")

    assert letters("", OPEN, late) == "SSS"


def test_own_date_and_validator_are_taken() -> None:
    """A response that is as old as its lifetime is not fresh."""
    dated = ("Date", "Sun, 09 Sep 2001 01:00:00 GMT")
    tagged = ("Last-Modified", "Sun, 09 Sep 2001 01:00:00 GMT")

    assert letters("max-age=60") == "SSS"
    assert letters("max-age=60", OPEN, dated, tagged)[:2] == "RR"


def test_methods_and_statuses() -> None:
    assert letters("public, max-age=60", status=500) == "SSS"
    effects = effects_of(OPEN, "DELETE", (("cache-control", "max-age=60"),))
    assert {effect.letter for effect in effects.values()} == {"N"}
    assert effects["cdn"].words == "never reused for such a request"
    assert effects["shared"].words == "never stored"
    assert effects_of(OPEN, "", ()) == effects_of(OPEN, "GET", ())


def test_words_and_predictions() -> None:
    effect = effects_of(OPEN, "GET", (("cache-control", "max-age=60"),))["browser"]

    assert effect.words == "stored for 60 s"
    assert effect.prediction.outcome is Outcome.REUSED
    assert effect.prediction.reference.startswith("RFC 9111")
    assert set(WORDS) == set("NRPSH!")
    assert [cache.name for cache in CACHES if cache.worst_case] == ["cdn"]


def test_a_year_is_told_in_digits() -> None:
    fields = (("cache-control", "max-age=31536000"),)
    effect = effects_of(OPEN, "GET", fields)["browser"]

    assert effect.words == "stored for 31536000 s"


def test_the_answer_may_be_kept_by_the_caller() -> None:
    """A caller that changes its answer does not change the next one's."""
    effects_of(OPEN, "GET", ()).clear()

    assert effects_of(OPEN, "GET", ())


@pytest.mark.parametrize(
    ("auth", "letter"),
    [(("HTTPBearer",), "P"), (("APIKeyCookie",), "!"), (("HTTPBearer", "login"), "!")],
)
def test_who_may_ask_gets_what_guards_leave(auth: tuple[str, ...], letter: str) -> None:
    """PUBLIC is for requests that merely carry a cookie, and not for Authorization."""
    layer = Layer(RuleSet(default=PUBLIC(max_age=60)), "wrapped")
    route = Route(path="/me", methods=("GET",), auth=auth, layers=(layer,))

    (row,) = survey([route])

    assert row.effects["shared"].letter == letter


def test_private_caches_only_is_said_of_shared_ones() -> None:
    """What a browser does not store it stores nowhere."""
    effects = effects_of(OPEN, "POST", (("cache-control", "private, max-age=5"),))

    assert [effects[name].letter for name in ("browser", "shared")] == ["N", "P"]

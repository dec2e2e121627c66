"""decide(): facts and rules make a Decision."""

import pytest

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    NO_STORE_EDGE,
    NO_STORE_MINIMAL,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    CacheControl,
    ConfigurationError,
    Decision,
    Policy,
    RequestFacts,
    ResponseFacts,
    Rule,
    decide,
)
from asgi_nocache._core.edits import Edits
from asgi_nocache._core.rules import Mode, RuleSet
from asgi_nocache._core.selection import Mark

PUBLIC_60 = PUBLIC(max_age=60)
GET = RequestFacts()


def decided(
    policy: object = (), sent: bytes | None = None, **facts: object
) -> Decision:
    fields = () if sent is None else ((b"cache-control", sent),)
    response = ResponseFacts(fields=fields, **facts)  # type: ignore[arg-type]
    return decide(GET, response, policy)  # type: ignore[arg-type]


def text(policy: object, sent: bytes | None, mode: Mode = "stricter") -> str:
    rules = RuleSet(default=policy, mode=mode)  # type: ignore[arg-type]
    left = decided(rules, sent).apply(
        [] if sent is None else [(b"cache-control", sent)]
    )
    (value,) = [v for k, v in left if k == b"cache-control"]
    return value.decode()


FULL = str(NO_STORE.cache_control)


@pytest.mark.parametrize(
    ("policy", "sent", "stricter", "override", "if_missing"),
    [
        (NO_STORE, None, FULL, FULL, FULL),
        (NO_STORE, b"Public", FULL, FULL, "Public"),
        (PUBLIC_60, None, *["public, max-age=60"] * 3),
        (PUBLIC_60, b"no-store", FULL, "public, max-age=60", "no-store"),
        (PUBLIC_60, b"private", "private, max-age=60", "public, max-age=60", "private"),
        (PUBLIC_60, b"no-cache", *["public, max-age=60"] * 3),
        (PRIVATE(9), b"max-age=5", "private, max-age=5", "private, max-age=9",
         "max-age=5"),
        (PRIVATE(9), b"no-cache, a", str(REVALIDATE.cache_control),
         "private, max-age=9", "no-cache, a"),
        (APP_DECIDES, b"Public", "Public", "Public", "Public"),
        (NO_STORE_MINIMAL, b"public", "no-store", "no-store", "public"),
    ],
)  # fmt: skip
def test_the_modes(
    policy: Policy, sent: bytes | None, stricter: str, override: str, if_missing: str
) -> None:
    """Joined with what the app sent; the policy as it stands; only if none sent."""
    assert text(policy, sent) == stricter
    assert text(policy, sent, "override") == override
    assert text(policy, sent, "if-missing") == if_missing


@pytest.mark.parametrize("name", [b"expires", b"pragma", b"cdn-cache-control"])
def test_if_missing_looks_at_the_whole_group(name: bytes) -> None:
    """Any field that sets caching counts as sent."""
    sent = ((name, b"0"),)
    rules = RuleSet(mode="if-missing")

    assert decide(GET, ResponseFacts(fields=sent), rules).edits == Edits()


@pytest.mark.parametrize("name", [b"etag", b"vary", b"no-vary-search"])
def test_if_missing_looks_at_no_other_field(name: bytes) -> None:
    """The negative twin."""
    sent = ((name, b"0"),)
    rules = RuleSet(mode="if-missing")

    assert decide(GET, ResponseFacts(fields=sent), rules).never_store


def test_if_missing_does_not_stop_guards() -> None:
    """Guards come last, in every mode but report."""
    sent = ((b"cache-control", b"public"), (b"set-cookie", b"a=b"))
    rules = RuleSet(mode="if-missing", default=PUBLIC_60)
    decision = decide(GET, ResponseFacts(fields=sent), rules)

    assert decision.headers() == [("cache-control", "private")]


def test_report_changes_nothing() -> None:
    """And says what would change."""
    decision = decided(RuleSet(mode="report"), b"public")

    assert decision.edits == Edits()
    assert decision.apply([(b"A", b"b")]) == [(b"A", b"b")]
    assert decision.proposed.add == NO_STORE.fields
    assert decision.cache_control.no_store


def test_in_every_other_mode_the_proposal_is_made() -> None:
    """The negative twin."""
    decision = decided()

    assert decision.proposed == decision.edits != Edits()


@pytest.mark.parametrize("sent", [None, b"public", b"max-age=60"])
def test_app_decides_unraised(sent: bytes | None) -> None:
    """The bytes go out as sent."""
    assert decided(APP_DECIDES, sent).edits == Edits()


def test_app_decides_raised_by_a_guard() -> None:
    """The field is rewritten in canonical text, also where its meaning stood."""
    sent = ((b"Cache-Control", b"PRIVATE"), (b"Set-Cookie", b"a=b"))
    decision = decide(GET, ResponseFacts(fields=sent), APP_DECIDES)

    assert decision.apply(sent) == [sent[1], (b"cache-control", b"private")]


@pytest.mark.parametrize("mode", ["stricter", "override", "if-missing"])
def test_app_decides_under_a_floor(mode: Mode) -> None:
    """A floor only tightens: what the app sent is joined, not replaced."""
    floor = Rule(None, REVALIDATE, floor=True)
    rules = RuleSet([floor], default=APP_DECIDES, mode=mode)

    assert decided(rules, b"no-store").never_store


def test_a_floor_is_not_send_file_s_rule() -> None:
    """``no-cache`` counts as nothing only where the rule itself says so."""
    floor = Rule(None, PUBLIC(max_age=600), floor=True)
    rules = RuleSet([floor], default=APP_DECIDES)

    assert decided(rules, b"no-cache").cache_control.no_cache


def test_a_floor_s_mode_does_not_yield_to_the_app() -> None:
    """A floor that inherits ``if-missing`` does not undo an ``override``."""
    rules = [Rule("/", NO_STORE, mode="override"), Rule(None, REVALIDATE, floor=True)]

    assert decided(RuleSet(rules, mode="if-missing"), b"public").never_store


@pytest.mark.parametrize(
    ("policy", "spoken"),
    [
        (NO_STORE_EDGE, NO_STORE_EDGE),
        (PUBLIC_60, NO_STORE),
        (RuleSet([Rule(None, PUBLIC_60)], default=NO_STORE_MINIMAL), NO_STORE_MINIMAL),
    ],
)
def test_whose_text_a_never_store_takes(policy: object, spoken: Policy) -> None:
    """The selected one's, else the default's, else NO_STORE's."""
    assert decided(policy, b"no-store").policy is spoken


def test_a_joined_value_is_nobody_s() -> None:
    """Its text is canonical."""
    decision = decided(PUBLIC_60, b"max-age=5, private")

    assert decision.policy is None
    assert decision.headers() == [("cache-control", "private, max-age=5")]


@pytest.mark.parametrize(
    ("policy", "sent", "discards"),
    [
        (NO_STORE, b"max-age=60", True),
        (NO_STORE, b"no-store", False),
        (NO_STORE, None, False),
        (PUBLIC(60), b"public, max-age=9", False),
        (PUBLIC(60), b"public, max-age=90", True),
        (PRIVATE(60), b"no-store", False),
    ],
)
def test_discards(policy: Policy, sent: bytes | None, discards: bool) -> None:
    """Whether the app asked for more caching than it gets."""
    assert decided(policy, sent).discards is discards


@pytest.mark.parametrize(("mode", "loosens"), [("override", True), ("stricter", False)])
def test_loosens(mode: Mode, loosens: bool) -> None:
    """Only an override undoes an app's never-store."""
    decision = decided(RuleSet(default=PUBLIC_60, mode=mode), b"no-store")

    assert decision.loosens is loosens


def test_the_clock_is_an_argument() -> None:
    """It is asked only for an Expires without Date (RFC 9111 section 4.2.1)."""
    sent = ((b"expires", b"Thu, 01 Jan 1970 01:00:00 GMT"),)
    decision = decide(GET, ResponseFacts(fields=sent), PUBLIC(9999), now=0.0)

    assert decision.cache_control.max_age == 3600


@pytest.mark.parametrize(
    "policy_set",
    [PRIVATE(60), RuleSet(default=PRIVATE(60)), [Rule(None, PRIVATE(60))],
     iter([Rule(None, PRIVATE(60))])],
    ids=["policy", "rule set", "rules", "one-shot"],
)  # fmt: skip
def test_what_decide_takes(policy_set: object) -> None:
    """A rule set, rules over the closed default, or one policy."""
    assert str(decided(policy_set).cache_control) == "private, max-age=60"


@pytest.mark.parametrize("policy_set", ["/a", Rule("/a", NO_STORE), PUBLIC, [NO_STORE]])
def test_what_decide_refuses(policy_set: object) -> None:
    """Configuration errors name the place."""
    with pytest.raises(ConfigurationError, match=r"^decide\(\): rules"):
        decided(policy_set)


def test_reasons() -> None:
    """One sentence for each step, in order."""
    rules = [
        Rule("/", PUBLIC_60, reason="the front page"),
        Rule(None, REVALIDATE, floor=True),
    ]
    fields = ((b"Cache-Control", b"max-age=9"), (b"set-cookie", b"a=b"))

    assert decide(GET, ResponseFacts(fields=fields), rules).reasons == (
        "rule 1, Rule('/', PUBLIC(max_age=60)) selects PUBLIC(max_age=60) "
        "(the front page)",
        "floor 2, Rule(None, REVALIDATE, floor=True) selects REVALIDATE",
        "the app sent cache-control: max-age=9",
        "mode stricter",
        "guard set_cookie: the response sets a cookie (RFC 9111 7.3)",
    )


def test_reasons_where_the_app_s_word_stands() -> None:
    """The negative twin: no mode, since nothing is joined."""
    assert decided(APP_DECIDES).reasons == (
        "default selects APP_DECIDES",
        "what the app sent stands",
    )


def test_a_failed_callable_is_a_reason() -> None:
    """So that explain shows it."""
    rules = [Rule("/", PUBLIC_60, when=lambda request, response: 1 / 0)]

    assert any("when raised ZeroDivisionError" in r for r in decided(rules).reasons)
    assert decided(rules).never_store


def test_a_mark() -> None:
    """The endpoint's own declaration, joined with what it sent."""
    decision = decided((), b"max-age=5", marks=(Mark(PRIVATE(60), reason="mine"),))

    assert str(decision.cache_control) == "private, max-age=5"
    assert decision.reasons[0] == "mark selects PRIVATE(max_age=60) (mine)"


def test_an_inner_instance() -> None:
    """The outer default does not apply; its floors do."""
    inner = decided(PUBLIC_60).selection
    floor = Rule(None, PRIVATE(9), floor=True)

    assert str(decided((), inner=inner).cache_control) == "public, max-age=60"
    assert str(decided([floor], inner=inner).cache_control) == "private, max-age=9"


def test_a_policy_with_extensions_from_a_list() -> None:
    """A value that was accepted can be decided upon."""
    control = CacheControl(max_age=5, extensions=[("a", None)])  # type: ignore[arg-type]

    assert decided(Policy(control)).headers() == [("cache-control", "max-age=5, a")]


@pytest.mark.parametrize("stale", [b"stale-while-revalidate=9", b"stale-if-error=9"])
def test_an_app_that_contradicts_itself_costs_no_500(stale: bytes) -> None:
    """What an app sends is read, never refused."""
    sent = b"must-revalidate, max-age=60, " + stale

    assert decided(NO_STORE, sent).never_store
    assert text(PUBLIC(90), sent) == "must-revalidate, max-age=60"

"""Selection: mark, else first matching rule, else default; floors joined in."""

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
    Policy,
    RequestFacts,
    ResponseFacts,
    Rule,
)
from asgi_nocache._core.guards import ALL_GUARDS
from asgi_nocache._core.rules import Mode, RuleSet
from asgi_nocache._core.selection import (
    Choice,
    Mark,
    Selection,
    nested,
    select,
)

PUBLIC_60 = PUBLIC(max_age=60)
PRIVATE_60 = PRIVATE(max_age=60)
GET = RequestFacts(path="/a")
COOKIE = RequestFacts(path="/a", fields=((b"cookie", b"s"),))


def selected(
    *rules: Rule,
    request: RequestFacts = GET,
    response: ResponseFacts = ResponseFacts(),  # noqa: B008 - frozen
    **options: object,
) -> Selection:
    return select(request, response, RuleSet(rules, **options))  # type: ignore[arg-type]


def marked(*policies: Policy | None, mode: Mode = "stricter") -> ResponseFacts:
    return ResponseFacts(marks=tuple(Mark(p, mode) for p in policies))


def sources(selection: Selection) -> list[str]:
    return [choice.source for choice in selection.choices]


def test_the_default_is_closed() -> None:
    """With no configuration, everything is never-store."""
    assert selected().policies == (NO_STORE,)
    assert sources(selected()) == ["default"]


def test_the_first_match_wins() -> None:
    """Rules are tried in order."""
    rules = Rule("/b", REVALIDATE), Rule("/a", PUBLIC_60), Rule("/**", PRIVATE_60)

    assert selected(*rules).policies == (PUBLIC_60,)
    assert sources(selected(*rules)) == ["rule 2, Rule('/a', PUBLIC(max_age=60))"]


def test_a_rule_whose_condition_fails_is_passed_over() -> None:
    """The negative twin: all conditions that are given must hold."""
    rules = Rule("/a", PUBLIC_60, status=404), Rule("/**", PRIVATE_60)

    assert selected(*rules).policies == (PRIVATE_60,)


@pytest.mark.parametrize("first", [True, False])
def test_a_floor_stands_outside_the_order(first: bool) -> None:
    """It is joined in, wherever it is written, and decides nothing alone."""
    floor, rule = Rule("/**", REVALIDATE, floor=True), Rule("/a", PUBLIC_60)
    rules = (floor, rule) if first else (rule, floor)

    assert selected(*rules).policies == (PUBLIC_60, REVALIDATE)


def test_a_floor_is_joined_into_the_default() -> None:
    """Where no rule matches, the default decides and the floor tightens."""
    floor = Rule("/**", REVALIDATE, floor=True)

    assert selected(floor, default=PUBLIC_60).policies == (PUBLIC_60, REVALIDATE)


def test_a_floor_elsewhere_is_not() -> None:
    """The negative twin."""
    floor = Rule("/b/**", REVALIDATE, floor=True)

    assert selected(floor, default=PUBLIC_60).policies == (PUBLIC_60,)


def test_marks_beat_rules_but_not_floors() -> None:
    """The endpoint knows best; floors still tighten it."""
    rules = Rule("/a", NO_STORE), Rule("/**", REVALIDATE, floor=True)
    selection = selected(*rules, response=marked(PUBLIC_60))

    assert selection.policies == (PUBLIC_60, REVALIDATE)
    assert sources(selection)[0] == "mark"


def test_several_marks_are_joined() -> None:
    """The endpoint's attribute and what its code said."""
    selection = selected(response=marked(PUBLIC_60, PRIVATE_60))

    assert str(selection.declared) == "private, max-age=60"


@pytest.mark.parametrize(
    ("default", "policy"),
    [
        (NO_STORE_EDGE, NO_STORE_EDGE),
        (LEGACY_2014, LEGACY_2014),
        (PUBLIC_60, NO_STORE),
        (APP_DECIDES, NO_STORE),
    ],
    ids=str,
)
def test_what_nocache_means(default: Policy, policy: Policy) -> None:
    """The default where that is never-store, else NO_STORE."""
    selection = selected(response=marked(None), default=default)

    assert selection.policies == (policy,)


@pytest.mark.parametrize(
    ("mode", "rule_mode", "chosen"),
    [
        ("override", None, "override"),
        ("override", "if-missing", "if-missing"),
        ("report", "stricter", "stricter"),
    ],
)
def test_a_rule_s_mode(mode: Mode, rule_mode: Mode | None, chosen: Mode) -> None:
    """Its own, else the middleware's."""
    rule = Rule("/a", PUBLIC_60, mode=rule_mode)

    assert selected(rule, mode=mode).mode == chosen


def test_a_mark_s_mode() -> None:
    """A mark has its own, whatever the middleware's."""
    assert selected(response=marked(PUBLIC_60), mode="override").mode == "stricter"


@pytest.mark.parametrize(
    ("modes", "joined"),
    [
        (["report", "report"], "report"),
        (["report", "override"], "override"),
        (["override", "if-missing"], "if-missing"),
        (["if-missing", "stricter", "report"], "stricter"),
    ],
)
def test_joined_modes(modes: list[Mode], joined: Mode) -> None:
    """``report`` only if all; else stricter, if-missing, override."""
    choices = tuple(Choice(NO_STORE, m, m, ALL_GUARDS) for m in modes)

    assert Selection(choices, ("/",)).mode == joined


def test_a_guard_is_off_only_if_all_say_so() -> None:
    """A floor with all guards keeps those that the rule switched off."""
    rule = Rule("/a", PUBLIC_60, guards=["cookie"])
    floor = Rule("/**", PUBLIC_60, floor=True, guards=["set_cookie"])

    assert selected(rule).guards == {"cookie"}
    assert selected(rule, floor).guards == {"cookie", "set_cookie"}


@pytest.mark.parametrize(("floor", "on"), [(False, False), (True, True)])
def test_a_rule_that_names_an_error_speaks_for_it(floor: bool, on: bool) -> None:
    """The guard is off for a rule that decides, and a floor decides nothing."""
    rule = Rule("/a", PUBLIC_60, status=404, floor=floor)
    selection = selected(rule, response=ResponseFacts(404))

    assert ("error_status" in selection.guards) is on


def test_a_floor_beside_a_rule_keeps_the_guard_on() -> None:
    """A floor beside the rule has not named the status."""
    rules = Rule("/a", PUBLIC_60, status=404), Rule("/**", PUBLIC_60, floor=True)
    selection = selected(*rules, response=ResponseFacts(404))

    assert "error_status" in selection.guards


@pytest.mark.parametrize(
    ("policies", "text"),
    [
        ([APP_DECIDES], None),
        ([APP_DECIDES, REVALIDATE], str(REVALIDATE.cache_control)),
        ([PRIVATE_60, Policy(CacheControl(no_cache=True))],
         "private, no-cache, must-revalidate, max-age=0"),
        ([PUBLIC_60, NO_STORE], "no-store"),
    ],
)  # fmt: skip
def test_what_all_allow(policies: list[Policy], text: str | None) -> None:
    """The join; ``None`` where the app decides."""
    choices = tuple(Choice(p, "stricter", "", ALL_GUARDS) for p in policies)
    control = Selection(choices, ("/",)).declared

    assert (control and str(control)) == text


@pytest.mark.parametrize(
    ("policies", "default", "policy"),
    [
        ([NO_STORE_MINIMAL], NO_STORE, NO_STORE_MINIMAL),
        ([NO_STORE_MINIMAL, LEGACY_2014], NO_STORE, LEGACY_2014),
        ([NO_STORE, NO_STORE_EDGE, PUBLIC_60], NO_STORE_MINIMAL, NO_STORE_EDGE),
        ([PUBLIC_60], NO_STORE_EDGE, NO_STORE_EDGE),
        ([PUBLIC_60], PUBLIC_60, NO_STORE),
    ],
)
def test_whose_text_a_never_store_decision_takes(
    policies: list[Policy], default: Policy, policy: Policy
) -> None:
    """The selected one's, the fullest of several, else the default's."""
    choices = tuple(Choice(p, "stricter", "", ALL_GUARDS) for p in policies)

    assert Selection(choices, ("/",)).never_store_policy(default) is policy


# Credentials, and callables that fail


@pytest.mark.parametrize("request_", [GET, COOKIE], ids=["without", "with"])
def test_a_selection_that_depends_on_credentials(request_: RequestFacts) -> None:
    """Whether or not the condition held (RFC 9110 section 12.5.5)."""
    rules = Rule("/a", NO_STORE, credentials=True), Rule("/a", PUBLIC_60)

    assert selected(*rules, request=request_).depends_on_credentials


def test_a_selection_that_does_not() -> None:
    """The negative twin: an earlier rule decided without asking."""
    rules = Rule("/a", PUBLIC_60), Rule("/**", NO_STORE, credentials=True)

    assert not selected(*rules).depends_on_credentials


def test_a_callable_that_raises_joins_the_default() -> None:
    """It is noted, the rule does not match, and no request fails."""

    def broken(request: RequestFacts, response: ResponseFacts) -> bool:
        raise LookupError("no such tenant")

    rules = Rule("/a", PUBLIC_60, when=broken), Rule("/**", PRIVATE_60)
    selection = selected(*rules)

    assert selection.policies == (PRIVATE_60, NO_STORE)
    assert selection.problems == (
        "rule 1, Rule('/a', PUBLIC(max_age=60)): when raised "
        "LookupError('no such tenant')",
    )


def test_a_callable_that_does_not() -> None:
    """The negative twin."""
    selection = selected(Rule("/a", PUBLIC_60, when=lambda request, response: True))

    assert selection.policies == (PUBLIC_60,)
    assert selection.problems == ()


def test_a_callable_sees_the_path_that_is_matched() -> None:
    """Relative to the mount, with all the other facts as they are."""
    seen: list[RequestFacts] = []
    request = RequestFacts(
        "POST",
        "/api/a?x",
        COOKIE.fields,
        path="/api/a",
        root_path="/api",
        scheme="https",
    )
    selected(
        Rule("/a", PUBLIC_60, when=lambda r, _: bool(seen.append(r))), request=request
    )

    assert seen == [
        RequestFacts(
            "POST",
            "/api/a?x",
            COOKIE.fields,
            path="/a",
            root_path="/api",
            scheme="https",
        )
    ]


# Nesting


def test_the_outer_default_gives_way_to_an_inner_instance() -> None:
    """The inner one stands for the app's own declaration."""
    inner = selected(default=PUBLIC_60)

    assert nested(inner, selected()).policies == (PUBLIC_60,)


def test_the_outer_rules_and_floors_do_not() -> None:
    """The negative twin: both are joined."""
    rules = Rule("/a", PRIVATE_60), Rule("/**", REVALIDATE, floor=True)
    outer = selected(*rules)

    assert nested(selected(default=PUBLIC_60), outer).policies == (
        PUBLIC_60,
        PRIVATE_60,
        REVALIDATE,
    )


def test_nothing_inside() -> None:
    """Without an inner instance, the outer selection stands."""
    assert nested(None, selected()) == selected()


def test_a_mark_after_the_inner_instance_is_one_voice_more() -> None:
    """What is inside has spoken, so a later mark can only be joined."""
    response = ResponseFacts(marks=(Mark(PUBLIC_60),), inner=selected())

    assert selected(response=response).policies == (NO_STORE, PUBLIC_60)

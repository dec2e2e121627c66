"""Rules: their order, what shadows them, and what they refuse."""

import re
import warnings
from typing import Any

import pytest

from asgi_nocache import (
    NO_STORE,
    PUBLIC,
    ConfigurationError,
    Rule,
)
from asgi_nocache._core.guards import ALL_GUARDS
from asgi_nocache._core.rules import RuleSet

PUBLIC_60 = PUBLIC(max_age=60)


def numbers(rules: list[Rule], path: str) -> list[int]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [number for number, _ in RuleSet(rules).for_path(path)]


# Rules in order


def test_rules_are_numbered_from_one_in_order() -> None:
    """Whatever kind of path they have."""
    rules = [
        Rule("/b", NO_STORE),
        Rule(re.compile("/a[0-9]*"), NO_STORE),
        Rule("/a/**", NO_STORE),
        Rule(None, NO_STORE),
        Rule("/a", NO_STORE),
    ]

    assert numbers(rules, "/a") == [2, 3, 4, 5]
    assert numbers(rules, "/x") == [4]


@pytest.mark.parametrize(("path", "found"), [("/a1", [1]), ("/a1/b", []), ("x/a1", [])])
def test_a_regular_expression_matches_the_whole_path(
    path: str, found: list[int]
) -> None:
    """``fullmatch``, so that nothing slips in behind."""
    assert numbers([Rule(re.compile("/a[0-9]"), NO_STORE)], path) == found


@pytest.mark.parametrize(
    ("default", "policy"), [(PUBLIC_60, NO_STORE), (NO_STORE, NO_STORE)]
)
def test_what_nocache_means(default: object, policy: object) -> None:
    """The default, if that is never-store."""
    assert RuleSet(default=default).never_store is policy  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        (Rule("/a", NO_STORE), "Rule('/a', NO_STORE)"),
        (Rule(None, NO_STORE, floor=True), "Rule(None, NO_STORE, floor=True)"),
        (Rule(re.compile("/a+"), NO_STORE), "Rule('/a+', NO_STORE)"),
    ],
)  # fmt: skip
def test_repr(rule: Rule, shown: str) -> None:
    """Short enough for a log line."""
    assert repr(rule) == shown


def test_a_one_shot_iterable_survives() -> None:
    """It is read once, kept as a tuple, and can be shown again."""
    rule = Rule("/a", NO_STORE, methods=iter(["GET"]), guards=iter(["cookie"]))

    assert rule.methods == ("GET",)
    assert rule.guards == frozenset({"cookie"})
    assert rule.conditions.methods == {"GET", "HEAD"}


@pytest.mark.parametrize(
    "rules",
    [
        [Rule("/**", NO_STORE), Rule("/a", PUBLIC_60)],
        [Rule(None, NO_STORE), Rule("/a", PUBLIC_60)],
        [Rule(None, NO_STORE), Rule(re.compile("/a"), PUBLIC_60)],
        [Rule(re.compile("/a"), NO_STORE), Rule(re.compile("/a"), PUBLIC_60)],
        [Rule("/a", NO_STORE, methods=["GET"]), Rule("/a", NO_STORE, methods=["HEAD"])],
        [Rule("/b", NO_STORE), Rule("/{x}", NO_STORE), Rule("/a", PUBLIC_60)],
    ],
)
def test_a_shadowed_rule_is_a_warning(rules: list[Rule]) -> None:
    """It names both rules by number and says what to do."""
    words = rf"rule {len(rules)}, Rule\(.* never applies: rule {len(rules) - 1}, .*drop"
    with pytest.warns(UserWarning, match=words):
        RuleSet(rules)


@pytest.mark.parametrize(
    "rules",
    [
        [Rule("/a", PUBLIC_60), Rule("/**", NO_STORE)],
        [Rule("/**", NO_STORE, floor=True), Rule("/a", PUBLIC_60)],
        [Rule("/**", NO_STORE), Rule("/a", PUBLIC_60, floor=True)],
        [Rule("/**", NO_STORE, methods=["POST"]), Rule("/a", PUBLIC_60)],
        [Rule("/a", NO_STORE, credentials=True), Rule("/a", PUBLIC_60)],
        [Rule(re.compile("/.*"), NO_STORE), Rule("/a", PUBLIC_60)],
        [Rule("/b", NO_STORE), Rule(None, PUBLIC_60)],
    ],
)
def test_a_rule_that_can_apply_is_silent(rules: list[Rule]) -> None:
    """The negative twin; warnings are errors here."""
    assert RuleSet(rules).rules == tuple(rules)


# What a rule refuses


def problems(path: object = "/a", policy: object = NO_STORE, **rest: object) -> str:
    with pytest.raises(ConfigurationError) as caught:
        Rule(path, policy, **rest)  # type: ignore[arg-type]
    assert caught.value.place.startswith("Rule(")
    (problem,) = caught.value.problems
    return problem


async def answer(request: object, response: object) -> bool:
    return False


LISTS = ["methods", "hosts", "media_types", "tags", "guards"]


@pytest.mark.parametrize("name", LISTS)
def test_a_bare_string_where_a_list_is_expected(name: str) -> None:
    """The remedy is the same with brackets."""
    assert problems(**{name: "x"}) == f"{name}='x' is not a list; write {name}=['x']"


@pytest.mark.parametrize("name", ["methods", "hosts", "media_types", "tags",
                                  "endpoints", "status"])  # fmt: skip
@pytest.mark.parametrize("empty", [[], (), iter([])], ids=["list", "tuple", "one-shot"])
def test_an_empty_list_matches_nothing(name: str, empty: object) -> None:
    """A rule that can never apply is a mistake."""
    assert "is empty; leave it out to match all" in problems(**{name: empty})


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("methods", ["get"], "methods: 'get' is not a known method; write 'GET'"),
        ("methods", ["FETCH"], "methods: 'FETCH' is not a known method; choose CO"),
        ("methods", 5, "methods=5 is not a list; write methods=[5]"),
        ("hosts", ["a/b"], "hosts: 'a/b' cannot match; write it like 'example.com'"),
        ("hosts", ["a.com:80"], "hosts: 'a.com:80' cannot match"),
        ("hosts", ["a.*"], "hosts: 'a.*' cannot match"),
        ("media_types", ["html"], "media_types: 'html' cannot match; write it like"),
        ("media_types", ["*/*"], "media_types: '*/*' cannot match"),
        ("tags", [5], "tags: 5 is not a text"),
        ("tags", [""], "tags: '' is not a text"),
        ("endpoints", 5, "endpoints=5 is not a list; write endpoints=[5]"),
        ("status", 99, "status: 99 is not a status code; give one from 100 to 599"),
        ("status", [200, 600], "status: 600 is not a status code"),
        ("status", True, "status: True is not a status code"),
        ("status", ["404"], "status: '404' is not a status code"),
        ("status", [[404]], "status: [404] is not a status code"),
        ("status", "404", "status='404' is no status code; write status=404"),
        ("status", 4.5, "status=4.5 is no status code"),
        ("credentials", "yes", "credentials='yes' is not a flag; give True or False"),
        ("reason", [], "reason=[] is not a text; quote it"),
        ("floor", None, "floor=None is not a flag; give True or False"),
        ("mode", "strict", "mode='strict' is unknown; choose 'stricter', 'override'"),
        ("guards", ["cookies"], "guards: 'cookies' is unknown; choose ambiguous"),
        ("when", "x", "when='x' is not callable; give a function of (request, resp"),
        ("when", answer, f"when={answer!r} is async, so it is always true; give a"),
        ("policy", PUBLIC, "policy=PUBLIC is not a Policy; call it, as in PUBLIC(max_"),
        ("policy", "no-store", "policy='no-store' is not a Policy; use a preset"),
        ("path", 5, "path=5 is not a path pattern; write one like '/items/**'"),
        ("path", "a", "path 'a' has no leading slash; write '/a'"),
        ("path", "/<int:x>", "path '/<int:x>' uses Flask's '<int:x>'; write '/{x"),
        ("path", re.compile(b"/a"), "path=re.compile(b'/a') is"),
    ],
)  # fmt: skip
def test_a_bad_argument(name: str, value: object, words: str) -> None:
    """The value, what is wrong, the remedy."""
    assert problems(**{name: value}).startswith(words)


def test_all_problems_at_once() -> None:
    """Nobody mends them one restart at a time; the place is the rule."""
    with pytest.raises(ConfigurationError) as caught:
        Rule("a", PUBLIC, methods="get", status=1, mode="x", floor=2)  # type: ignore[arg-type]

    assert len(caught.value.problems) == 6
    assert str(caught.value).startswith("Rule('a', <function PUBLIC")


# What a rule set refuses


@pytest.mark.parametrize("rules", ["/a", Rule("/a", NO_STORE), None, 5])
def test_rules_that_are_no_list(rules: object) -> None:
    """One rule is not a list of rules."""
    with pytest.raises(
        ConfigurationError, match="is not a list of rules; write rules="
    ):
        RuleSet(rules)  # type: ignore[arg-type]


@pytest.mark.parametrize("guards", ["", "cookie", None, ["cookies"]])
def test_guards_are_not_switched_off_by_accident(guards: object) -> None:
    """A guard is off only where it was left out of a list of names."""
    with pytest.raises(ConfigurationError):
        RuleSet(guards=guards)  # type: ignore[arg-type]


@pytest.mark.parametrize("guards", [[], ["cookie"], ALL_GUARDS])
def test_guards_are_switched_off_by_name(guards: list[str]) -> None:
    """The negative twin: an empty list switches all off."""
    assert RuleSet(guards=guards).guards == frozenset(guards)


def test_a_rule_set_names_all_its_problems() -> None:
    """With the number of the rule, and the place that was asked for."""
    with pytest.raises(ConfigurationError) as caught:
        RuleSet([Rule("/a", NO_STORE), "/b"], default=PUBLIC, mode="x", place="here")  # type: ignore[arg-type, list-item]

    first, *rest = caught.value.problems
    assert first.startswith("rules: number 2, '/b', is not a Rule; write Rule(")
    assert len(rest) == 2
    assert caught.value.place == "here"


@pytest.mark.parametrize("when", [lambda: True, lambda request: True])
def test_a_function_must_take_both_facts(when: Any) -> None:
    """Found where it is written, not at the first request."""
    with pytest.raises(ConfigurationError, match="does not take two arguments"):
        Rule("/a", NO_STORE, when=when)


@pytest.mark.parametrize("when", [max, type("C", (), {"__call__": max})()])
def test_a_function_that_does_not_tell_is_believed(when: Any) -> None:
    """Some builtins have no signature."""
    Rule("/a", NO_STORE, when=when)

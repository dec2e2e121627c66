"""Rules to a file's values and back: nothing is lost; what cannot be said is told."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    Rule,
)
from asgi_nocache._core.guards import ALL_GUARDS
from asgi_nocache._core.rules import MODES
from asgi_nocache.config import Config, Settings, as_mapping, as_toml, read_config

POLICIES = st.sampled_from(
    [
        NO_STORE,
        NO_STORE_MINIMAL,
        NO_STORE_EDGE,
        LEGACY_2014,
        REVALIDATE,
        APP_DECIDES,
        PRIVATE(max_age=5),
        PUBLIC(max_age=9, s_maxage=3, vary=["Accept"], shared_with_credentials=True),
        Policy(CacheControl(private=True, max_age=60), "brief"),
        Policy(CacheControl(private=True, max_age=61), "brief"),  # the same name
        Policy(CacheControl(no_store=True), "Odd name", clear_site_data=True),
        Policy(
            CacheControl(max_age=1, extensions=(("a", None), ("b", '"1, 2"'))),
            "edge-1",
            beside=(
                ("surrogate-control", "max-age=1"),
                ("acme-cdn-cache-control", "x"),
            ),
            strip_validators=True,
        ),
        Policy(CacheControl(no_store=True), "no-store"),  # the name of a preset
    ]
)
GUARDS = st.none() | st.frozensets(st.sampled_from(sorted(ALL_GUARDS)))
FLAGS = st.none() | st.booleans()


def some(*values: Any) -> Any:
    return st.none() | st.lists(st.sampled_from(values), min_size=1, max_size=2)


RULES = st.builds(
    Rule,
    st.sampled_from(
        ["/a", "/a/**", "/{id:int}", re.compile("/b[0-9]"), "/ü \"'\n"[:4]]
    ),
    POLICIES,
    methods=some("GET", "POST", "QUERY"),
    hosts=some("example.com", "*.example.com"),
    status=st.none() | st.sampled_from([200, (404, 410), range(400, 600)]),
    media_types=some("text/html", "image/*"),
    endpoints=some("shop.views.*", "/items/{id}"),
    tags=some("a", "b"),
    credentials=FLAGS,
    mode=st.none() | st.sampled_from(MODES),
    floor=st.booleans(),
    guards=GUARDS,
    reason=st.sampled_from(["", "since", 'quoted "\\" ü']),
)
SETTINGS = st.builds(
    Settings,
    default=st.none() | POLICIES,
    mode=st.none() | st.sampled_from(MODES),
    guards=GUARDS,
    error_response=FLAGS,
    reject_ambiguous=FLAGS,
    refuse_prefetch=FLAGS,
)


def meaning(rule: Rule) -> tuple[Any, ...]:
    """Return what a rule says, however it was written."""
    policy = rule.policy
    return (
        rule.path,
        policy,
        policy.clear_site_data,
        policy.shared_with_credentials,
        rule.conditions,
        rule.mode,
        rule.floor,
        rule.guards,
        rule.reason,
    )


@given(st.lists(RULES, max_size=4), SETTINGS)
def test_rules_to_a_file_and_back(rules, settings):
    """Config to rules to config, and rules to config to rules."""
    values = as_mapping(rules, settings)
    if settings.mode == "report" or any(rule.mode == "report" for rule in rules):
        values["report-until"] = date(2027, 1, 31)
    config = read_config(tomllib.loads(as_toml(values)))

    assert list(map(meaning, config.rules)) == list(map(meaning, rules))
    for name in ("default", "mode", "guards", "error_response", "reject_ambiguous"):
        assert getattr(config.settings, name) == getattr(settings, name)
    assert as_mapping(config.rules, config.settings) == values


def test_names_are_kept():
    """A policy that has one is defined once, and named."""
    brief = Policy(CacheControl(private=True, max_age=60), "brief")
    values = as_mapping(
        [Rule("/a", brief), Rule("/b", brief)],
        Settings(mode="report", report_until=date(2027, 1, 31)),
    )

    assert tomllib.loads(as_toml(values)) == values
    assert values == {
        "mode": "report",
        "report-until": date(2027, 1, 31),
        "policies": {"brief": {"cache-control": "private, max-age=60"}},
        "rules": [{"path": "/a", "policy": "brief"}, {"path": "/b", "policy": "brief"}],
    }


def test_whole_classes_of_statuses_are_one_word():
    (rule,) = as_mapping([Rule("/a", NO_STORE, status=[*range(400, 500), 503])])[
        "rules"
    ]

    assert rule["status"] == ["4xx", 503]


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (Rule("/a", NO_STORE, when=lambda a, b: True), "is code; keep it in Python"),
        (
            Rule(re.compile("/a", re.IGNORECASE), NO_STORE),
            "the pattern has flags; write",
        ),
        (Rule(None, NO_STORE), "is for everything; write '/**', or the default"),
    ],
)
def test_what_a_file_cannot_say(rule, problem):
    """Refused, all at once, and never left out."""
    with pytest.raises(ConfigurationError) as caught:
        as_mapping([Rule("/ok", NO_STORE), rule, rule])

    first, second = caught.value.problems
    assert first.startswith("rule 2, Rule(")
    assert second.startswith("rule 3, Rule(")
    assert problem in first


def test_a_rule_without_a_path():
    """It has a condition, then."""
    rule = Rule(None, NO_STORE, status=404)

    assert as_mapping([rule])["rules"] == [{"policy": "no-store", "status": [404]}]
    assert meaning(read_config(as_mapping([rule])).rules[0]) == meaning(rule)


def test_an_empty_policy_comes_to_nothing():
    assert as_mapping([]) == {}
    assert isinstance(read_config({}), Config)

"""Cloudflare's zone rules: the form of the file. No real edge runs them here."""

from __future__ import annotations

import json
from typing import Any

import pytest
from golden_files import hold

from asgi_nocache import APP_DECIDES, NO_STORE, NO_STORE_EDGE, PRIVATE, PUBLIC, Rule
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export import Export, NotExpressibleError, heading
from asgi_nocache.export.cloudflare import TARGET
from asgi_nocache.export.compile import compile_plan
from asgi_nocache.export.fit import fit

PHASES = [
    "http_request_cache_settings",
    "http_response_cache_settings",
    "http_response_headers_transform",
]
#: Characters that an expression may have.
LONGEST = 4096


def exported(*rules: Rule, widen: bool = False) -> Export:
    plan = fit(compile_plan(RuleSet(rules), widen=widen), TARGET, widen=widen)
    return TARGET.write(plan, heading(TARGET, plan, "shop:app"))


def phases_of(*rules: Rule, widen: bool = False) -> dict[str, list[Any]]:
    body = json.loads(exported(*rules, widen=widen).files[0].text)
    return {each["phase"]: each["rules"] for each in body["phases"]}


def expressions(*rules: Rule) -> str:
    return "\n".join(
        each["expression"] for phase in phases_of(*rules).values() for each in phase
    )


STATIC = Rule("/static/**", PUBLIC(max_age=3600), mode="override", reason="hashed")
ME = Rule("/me", PRIVATE(max_age=30), mode="override", methods=["GET"])
DRAFTS = Rule("/static/drafts/**", NO_STORE)


def test_the_small_policy_is_the_golden_file() -> None:
    text = exported(STATIC, ME).files[0].text

    hold(text, "cloudflare.json")
    assert text == exported(STATIC, ME).files[0].text


def test_the_structure_is_a_merge_and_no_ruleset() -> None:
    export = exported(DRAFTS, STATIC, ME)
    body = json.loads(export.files[0].text)

    assert body["merge"]["keep_other_rules"] is True
    assert "Not verified on a real edge." in body["about"]
    assert [each["phase"] for each in body["phases"]] == PHASES
    for phase in body["phases"]:
        refs = [rule["ref"] for rule in phase["rules"]]
        assert len(refs) == len({*refs})
        for rule in phase["rules"]:
            assert {*rule} == {
                "ref", "description", "expression", "action", "action_parameters",
                "enabled",
            }  # fmt: skip
            assert rule["ref"].startswith("nocache_")
            assert len(rule["expression"]) <= LONGEST
            assert rule["expression"].count("(") == rule["expression"].count(")")


def test_the_default_comes_first_and_is_closed() -> None:
    storage, _, visitor = phases_of(DRAFTS, STATIC).values()

    assert storage[0]["expression"] == visitor[0]["expression"] == "true"
    assert storage[0]["action_parameters"] == {"cache": False}
    assert [rule["action_parameters"]["cache"] for rule in storage] == [
        False, True, False,
    ]  # fmt: skip
    fields = visitor[0]["action_parameters"]["headers"]
    assert "no-store" in fields["cache-control"]["value"]
    assert fields["etag"] == {"operation": "remove"}


def test_all_answers_speak_of_the_same_fields() -> None:
    visitor = phases_of(DRAFTS, STATIC, ME)["http_response_headers_transform"]
    named = [{*rule["action_parameters"]["headers"]} for rule in visitor]

    assert {frozenset(each - {"etag", "last-modified"}) for each in named} == {
        frozenset(named[0] - {"etag", "last-modified"})
    }


def test_what_relaxes_asks_for_the_raw_path_and_for_no_error() -> None:
    storage, _, visitor = phases_of(STATIC).values()

    for rule in (storage[1], visitor[1]):
        assert "remove_bytes(raw.http.request.uri.path" in rule["expression"]
        assert " http.request.uri.path" not in rule["expression"]
    assert 'cf.response.error_type eq ""' in visitor[1]["expression"]


def test_what_may_be_closed_by_the_request_is_not_served_from_the_cache() -> None:
    storage = phases_of(STATIC)["http_request_cache_settings"]

    assert '{"authorization"}' in storage[1]["expression"]
    assert "not (not (http.request.method in" in storage[1]["expression"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule("/a", NO_STORE), ""),
        (Rule("/p/*", PUBLIC(max_age=1), mode="override"), 'matches "^/p/[^/]+$"'),
        (Rule("/**", PUBLIC(max_age=1), mode="override"), "remove_bytes"),
        (
            Rule("/a", PUBLIC(max_age=1), mode="override", hosts=["A.example", "*.b.example"]),  # noqa: E501
            'ends_with(lower(http.host), ".b.example")',
        ),
        (
            Rule("/a", PUBLIC(max_age=1), mode="override", status=200),
            "http.response.code eq 200",
        ),
        (
            Rule("/a", PUBLIC(max_age=1), mode="override", media_types=["text/css", "image/*"]),  # noqa: E501
            'starts_with(http.response.content_type.media_type, "image/")',
        ),
        (
            Rule("/a.css", PUBLIC(max_age=1), mode="override"),
            'contains "html"',
        ),
        (
            Rule('/a"\\"'.replace("\\", ""), PUBLIC(max_age=1), mode="override"),
            'eq "/a\\"\\""',
        ),
    ],
)  # fmt: skip
def test_questions(rule: Rule, expected: str) -> None:
    assert expected in expressions(rule)


def test_strict_paths_are_meant_in_any_letter_case() -> None:
    text = expressions(DRAFTS, Rule("/static/X*.y", NO_STORE), STATIC)

    assert 'lower(raw.http.request.uri.path) eq "/static/drafts"' in text
    assert 'starts_with(lower(raw.http.request.uri.path), "/static/drafts.")' in text
    assert 'matches "(?i)^/static/X' in text


def test_patterns_need_a_larger_plan() -> None:
    pattern = exported(Rule("/p/*", PUBLIC(max_age=1), mode="override"))
    many = [Rule(f"/{n}", PUBLIC(max_age=1), mode="override") for n in range(5)]

    assert json.loads(pattern.files[0].text)["plans"] == ["Business", "Enterprise"]
    assert json.loads(exported(*many).files[0].text)["plans"] == [
        "Business", "Enterprise",
    ]  # fmt: skip
    assert "for the plans Free, Pro" in exported().gaps[-1]


@pytest.mark.parametrize(
    "rule", [Rule("/a", APP_DECIDES), Rule("/a", PUBLIC(max_age=1))]
)
def test_the_apps_own_words_are_refused_or_closed(rule: Rule) -> None:
    with pytest.raises(NotExpressibleError, match=r"rule 1, .*mode='override'"):
        exported(rule)

    assert "max-age=1" not in exported(rule, widen=True).files[0].text.replace(
        "max_age=1", ""
    )


def test_a_thousand_rules_are_refused_in_words() -> None:
    rules = [Rule(f"/{n}", PUBLIC(max_age=1), mode="override") for n in range(1000)]
    with pytest.raises(NotExpressibleError, match="rules are too many"):
        exported(*rules)


def test_what_is_too_long_is_refused_in_words() -> None:
    with pytest.raises(NotExpressibleError, match="characters is too long"):
        exported(Rule("/" + "a" * 4000, PUBLIC(max_age=1), mode="override"))


def test_odd_reasons_stay_in_their_strings() -> None:
    rule = Rule("/a", NO_STORE_EDGE, reason='"}\n]\x00 ü')
    text = exported(rule, Rule("/**", PUBLIC(max_age=1), mode="override")).files[0].text

    assert json.loads(text)
    assert '\\"}' in text
    assert "\\n]" not in text

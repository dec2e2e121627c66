"""The text for Traefik: what stands in it, and how it grows."""

import json
import re

import pytest
from golden_files import hold

from asgi_nocache import APP_DECIDES, NO_STORE, PRIVATE, PUBLIC, REVALIDATE, Rule
from asgi_nocache._core.policy import Policy
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export import heading, traefik
from asgi_nocache.export.compile import compile_plan
from asgi_nocache.export.fit import fit
from asgi_nocache.export.losses import NotExpressibleError
from asgi_nocache.export.paths import PLAIN, PathForm
from asgi_nocache.export.plan import Answer, Case, Entry, Plan, Say
from asgi_nocache.export.target import Export, Heading

OPEN = {"mode": "override", "guards": []}
SMALL = RuleSet(
    [
        Rule("/static/**", PUBLIC(max_age=3600), reason="hashed file names", **OPEN),
        Rule("/me", PRIVATE(max_age=30), methods=["GET"], **OPEN),
    ]
)


def exported(policy_set: RuleSet) -> Export:
    plan = fit(compile_plan(policy_set), traefik.TARGET)
    return traefik.TARGET.write(plan, heading(traefik.TARGET, plan, "shop:app"))


def rules(*given: Rule) -> str:
    """Return the file for *given*, with texts as they are read."""
    return exported(RuleSet(given)).files[0].text.replace("\\\\", "\\")


def test_the_small_policy_is_the_golden_file() -> None:
    hold(exported(SMALL).files[0].text, "traefik.yaml")


def test_the_same_twice() -> None:
    assert exported(SMALL) == exported(SMALL)


def test_a_rule_with_guards_that_ask_of_the_response_is_refused() -> None:
    with pytest.raises(NotExpressibleError, match="Traefik cannot look at the status"):
        exported(RuleSet([Rule("/a", PUBLIC(max_age=1))]))


def test_an_open_folder_asks_how_the_path_was_sent() -> None:
    said = rules(Rule("/a/**", PUBLIC(max_age=1), **OPEN))

    assert (f'PathRegexp(`{PLAIN}`) && (Path(`/a`) || PathPrefix(`/a/`))"') in said


def test_one_plain_path_is_its_own_check() -> None:
    assert 'rule: "Path(`/a`)"' in rules(Rule("/a", PUBLIC(max_age=1), **OPEN))


@pytest.mark.parametrize("path", ["/a b", "/ü", "/a//b", "/100%"])
def test_one_path_that_is_never_plain_is_never_open(path: str) -> None:
    said = rules(Rule(path, PUBLIC(max_age=1), **OPEN))

    assert f"PathRegexp(`{PLAIN}`) && PathRegexp(" in said


def test_a_pattern() -> None:
    said = rules(Rule("/a/*.css", PUBLIC(max_age=1), **OPEN))

    assert r"&& PathRegexp(`(?s)^/a/[^/]*\.css$`)" in said


def test_what_is_strict_takes_its_shadows_and_no_check() -> None:
    said = rules(Rule("/a/b/**", NO_STORE), Rule("/a/**", PUBLIC(max_age=1), **OPEN))

    assert 'rule: "PathRegexp(`(?is)^/a/b' in said
    assert said.index("(?is)^/a/b") < said.index("PathPrefix(`/a/`)")


def test_hosts_methods_and_fields() -> None:
    said = rules(
        Rule(
            "/a",
            PUBLIC(max_age=1),
            hosts=["a.example", "*.b.example"],
            mode="override",
            guards=["authorization", "unsafe_method"],
        ),
        Rule("/b", PUBLIC(max_age=1), hosts=["b.example"], methods=["POST"], **OPEN),
    )

    assert r"(HostRegexp(`(?i)^.*\.b\.example$`) || Host(`a.example`))" in said
    assert "!(Method(`GET`) || Method(`HEAD`) || Method(`OPTIONS`))" in said
    assert "HeaderRegexp(`Authorization`, `^`)" in said
    assert "Host(`b.example`) && Method(`POST`) && Path(`/b`)" in said


def test_a_strict_rule_for_reads_only_has_no_router_for_the_rest() -> None:
    said = rules(
        Rule("/a/**", NO_STORE, methods=["GET"]),
        Rule("/a/**", PUBLIC(max_age=1), **OPEN),
    )

    assert "nocache-rule-1-read:" in said
    assert "nocache-rule-1:" not in said


def test_a_strict_rule_for_other_methods_strips_nothing() -> None:
    said = rules(
        Rule("/a/**", NO_STORE, methods=["POST"]),
        Rule("/a/**", PUBLIC(max_age=1), **OPEN),
    )

    assert "nocache-rule-1:" in said
    assert "nocache-rule-1-read:" not in said


def test_a_rule_for_every_path() -> None:
    said = rules(Rule("/**", REVALIDATE, **OPEN))

    assert f'rule: "PathRegexp(`{PLAIN}`)"' in said


def written(answer: Answer) -> str:
    never = Answer(Say.NEVER, (("cache-control", "no-store"),))
    entries = tuple(
        Entry(1, "Rule()", PathForm(path), (Case(answer),)) for path in ("/a", "/b")
    )
    plan = Plan(entries, never, "0")
    return traefik.TARGET.write(plan, Heading(("head",))).files[0].text


def test_the_app_s_own_words_stay() -> None:
    said = written(Answer(Say.KEEP))

    router = said.split("nocache-rule-1:\n")[1].split("nocache-rule-1-2:\n")[0]
    assert "middlewares" not in router


def test_what_else_the_app_says_goes() -> None:
    said = written(Answer(Say.KEEP, (), ("pragma",)))

    assert 'middlewares: ["nocache-rule-1"]' in said
    assert "nocache-rule-1:\n      headers:\n        customResponseHeaders:\n" in said


def test_validators_go_where_the_policy_says_so() -> None:
    policy = Policy(NO_STORE.cache_control, "BARE", strip_validators=True)
    said = exported(RuleSet([], default=policy)).files[0].text

    assert 'ETag: ""' in said


def test_nothing_breaks_out() -> None:
    odd = 'x"\n{{ y }}\u2028`'
    said = rules(
        Rule("/q`'\"", PUBLIC(max_age=1), reason=odd, **OPEN),
        Rule("/(a)`/**", PUBLIC(max_age=1), reason="é" * 9999, **OPEN),
    )

    assert '# Reason: x"\\u000a{ { y }}\\u2028`\n' in said
    assert "{{" not in said
    assert 'PathRegexp(\\"(?s)^/q`' in said
    assert "é" * 9999 in said


def test_a_thousand_rules() -> None:
    many = [Rule(f"/a{n}/**", PUBLIC(max_age=n), **OPEN) for n in range(1000)]
    said = rules(*many)

    assert len(said) < 1_000_000
    assert said.count("priority: ") == 1003
    assert "priority: 1003\n" in said
    assert "priority: 1\n" in said


def test_where_the_app_decides_nothing_is_done_to_the_response() -> None:
    text = rules(Rule("/a", APP_DECIDES, guards=[]))
    (router,) = re.findall(r"nocache-rule-1:\n(.*?)\n    #", text, re.DOTALL)

    assert "middlewares" not in router
    with pytest.raises(NotExpressibleError, match="fields of a response"):
        exported(RuleSet([Rule("/a", APP_DECIDES)]))


def test_the_service_is_named_where_it_is_to_be_defined() -> None:
    export = exported(SMALL)

    assert f"{traefik.SERVICE}: {{" in export.include
    assert json.dumps(traefik.SERVICE) in export.files[0].text
    assert max(map(len, export.include.splitlines())) <= 88

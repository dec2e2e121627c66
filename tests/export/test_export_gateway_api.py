"""The text for the Gateway API: golden, and within the bounds of its schema."""

import pytest
from golden_files import hold

from asgi_nocache import NO_STORE, NO_STORE_EDGE, PRIVATE, PUBLIC, Rule
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export import gateway_api, heading
from asgi_nocache.export.compile import compile_plan
from asgi_nocache.export.fit import fit
from asgi_nocache.export.losses import NotExpressibleError
from asgi_nocache.export.paths import PathForm
from asgi_nocache.export.plan import Answer, Case, Entry, Plan, Say
from asgi_nocache.export.target import Export, Heading

OPEN = {"mode": "override", "guards": []}
SMALL = RuleSet(
    [
        Rule("/favicon.ico", PUBLIC(max_age=60), reason="seldom changes", **OPEN),
        Rule("/me", PRIVATE(max_age=30), methods=["GET"], **OPEN),
    ]
)


def exported(policy_set: RuleSet, *, widen: bool = False) -> Export:
    target = gateway_api.TARGET
    plan = fit(compile_plan(policy_set, widen=widen), target, widen=widen)
    return target.write(plan, heading(target, plan, "shop:app"))


def rules(*given: Rule) -> str:
    return exported(RuleSet(given)).files[0].text


def test_the_small_policy_is_the_golden_file() -> None:
    hold(exported(SMALL).files[0].text, "gateway-api.yaml")


def test_the_same_twice_and_it_says_that_nobody_ran_it() -> None:
    assert exported(SMALL) == exported(SMALL)
    assert "# Not verified on a real edge" in exported(SMALL).files[0].text


@pytest.mark.parametrize("path", ["/static/**", "/**"])
def test_a_folder_is_not_opened(path: str) -> None:
    policy_set = RuleSet([Rule(path, PUBLIC(max_age=1), **OPEN)])

    with pytest.raises(NotExpressibleError, match="cannot ask how a path in a folder"):
        exported(policy_set)
    said = exported(policy_set, widen=True).files[0].text
    assert "public" not in said.partition("apiVersion")[2]


def test_what_is_strict_and_comes_first_is_refused() -> None:
    with pytest.raises(NotExpressibleError, match="what servers may take"):
        rules(Rule("/a", NO_STORE), Rule("/a.css", PUBLIC(max_age=1), **OPEN))


def test_methods_are_told_apart() -> None:
    said = rules(
        Rule("/a", PUBLIC(max_age=1), mode="override", guards=["unsafe_method"])
    )

    part = said.partition("Everything else")[0]
    assert [m for m in ("GET", "HEAD", "OPTIONS", "POST") if f'"{m}"' in part] == [
        "GET",
        "HEAD",
        "OPTIONS",
    ]
    assert 'type: "RegularExpression"' not in said


def test_the_first_rule_for_a_path_wins_whatever_the_api_prefers() -> None:
    said = rules(
        Rule("/a", PRIVATE(max_age=1), methods=["POST"], **OPEN),
        Rule("/a", PUBLIC(max_age=2), **OPEN),
    )
    private = said.partition('private, max-age=1"')[0].rpartition("- matches:")[2]
    public = said.partition('public, max-age=2"')[0].rpartition("- matches:")[2]

    assert 'method: "POST"' in private
    assert "method" not in public


def test_a_rule_for_every_path_takes_what_comes_after() -> None:
    said = rules(
        Rule("/**", NO_STORE_EDGE, methods=["POST"]),
        Rule("/a", PUBLIC(max_age=1), **OPEN),
    )
    public = said.partition('"public, max-age=1"')[0].rpartition("- matches:")[2]
    posts = said.partition('method: "POST"')[2]

    assert "method" not in public
    assert 'value: "/a"' in said.partition('method: "POST"')[0]
    assert "Surrogate-Control" in posts


@pytest.mark.parametrize("path", ["/ü", "/a b", "/" + "a" * 1024])
def test_a_path_that_no_route_can_have_keeps_the_default(path: str) -> None:
    export = exported(RuleSet([Rule(path, PUBLIC(max_age=1), **OPEN)]))

    assert '"Exact"' not in export.files[0].text
    assert "keeps the default" in export.gaps[-1]


def test_the_app_s_own_words() -> None:
    never = Answer(Say.NEVER, (), ("pragma",))
    answers = {"/a": Answer(Say.KEEP), "/b": Answer(Say.KEEP, (), ("pragma",))}
    entries = [
        Entry(1, "Rule()", PathForm(path), (Case(answer),))
        for path, answer in answers.items()
    ]
    plan = Plan(tuple(entries), never, "0")

    said = gateway_api.TARGET.write(plan, Heading(())).files[0].text
    keeps, removes = said.split("    - matches:")[1:3]
    assert "filters" not in keeps
    assert 'remove: ["Pragma"]' in removes
    assert "set:" not in said


def test_a_thousand_rules_are_many_routes() -> None:
    said = rules(*(Rule(f"/a{n}", PUBLIC(max_age=n), **OPEN) for n in range(1000)))
    routes = said.split("---\n")

    assert len(said) < 1_000_000
    assert len(routes) == 67
    assert {route.count("- matches:") for route in routes} <= {15, 12}
    assert len({r.partition("metadata:")[2][:30] for r in routes}) == 67


def test_a_rule_has_at_most_eight_matches() -> None:
    said = rules(*(Rule(f"/a{n}", PUBLIC(max_age=1), **OPEN) for n in range(20)))

    counts = [part.count('"Exact"') for part in said.split("- matches:")[1:]]
    assert counts == [8, 8, 4, 0, 0]

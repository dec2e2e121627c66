"""What one edge cannot match is refused by name, or never-store, and never dropped."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from asgi_nocache import (
    NO_STORE,
    PUBLIC,
    ConfigurationError,
    RequestFacts,
    ResponseFacts,
    Rule,
)
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export import export, heading, plan_for
from asgi_nocache.export.compile import compile_plan
from asgi_nocache.export.evaluate import evaluate
from asgi_nocache.export.fit import fit
from asgi_nocache.export.losses import NotExpressibleError
from asgi_nocache.export.plan import Plan
from asgi_nocache.export.target import ALL, Can, Export, Heading, Target

OPEN = PUBLIC(max_age=60)
FREE: dict[str, Any] = {"mode": "override", "guards": []}


def write(plan: Plan, heading: Heading) -> Export:
    return Export((), "")


def target(*without: Can, **given: Any) -> Target:
    return Target("box", "Box 1", write, ALL - {*without}, **given)


def fitted(rules: list[Rule], *without: Can, widen: bool = True, **given: Any) -> Plan:
    return fit(compile_plan(RuleSet(rules)), target(*without, **given), widen=widen)


def opens(plan: Plan, path: str) -> bool:
    return evaluate(plan, RequestFacts("GET", path), ResponseFacts(200)).answer.stores


NEEDS: list[tuple[Can, Rule]] = [
    (Can.METHODS, Rule("/a", OPEN, methods=["GET"], **FREE)),
    (Can.METHODS, Rule("/a", OPEN, mode="override", guards=["unsafe_method"])),
    (Can.HOSTS, Rule("/a", OPEN, hosts=["x.example"], **FREE)),
    (Can.PATTERNS, Rule("/a/*/b", OPEN, **FREE)),
    (Can.REQUEST_FIELDS, Rule("/a", OPEN, mode="override", guards=["authorization"])),
    (Can.STATUS, Rule("/a", OPEN, mode="override", guards=["error_status"])),
    (Can.STATUS, Rule("/a", OPEN, status=200, **FREE)),
    (Can.RESPONSE_FIELDS, Rule("/a", OPEN, mode="override", guards=["set_cookie"])),
    (Can.RESPONSE_FIELDS, Rule("/a", OPEN, guards=[])),
    (Can.MEDIA_TYPES, Rule("/a", OPEN, media_types=["text/css"], **FREE)),
    (Can.MEDIA_TYPES, Rule("/a/**", OPEN, mode="override",
                           guards=["extension_mismatch"])),
]  # fmt: skip


@pytest.mark.parametrize(("ability", "rule"), NEEDS, ids=lambda each: str(each))
def test_what_an_edge_must_be_able_to(ability: Can, rule: Rule) -> None:
    assert fitted([rule], widen=False) == compile_plan(RuleSet([rule]))

    with pytest.raises(NotExpressibleError) as raised:
        fitted([rule], ability, widen=False)
    told = str(raised.value)
    assert f"NC802 rule 1, {rule!r}: Box 1 cannot {ability.value}" in told
    widened = fitted([rule], ability)
    for path in ("/a", "/a/b", "/a/x/b"):
        assert not opens(widened, path)
    assert any("rule 1" in note for note in widened.notes)


def test_folders_and_paths_need_nothing() -> None:
    rules = [Rule("/a/**", OPEN, **FREE), Rule("/b", OPEN, **FREE)]
    rules.append(Rule("/**", OPEN, **FREE))

    assert len(fitted(rules, *Can, widen=False).entries) == 3


def test_shadows() -> None:
    rules = [Rule("/a/x/**", NO_STORE), Rule("/a/**", OPEN, **FREE)]

    with pytest.raises(NotExpressibleError, match="in any letter case"):
        fitted(rules, Can.SHADOWS, widen=False)


def test_what_cannot_be_shut_shuts_what_comes_after() -> None:
    """And nothing before it, nor what it does not reach."""
    rules = [
        Rule("/a/first", OPEN, **FREE),
        Rule("/a/x/**", NO_STORE),
        Rule("/a/**", OPEN, **FREE),
        Rule("/b/**", OPEN, **FREE),
    ]
    plan = fitted(rules, Can.SHADOWS)

    assert opens(plan, "/a/first")
    assert not opens(plan, "/a/x/1")
    assert not opens(plan, "/a/y")
    assert opens(plan, "/b/y")


def test_what_can_be_shut_shuts_only_itself() -> None:
    rules = [
        Rule("/a/x", OPEN, hosts=["x.example"], **FREE),
        Rule("/a/**", OPEN, **FREE),
    ]
    plan = fitted(rules, Can.HOSTS)

    assert not opens(plan, "/a/x")
    assert opens(plan, "/a/y")


def test_too_many() -> None:
    rules = [Rule(f"/{n}", OPEN) for n in range(3)]

    assert len(fitted(rules, most=3, widen=False).entries) == 3
    for widen in (True, False):
        with pytest.raises(NotExpressibleError, match="the number of boxes is 2"):
            fitted(rules, most=2, limit="the number of boxes", widen=widen)


def test_the_front_door(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def noted(plan: Plan, said: Heading) -> Export:
        seen.append((plan, said))
        return Export((), "include")

    box = replace(target(Can.HOSTS), write=noted)
    monkeypatch.setattr("asgi_nocache.export.TARGETS", {"box": box})
    rules = [Rule("/a", OPEN, hosts=["x.example"])]

    assert export("box", rules, widen=True, source="shop:app").include == "include"
    ((plan, said),) = seen
    assert plan == plan_for("box", RuleSet(rules), widen=True)
    assert said == heading(box, plan, "shop:app")
    text = said.commented("//")
    assert f"policy {plan.fingerprint}." in text
    assert "asgi-nocache export box shop:app --check -o" in text
    assert "// Note: rule 1" in text
    assert all(line.startswith("// ") for line in text.splitlines())
    with pytest.raises(NotExpressibleError):
        export("box", rules)
    with pytest.raises(ConfigurationError, match="'bos' is no target; choose box"):
        export("bos", rules)

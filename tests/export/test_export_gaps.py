"""Gaps: a refused rule that is left out knowingly is never-store; nothing else is."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from asgi_nocache import PUBLIC, ConfigurationError, Rule
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export import NotExpressibleError, export, plan_for

OPEN = PUBLIC(max_age=60)
PYTHON = Rule("/reports/*", OPEN, when=lambda request, response: True)
REGEX = Rule(re.compile("/b+"), OPEN)
PLAIN = Rule("/static/**", OPEN)


@pytest.mark.parametrize("typed", ["NC802:/reports/*", "NC802:1"])
def test_a_gap_is_what_widen_makes_of_that_rule(typed: str) -> None:
    rules = RuleSet([PYTHON, PLAIN, Rule("/**", OPEN)])

    left_out = plan_for("nginx", rules, allow_gaps=[typed])
    widened = plan_for("nginx", rules, widen=True)

    assert replace(left_out, gaps=(), notes=widened.notes) == widened
    assert [gap.rule for gap in left_out.gaps] == [f"rule 1, {PYTHON!r}"]
    assert left_out.notes == ()


def test_what_comes_after_does_not_reach_what_is_left_out() -> None:
    plan = plan_for("nginx", [PYTHON, Rule("/**", OPEN)], allow_gaps=["NC802:1"])

    assert [(entry.number, entry.strict) for entry in plan.entries] == [
        (1, True),
        (2, False),
    ]


def test_other_refusals_stand_and_name_the_way() -> None:
    with pytest.raises(NotExpressibleError) as raised:
        plan_for("nginx", [PYTHON, REGEX], allow_gaps=["NC802:/reports/*"])

    (problem,) = raised.value.problems
    assert problem.startswith("NC802 rule 2, ")
    assert "--allow-gap" in problem


def test_the_path_of_a_regular_expression_is_its_text() -> None:
    plan = plan_for("nginx", [REGEX], allow_gaps=["NC802:/b+"])

    assert [gap.rule for gap in plan.gaps] == [f"rule 1, {REGEX!r}"]


def test_what_one_target_cannot_match_is_a_gap_once() -> None:
    plan = plan_for("netlify", [PLAIN], allow_gaps=["NC802:/static/**"])

    assert plan.entries == ()
    assert len(plan.gaps) == 1


def test_the_heading_counts_and_names_them() -> None:
    rules = [PYTHON, REGEX, PLAIN]
    gaps = ["NC802:/reports/*", "NC802:2"]
    text = export("varnish", rules, allow_gaps=gaps).files[0].text

    assert "# Left out by --allow-gap, so never-store here: rules, 2.\n" in text
    assert f"# Gap NC802: rule 1, {PYTHON!r}: when= is Python" in text
    assert f"# Gap NC802: rule 2, {REGEX!r}: a regular expression" in text
    assert "Left out" not in export("varnish", [PLAIN]).files[0].text


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("NC802:/nowhere", "'NC802:/nowhere' names no rule"),
        ("/reports/*", "write NC802: and a rule's path or number"),
        ("NC801:1", "'NC801:1' names no rule"),
        ("NC802:2", "nginx can follow that rule; drop it"),
    ],
)
def test_a_gap_that_is_none_is_an_error(typed: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(told)):
        plan_for("nginx", [PYTHON, PLAIN], widen=True, allow_gaps=[typed])

"""Netlify's ``_headers``: one answer for all files, or a refusal in words."""

from __future__ import annotations

import pytest
from golden_files import hold

from asgi_nocache import NO_STORE, PUBLIC, Rule
from asgi_nocache._core.cache_control import CacheControl
from asgi_nocache._core.guards import ALL_GUARDS
from asgi_nocache._core.policy import Policy
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export import NotExpressibleError, heading
from asgi_nocache.export.compile import compile_plan
from asgi_nocache.export.fit import fit
from asgi_nocache.export.netlify import TARGET

FILES_ONLY = ALL_GUARDS - {"error_status", "extension_mismatch"}


def text_of(*rules: Rule, widen: bool = False, default: Policy = NO_STORE) -> str:
    policy_set = RuleSet(rules, guards=FILES_ONLY, default=default)
    plan = fit(compile_plan(policy_set, widen=widen), TARGET, widen=widen)
    return TARGET.write(plan, heading(TARGET, plan, "shop:app")).files[0].text


def test_the_default_is_the_golden_file() -> None:
    hold(text_of(), "netlify.txt")


def test_its_own_field_is_not_said_twice() -> None:
    own = Policy(
        CacheControl(no_store=True),
        "OWN",
        beside=(("netlify-cdn-cache-control", "no-store"),),
    )

    assert text_of(default=own).count("Netlify-CDN-Cache-Control") == 1


def test_one_policy_for_all_files_can_be_said() -> None:
    text = text_of(Rule("/**", PUBLIC(max_age=60), reason="all is hashed"))

    assert text.endswith(
        "# Rule 1, Rule('/**', PUBLIC(max_age=60)): all is hashed\n"
        "/*\n  Cache-Control: public, max-age=60\n"
    )


def test_what_would_overlap_is_refused_or_closed() -> None:
    rules = [Rule("/a/**", PUBLIC(max_age=1)), Rule("/b", PUBLIC(max_age=2))]
    with pytest.raises(
        NotExpressibleError, match="does not say which value leaves"
    ) as e:
        text_of(*rules)
    assert "rule 1, " in str(e.value)
    assert "rule 2, " in str(e.value)

    assert "max-age=1" not in text_of(*rules, widen=True)


def test_strict_paths_are_what_the_default_says() -> None:
    assert text_of(Rule("/a/**", NO_STORE)).count("Cache-Control: no-store") == 2

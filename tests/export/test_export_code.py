"""What is read from a file comes out as Python that makes the same rules."""

from typing import Any

import pytest

from asgi_nocache import NO_STORE_MINIMAL, CacheControl, Policy, Rule
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export.code import as_code
from asgi_nocache.export.import_headers import rules_from_headers

FILES = {
    "nothing": "",
    "all": "/*\n  Cache-Control: no-store\n",
    "some": (
        "/*\n  Cache-Control: no-store\n"
        "/assets/*\n  ! Cache-Control\n"
        "  Cache-Control: public, max-age=9, immutable\n"
        "/u/:id\n  ! Cache-Control\n  Cache-Control: private, max-age=5\n"
        "/it's\n  ! Cache-Control\n  Cache-Control: max-age=1\n"
        "  CDN-Cache-Control: max-age=1\n"
    ),
}


def ran(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {"app": object()}
    exec(code.replace("NoCacheMiddleware(app", "dict(app=app"), names)
    return names


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_the_code_makes_the_rules(text: str) -> None:
    policy_set = rules_from_headers(text).policy_set
    code = as_code(policy_set)
    compile(code, "rules", "exec")
    names = ran(code)

    assert names["rules"] == list(policy_set.rules)
    made = names["app"].get("default", RuleSet().default)
    assert made == policy_set.default


def test_only_what_is_used_is_imported() -> None:
    policy = Policy(CacheControl(max_age=5))
    code = as_code(RuleSet([Rule("/a", policy)]))

    assert code == (
        "from asgi_nocache import CacheControl, NoCacheMiddleware, Policy, Rule\n\n"
        "rules = [\n    Rule('/a', Policy(CacheControl(max_age=5))),\n]\n"
        "app = NoCacheMiddleware(app, rules=rules)\n"
    )
    code = as_code(RuleSet(default=NO_STORE_MINIMAL))
    assert code.startswith("from asgi_nocache import NO_STORE_MINIMAL, NoCache")

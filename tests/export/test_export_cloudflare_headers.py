"""Cloudflare's ``_headers``: the text, its limits, and what is refused."""

from __future__ import annotations

import pytest
from golden_files import hold

from asgi_nocache import APP_DECIDES, NO_STORE, NO_STORE_EDGE, PRIVATE, PUBLIC, Rule
from asgi_nocache._core.cache_control import CacheControl
from asgi_nocache._core.guards import ALL_GUARDS
from asgi_nocache._core.policy import Policy
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export import NotExpressibleError, heading
from asgi_nocache.export.cloudflare_headers import MAX_BLOCKS, TARGET, patterns_of
from asgi_nocache.export.compile import compile_plan
from asgi_nocache.export.fit import fit
from asgi_nocache.export.headers_file import for_files
from asgi_nocache.export.paths import PathForm

FILES_ONLY = ALL_GUARDS - {"error_status", "extension_mismatch"}


def text_of(*rules: Rule, widen: bool = False, default: Policy = NO_STORE) -> str:
    policy_set = RuleSet(rules, guards=FILES_ONLY, default=default)
    plan = fit(compile_plan(policy_set, widen=widen), TARGET, widen=widen)
    return TARGET.write(plan, heading(TARGET, plan, "shop:app")).files[0].text


def test_the_small_policy_is_the_golden_file() -> None:
    text = text_of(
        Rule("/static/**", PUBLIC(max_age=3600), reason="hashed file names"),
        Rule("/me", PRIVATE(max_age=30), methods=["GET"]),
    )

    hold(text, "cloudflare-headers.txt")


def test_the_same_rules_make_the_same_text() -> None:
    rules = [Rule(f"/{n}", PUBLIC(max_age=n + 1)) for n in range(20)]

    assert text_of(*rules) == text_of(*rules)


@pytest.mark.parametrize(
    ("pattern", "shadowed", "expected"),
    [
        ("/**", False, ["/*"]),
        ("/a/**", False, ["/a", "/a/*"]),
        ("/a/**", True, ["/a", "/a/*", "/a.*"]),
        ("/a/{x:path}", True, ["/a/*"]),
        ("/a b@c", False, ["/a%20b%40c"]),
        ("/a", True, ["/a", "/a/", "/a.*"]),
        ("/a/", True, ["/a/", "/a"]),
        ("/", True, ["/", "/index.html"]),
        ("/a.html", True, ["/a.html", "/a", "/a/"]),
        ("/a/index.html", True, ["/a/index.html", "/a", "/a/", "/a/index"]),
        ("/a/*/{y}", False, ["/a/:part/:a"]),
        ("/a/*", True, ["/a/:part", "/a/:part/"]),
        ("/x*.png", False, ["/x:part.png"]),
        ("/x*/b", True, ["/x:part/b", "/x/b", "/x:part/b/", "/x:part/b.*", "/x/b/", "/x/b.*"]),  # noqa: E501
        ("/{x:int}", False, None),
        ("/*_a", False, None),
        ("/**/a", False, None),
        ("/{a}" * 17, False, None),
    ],
)  # fmt: skip
def test_patterns(pattern: str, shadowed: bool, expected: list[str] | None) -> None:
    assert patterns_of(PathForm(pattern, shadowed)) == expected


def test_a_pattern_stands_once_with_what_goes_first() -> None:
    text = text_of(Rule("/a", PUBLIC(max_age=1)), Rule("/a/**", PUBLIC(max_age=2)))
    lines = text.splitlines()

    assert lines.count("/a") == 1
    assert lines.index("/a/*") < lines.index("/a")


def test_a_rule_for_everything_takes_the_place_of_the_default() -> None:
    text = text_of(Rule("/**", PUBLIC(max_age=1)))

    assert "\n/*\n" in text
    assert "no-store" not in text


def test_validators_are_detached_where_the_policy_says_so() -> None:
    assert "  ! ETag\n  ! Last-Modified\n" in text_of(default=NO_STORE_EDGE)
    assert "CDN-Cache-Control: no-store" in text_of(default=NO_STORE_EDGE)


def test_a_reason_stays_in_its_comment() -> None:
    text = text_of(
        Rule("/a", PUBLIC(max_age=1), reason="x\n/*\n  A: b\x00 " + "y" * 3000)
    )

    assert [line for line in text.splitlines() if line.startswith("/")] == ["/*", "/a"]


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (Rule("/a", PUBLIC(max_age=1), guards=ALL_GUARDS), "status of a response"),
        (Rule("/a", PUBLIC(max_age=1), status=404), "status of a response"),
        (Rule("/a", APP_DECIDES), "no app is there"),
        (Rule("/{n:int}", PUBLIC(max_age=1)), "no numbers"),
        (Rule("/a", PUBLIC(max_age=1), hosts=["a.example"]), "match hosts"),
        (Rule("/a", PUBLIC(max_age=1), methods=["HEAD"]), "match methods"),
    ],
)
def test_what_it_cannot_say_is_refused_or_closed(rule: Rule, why: str) -> None:
    with pytest.raises(NotExpressibleError, match=why) as caught:
        text_of(rule)
    assert "rule 1, " in str(caught.value)

    text = text_of(rule, widen=True)
    assert "max-age=1" not in text
    assert "is never-store here" in text


def test_what_is_dropped_takes_along_what_would_relax_it() -> None:
    text = text_of(
        Rule("/{n:int}", NO_STORE),
        Rule("/{x}", PUBLIC(max_age=2)),
        widen=True,
    )

    assert "max-age=2" not in text


def test_methods_that_no_file_answers_do_not_count() -> None:
    assert "max-age=9" not in text_of(Rule("/a", PUBLIC(max_age=9), methods=["POST"]))


def test_what_is_left_out_silently_is_refused() -> None:
    many = [Rule(f"/{n}", PUBLIC(max_age=9)) for n in range(MAX_BLOCKS)]
    with pytest.raises(NotExpressibleError, match="101 blocks are too many"):
        text_of(*many)
    with pytest.raises(NotExpressibleError, match="more than 2000 characters"):
        text_of(Rule("/" + "a" * 2000, PUBLIC(max_age=9)))
    extension = CacheControl(max_age=1, extensions=(("x" * 2000, None),))
    with pytest.raises(NotExpressibleError, match="more than 2000 characters"):
        text_of(Rule("/a", Policy(extension, "LONG")))


def test_a_thousand_rules_are_refused_in_words() -> None:
    with pytest.raises(NotExpressibleError, match="1001 blocks"):
        text_of(*[Rule(f"/{n}", PUBLIC(max_age=9)) for n in range(1000)])


def test_what_no_file_does_is_not_asked() -> None:
    plan = compile_plan(RuleSet([Rule("/a", PUBLIC(max_age=1))], guards=FILES_ONLY))
    (entry,) = for_files(plan, None).entries  # type: ignore[arg-type]

    assert [case.when for case in entry.cases] == [()]

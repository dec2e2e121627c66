"""The text of HAProxy's section: its golden file, its words, its size."""

from __future__ import annotations

import re

import pytest
from golden_files import hold

from asgi_nocache import APP_DECIDES, NO_STORE, NO_STORE_EDGE, PRIVATE, PUBLIC, Rule
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export import heading
from asgi_nocache.export.compile import compile_plan
from asgi_nocache.export.fit import fit
from asgi_nocache.export.haproxy import TARGET
from asgi_nocache.export.haproxy_words import Labels, form, regex, word
from asgi_nocache.export.target import Export

SMALL = [
    Rule("/static/**", PUBLIC(max_age=3600), reason="hashed file names"),
    Rule("/me", PRIVATE(max_age=30), methods=["GET"]),
]


def exported(policy_set: RuleSet) -> Export:
    plan = fit(compile_plan(policy_set), TARGET)
    return TARGET.write(plan, heading(TARGET, plan, "shop.main:app"))


def text_of(rules: list[Rule], **more: object) -> str:
    (file,) = exported(RuleSet(rules, **more)).files  # type: ignore[arg-type]
    return file.text


def test_the_golden_file() -> None:
    hold(text_of(SMALL), "haproxy.cfg")


def test_the_same_each_time() -> None:
    assert text_of(SMALL) == text_of(SMALL)


def test_without_rules_there_is_only_never_store() -> None:
    text = text_of([])

    assert "nocache_policy) str(never-store) unless nocache_known" in text
    assert "public" not in text
    assert "nocache_mismatch" not in text


def test_how_to_use_it_names_the_file_and_the_gap() -> None:
    made = exported(RuleSet(SMALL))

    assert "from nocache" in made.include
    assert made.files[0].name in made.include
    assert "400" in made.gaps[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/a/b.css", "/a/b.css"),
        ("", "''"),
        ("a b", "'a b'"),
        ("a#b", "'a#b'"),
        ("$HOME", "'$HOME'"),
        ("it's", "'it'\\''s'"),
        ("\\", "'\\'"),
        ("\n\xe9", "''\\x0a''\\xe9''"),
    ],
)
def test_words(text: str, said: str) -> None:
    assert word(text) == said


def test_fields_mean_themselves() -> None:
    assert form("100%[src]") == "'100%%[src]'"


def test_regular_expressions_see_bytes() -> None:
    assert regex("^/ü$") == r"'^/\xc3\xbc$'"


def test_names_are_given_once() -> None:
    labels = Labels()

    assert labels.of(1, "public, max-age=5, immutable") == "public-5"
    assert labels.of(2, "public, max-age=5") == "public-5.2"
    assert labels.of(1) == "public-5"


def test_a_reason_cannot_break_out() -> None:
    text = text_of([Rule("/a/**", PUBLIC(max_age=1), reason="x\nbackend é")])

    assert ": x backend é\n" in text


def test_methods_hosts_and_media_types() -> None:
    text = text_of(
        [
            Rule("/a/*.png", PUBLIC(max_age=1), methods=["GET"], mode="override"),
            Rule("/ü", PUBLIC(max_age=2), hosts=["a.example", "*.b.example"]),
            Rule("/a", PUBLIC(max_age=3), media_types=["text/*"], mode="override"),
        ]
    )

    assert "acl nocache_rule-1-method method GET HEAD\n" in text
    assert r"'^a\.example\.?(?::[0-9]*)?$'" in text
    assert r"'^.*\.b\.example\.?(?::[0-9]*)?$'" in text
    assert r"path -m reg '^/\xc3\xbc$'" in text
    assert r"-m reg -i '^(?:text/.*)[ \t]*$'" in text


def test_what_closes_in_other_words_keeps_them() -> None:
    text = text_of(
        [
            Rule("/a/b/**", NO_STORE_EDGE),
            Rule("/a/**", APP_DECIDES, guards=[]),
        ]
    )

    assert "-m str never-store never-store.2\n" in text
    assert "set-header surrogate-control 'no-store, max-age=0'" in text
    assert "str(as-sent)" in text


def test_many_hosts_take_many_lines() -> None:
    hosts = [f"h{n}.example" for n in range(120)]
    text = text_of([Rule("/a", PUBLIC(max_age=1), hosts=hosts)])

    assert text.count("acl nocache_rule-1-host ") == 3


def many(step: int = 1) -> list[Rule]:
    folders = [Rule(f"/f{n}/**", PUBLIC(max_age=n % 7)) for n in range(0, 600, step)]
    return [
        *folders,
        *(Rule(f"/p{n}", PRIVATE(max_age=9)) for n in range(0, 395, step)),
    ]


def test_a_thousand_rules_that_are_apart_are_in_trees() -> None:
    apart = many()
    nested = [
        Rule("/Deep/**", PUBLIC(max_age=1)),
        Rule("/deep/x", PUBLIC(max_age=2)),
        Rule("/f1.css", NO_STORE),
        Rule("/f2/{x:int}", PUBLIC(max_age=2), methods=["GET"]),
        Rule("/alone/*", PUBLIC(max_age=2)),
    ]
    text = text_of([*nested, *apart])
    in_turn = set(
        re.findall(r"str\(\S+\) if !nocache_known.* nocache_(rule-\S+)", text)
    )

    assert len(text) < 300_000
    assert max(len(line.split()) for line in text.splitlines() if "acl" in line) <= 64
    assert len(re.findall("http-request set-var.txn.nocache_policy", text)) < 40
    # Neither the order nor an overlap is lost.
    assert {each.partition(" ")[0] for each in in_turn} == {
        *("rule-1", "rule-2", "rule-3", "rule-4", "rule-5", "rule-7", "rule-8")
    }


def test_a_few_rules_stay_in_their_order() -> None:
    assert "nocache_tree" not in text_of(many(step=50))


def test_under_a_rule_for_everything_nothing_is_apart() -> None:
    rules = [*many(step=10), Rule("/**", PUBLIC(max_age=2))]

    assert "nocache_tree" not in text_of(rules)

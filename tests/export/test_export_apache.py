"""What is written for Apache, without Apache."""

import pytest
from golden_files import hold

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    PRIVATE,
    PUBLIC,
    CacheControl,
    Policy,
    Rule,
)
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export import apache_words as w
from asgi_nocache.export import heading
from asgi_nocache.export.apache import TARGET
from asgi_nocache.export.compile import compile_plan
from asgi_nocache.export.fit import fit
from asgi_nocache.export.plan import Condition, Fact

SMALL = [
    Rule("/static/**", PUBLIC(max_age=3600), reason="hashed file names"),
    Rule("/me", PRIVATE(max_age=30), methods=["GET"]),
]


def _text(*rules: Rule) -> str:
    plan = fit(compile_plan(RuleSet(rules)), TARGET)
    (file,) = TARGET.write(plan, heading(TARGET, plan, "shop.main:app")).files
    assert file.name == "nocache.conf"
    return file.text


def test_the_small_policy_is_as_reviewed() -> None:

    hold(_text(*SMALL), "apache.conf")


def test_the_same_policy_gives_the_same_text() -> None:
    assert _text(*SMALL) == _text(*SMALL)


def test_without_rules_only_the_default_is_said() -> None:
    text = _text()

    assert "nocache=open" not in text
    assert "Header always setifempty Nocache-Say closed\n" in text
    assert "Header onsuccess unset Cache-Control\n" in text
    assert w.MISMATCH not in text


def test_policies_are_shared_and_named_by_their_first_rule() -> None:
    text = _text(*(Rule(f"/{name}/**", PUBLIC(max_age=60)) for name in "abc"))

    assert text.count(" nocache=open-1\n") == 3
    assert "# open-1: rules 1, 2, 3\n" in text
    assert "open-2" not in text


def test_hosts_and_methods_are_asked() -> None:
    text = _text(
        Rule(
            "/a",
            PUBLIC(max_age=60),
            hosts=["a.example", "*.b.example"],
            methods=["GET"],
        )
    )

    assert r"m#^(?:.*\.b\.example|a\.example)\.?(?::[0-9]*)?$#i" in text
    assert "%{REQUEST_METHOD} in { 'GET', 'HEAD' }" in text


def test_statuses_and_media_types_are_asked() -> None:
    text = _text(
        Rule("/a", PUBLIC(max_age=60), status=range(200, 203)),
        Rule("/b", PUBLIC(max_age=60), media_types=["text/css", "image/*"], guards=()),
    )

    assert "%{REQUEST_STATUS} -ge 200 && %{REQUEST_STATUS} -le 202" in text
    assert r"m#^\s*(?:image/[^;]*|text/css)\s*(?:;|$)#i" in text


def test_other_never_store_texts_have_names_of_their_own() -> None:
    other = Policy(CacheControl(no_store=True), "OTHER")
    text = _text(Rule("/a", other), Rule("/b", APP_DECIDES), Rule("/c", NO_STORE))

    assert " nocache=closed-1\n" in text
    assert 'Header always set Cache-Control "no-store" ' in text


def test_what_removes_nothing_is_left_alone() -> None:
    text = _text(Rule("/raw/**", APP_DECIDES))
    removals = text.partition("# 5. ")[2].partition("# 6. ")[0]

    assert "Header onsuccess unset Pragma " in removals
    assert "keep" not in removals


def test_the_shorter_list_of_outcomes_is_named() -> None:
    text = _text(Rule("/raw/**", APP_DECIDES), *SMALL)

    assert 'Header always unset Edge-Control "expr=! (%{note:nocache_say} in {' in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a"b', r'"a\"b"'),
        ("a\\", r'"a\\"'),
        ("plain", '"plain"'),
    ],
)
def test_arguments_are_quoted(text: str, expected: str) -> None:
    assert w.quoted(text) == expected


def test_values_and_replacements_are_literal() -> None:
    assert w.value("50%") == '"50%%"'
    assert w.replacement("$1&") == r'"\\$1\\&"'


def test_no_regular_expression_ends_early() -> None:
    assert w.regex('#"\\\\é\n') == r"\x23\x22\x5c\xc3\xa9\x0a"


def test_no_comment_ends_early() -> None:
    text = w.comment("a\nServerName evil \\")

    assert text == "# a ServerName evil \\ .\n"
    assert all(line.startswith("# ") for line in w.comment("x " * 500).splitlines())


def test_a_condition_can_be_negated() -> None:
    asked = Condition(Fact.REQUEST_FIELD, ("cookie",), negated=True)

    assert w.holds(asked) == "! (-n %{req_novary:Cookie})"


def test_a_thousand_rules_stay_small() -> None:
    rules = [
        Rule(f"/a{n}/**", PUBLIC(max_age=60), reason="long " * 50) for n in range(1000)
    ]
    text = _text(*rules)

    assert len(text) < 1_000_000
    assert max(map(len, text.splitlines())) < 8192

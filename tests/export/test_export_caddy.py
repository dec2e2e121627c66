"""The text of the Caddy export: golden file, escapes, names, size; no server needed."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from golden_files import hold

from asgi_nocache import (
    APP_DECIDES,
    LEGACY_2014,
    NO_STORE,
    NO_STORE_EDGE,
    PRIVATE,
    PUBLIC,
    CacheControl,
    Policy,
    Rule,
)
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export import heading
from asgi_nocache.export.caddy import TARGET
from asgi_nocache.export.caddy_words import (
    block,
    comment,
    flags_of,
    literal,
    pattern,
    statuses,
    token,
)
from asgi_nocache.export.cases import ERRORS, QUIET
from asgi_nocache.export.compile import compile_plan
from asgi_nocache.export.fit import fit
from asgi_nocache.export.losses import NotExpressibleError
from asgi_nocache.export.plan import Case, Condition, Fact, Plan
from asgi_nocache.export.target import Export

SMALL = RuleSet(
    [
        Rule("/static/**", PUBLIC(max_age=3600), reason="hashed file names"),
        Rule("/me", PRIVATE(max_age=30), methods=["GET"]),
    ]
)


def planned(policy_set: RuleSet) -> Plan:
    return fit(compile_plan(policy_set), TARGET)


def written(plan: Plan) -> Export:
    return TARGET.write(plan, heading(TARGET, plan, "shop.main:app"))


def text_of(*rules: Rule) -> str:
    return written(planned(RuleSet(rules))).files[0].text


def test_the_golden_file() -> None:
    export = written(planned(SMALL))

    assert [file.name for file in export.files] == ["nocache.caddyfile"]
    hold(export.files[0].text, "nocache.caddyfile")


def test_it_is_the_same_each_time() -> None:
    assert written(planned(SMALL)) == written(planned(SMALL))


def test_it_says_how_it_is_included_and_what_it_leaves() -> None:
    export = written(planned(SMALL))

    for line in ("import nocache.caddyfile", "import nocache", "import nocache_errors"):
        assert line in export.include
    assert all(gap and not gap.endswith(".") for gap in export.gaps)


def test_without_rules_nothing_is_asked() -> None:
    text = text_of()

    assert "map " not in text
    assert "match " not in text
    assert text.count(">Cache-Control") == 2


def test_rules_that_only_forbid_need_no_answers() -> None:
    text = text_of(Rule("/a/b/**", NO_STORE), Rule("/a/**", NO_STORE))

    assert "nocache_facts" not in text


def test_another_never_store_text_is_an_answer_of_its_own() -> None:
    text = text_of(Rule("/deep/**", NO_STORE_EDGE), Rule("/**", PUBLIC(max_age=1)))

    assert "match header Nocache-Answer never-2" in text
    assert text.count("vars nocache_rule never rule_1") == 3
    assert "default never-2" in text


def test_what_must_be_quoted_is_a_block_of_its_own() -> None:
    odd = Policy(CacheControl.parse([b'public, max-age=9, x="$a"']), "ODD")
    text = text_of(Rule("/a/**", odd, mode="override", guards=()))

    assert '>Cache-Control `public, max-age=9, x="$a"`' in text
    assert "{nocache_text}\n" not in text


def test_what_the_app_decides_is_left_alone() -> None:
    text = text_of(Rule("/a/**", APP_DECIDES))

    assert "default keep\n" in text
    assert "Nocache-Answer keep" not in text


def test_braces_in_a_text_are_refused() -> None:
    odd = Policy(CacheControl.parse([b'public, max-age=9, x="{path}"']), "ODD")

    with pytest.raises(NotExpressibleError, match=r"NC802 .*\{path\}.*leave them out"):
        text_of(Rule("/a/**", odd, mode="override", guards=()))


def test_an_error_of_its_own_is_asked_about_only_where_errors_are_opened() -> None:
    shut = text_of(Rule("/a/**", PUBLIC(max_age=1)))
    opened = text_of(Rule("/a/**", PUBLIC(max_age=1), mode="override", guards=()))

    assert "own_error" not in shut
    assert '"~^own_error " never' in opened


def test_hosts_and_methods_are_asked_only_where_rules_name_them() -> None:
    plain = text_of(Rule("/a", PUBLIC(max_age=1)))
    named = text_of(
        Rule("/a", PUBLIC(max_age=1), hosts=["a.example", "*.b.example"]),
        Rule("/b", PUBLIC(max_age=1), methods=["GET", "POST"]),
    )

    assert '"~(?s)^plain /a$" rule_1' in plain
    hosts = r"(?i:[^ ]*\.b\.example|a\.example)[.]?"
    assert rf'"~(?s)^plain [^ ]+ {hosts} /a$" rule_1' in named
    assert '"~(?s)^plain (?:GET|HEAD|POST) [^ ]* /b$" rule_1' in named


def test_rules_that_answer_alike_share_a_map() -> None:
    text = text_of(Rule("/a", PUBLIC(max_age=1)), Rule("/b", PUBLIC(max_age=1)))

    assert '/b$" rule_1' in text
    assert "# What leaves under rule 1, 2." in text


def test_one_regular_expression_stands_once() -> None:
    """Caddy refuses a map with the same input twice; the first counts anyway."""
    plan = planned(RuleSet([Rule("/a", PUBLIC(max_age=1))]))
    twice = replace(plan, entries=(*plan.entries, plan.entries[0]))

    assert written(twice).files[0].text == written(plan).files[0].text


def test_one_rule_may_say_two_things() -> None:
    plan = planned(RuleSet([Rule("/a", PUBLIC(max_age=1))]))
    entry = plan.entries[0]
    path = replace(entry.path, pattern="/b")
    other = replace(entry, path=path, cases=(Case(entry.cases[-2].answer),))
    text = written(replace(plan, entries=(entry, other))).files[0].text

    assert '/a$" rule_1\n' in text
    assert '/b$" rule_1_other\n' in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no-cache", "no-cache"),
        ("a b", '"a b"'),
        ("", '""'),
        ('x="a"', '`x="a"`'),
        ('x="`"', '"x=\\"`\\""'),
        ("a#b", '"a#b"'),
    ],
)
def test_tokens(text: str, expected: str) -> None:
    assert token(text) == expected
    assert literal(text) == expected


def test_a_pattern_cannot_end_its_token() -> None:
    assert pattern('a"b`\n\x7f') == r'"~a\x22b\x60\x0a\x7f"'
    assert pattern(r"\{path\} \. \\{8}") == r'"~\x7bpath\x7d \. \\{8}"'


def test_a_comment_stays_one() -> None:
    lines = comment("a\nrespond /x {$HOME} \x00\u2028" + " long" * 60)

    assert all(line.startswith("\t# ") for line in lines)
    assert all(len(line) < 90 for line in lines)
    assert len(lines) > 3
    assert "{$" not in "".join(lines)


def test_blocks() -> None:
    assert block("a", ["b", "", "c"]) == ["\ta {", "\t\tb", "", "\t\tc", "\t}"]


def test_statuses_are_codes_and_hundreds() -> None:
    assert statuses(["400-599"]) == "4xx 5xx"
    assert statuses(["200-200", "203-203"]) == "200 203"
    assert statuses(["398-500"]) == "398 399 4xx 500"


def test_flags_have_names() -> None:
    asked = [
        ERRORS,
        QUIET,
        replace(QUIET, negated=True),
        replace(ERRORS, negated=True),
        Condition(Fact.STATUS, ("404-404",)),
        Condition(Fact.STATUS, ("401-440",)),
        Condition(Fact.MEDIA_TYPE, ("image/.*",)),
        Condition(Fact.WORD, ("public",)),
        ERRORS,
    ]
    names = [flag.name for flag in flags_of(asked).values()]

    assert names == [
        "error", "method_get_head_options", "unsafe", "status_n4", "status_404",
        "status_n6", "type_n7",
    ]  # fmt: skip


def test_media_types_are_read_without_their_parameters() -> None:
    text = text_of(Rule("/a", PUBLIC(max_age=1), media_types=["image/*", "text/css"]))
    line = next(line for line in text.splitlines() if '"type_n' in line)
    regex = re.search('"~(.*)" "', line)

    assert regex
    assert re.search(regex[1], "Image/png ; q=1")
    assert re.search(regex[1], "text/html,text/css")
    assert not re.search(regex[1], "image/png,text/html")
    assert not re.search(regex[1], "text/csss")


def test_other_fields_beside_are_set() -> None:
    text = text_of(Rule("/x/**", LEGACY_2014), Rule("/**", PUBLIC(max_age=1)))

    assert text.count(">Cache-Control") == 4


def test_a_thousand_rules_stay_small() -> None:
    rules = [Rule(f"/shop/item{n}/**", PUBLIC(max_age=60)) for n in range(1000)]
    text = text_of(*rules)

    assert len(text) < 150_000
    assert text.count("{nocache_rule_") == 2

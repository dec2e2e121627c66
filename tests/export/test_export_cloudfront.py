"""The template for CloudFront: golden, and clean by cfn-lint."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest
from golden_files import hold

from asgi_nocache import NO_STORE, NO_STORE_EDGE, PRIVATE, PUBLIC, Rule
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export import cloudfront, heading
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
        Rule("/me", PRIVATE(max_age=30), **OPEN),
    ]
)
_BESIDE = Path(sys.executable).with_name("cfn-lint")
LINT = which("cfn-lint") or (str(_BESIDE) if _BESIDE.exists() else "")


def exported(policy_set: RuleSet) -> Export:
    plan = fit(compile_plan(policy_set), cloudfront.TARGET)
    return cloudfront.TARGET.write(plan, heading(cloudfront.TARGET, plan, "shop:app"))


def rules(*given: Rule) -> str:
    return exported(RuleSet(given)).files[0].text


def test_the_small_policy_is_the_golden_file() -> None:
    hold(exported(SMALL).files[0].text, "cloudfront.yaml")


def test_the_same_twice_and_it_says_that_nobody_ran_it() -> None:
    assert exported(SMALL) == exported(SMALL)
    assert "# Not verified on a real edge" in exported(SMALL).files[0].text


@pytest.mark.skipif(
    not LINT and os.environ.get("EDGE_REQUIRE") != "all",
    reason="cfn-lint is not installed",
)
@pytest.mark.parametrize(
    ("policy_set", "broken"),
    [
        (SMALL, False),
        (SMALL, True),
        (RuleSet([]), False),
        (
            RuleSet([Rule("/a'&b", PUBLIC(max_age=1), reason='{{ "\n: #', **OPEN)]),
            False,
        ),
    ],
)
def test_cfn_lint(tmp_path: Path, policy_set: RuleSet, broken: bool) -> None:
    text = exported(policy_set).files[0].text
    file = tmp_path / "template.yaml"
    file.write_text(text.replace("Override:", "Overide:") if broken else text, "utf-8")

    done = subprocess.run([LINT, file], capture_output=True, text=True, check=False)

    assert (done.returncode != 0) is broken, done.stdout


@pytest.mark.parametrize("path", ["/static/**", "/**"])
def test_a_folder_is_not_opened(path: str) -> None:
    with pytest.raises(NotExpressibleError, match="cannot ask how a path in a folder"):
        rules(Rule(path, PUBLIC(max_age=1), **OPEN))


def test_a_rule_for_some_methods_is_refused() -> None:
    with pytest.raises(NotExpressibleError, match="CloudFront cannot match methods"):
        rules(Rule("/a", PUBLIC(max_age=1), methods=["GET"], **OPEN))


def test_twenty_five_paths_are_too_many() -> None:
    with pytest.raises(NotExpressibleError, match="25 entries are too many"):
        rules(*(Rule(f"/a{n}", PUBLIC(max_age=1), **OPEN) for n in range(25)))


def test_only_what_shared_caches_may_store_is_kept_and_no_longer() -> None:
    said = rules(
        Rule("/a", PUBLIC(max_age=60, s_maxage=7), **OPEN),
        Rule("/b", PRIVATE(max_age=30), **OPEN),
        Rule("/c", PUBLIC(max_age=0), **OPEN),
        Rule("/d", PUBLIC(max_age=10**9), **OPEN),
    )

    assert "MaxTTL: 7\n" in said
    assert "MaxTTL: 31536000\n" in said
    assert said.count("AWS::CloudFront::CachePolicy") == 2


@pytest.mark.parametrize("path", ["/ü", "/a b", "/" + "a" * 255, "/a(b)"])
def test_a_path_that_no_behaviour_can_have_keeps_the_default(path: str) -> None:
    export = exported(RuleSet([Rule(path, PUBLIC(max_age=1), **OPEN)]))

    assert "PathPattern" not in export.files[0].text
    assert "keeps the default" in export.gaps[-1]


def written(default: Answer, *answers: tuple[str, Answer]) -> str:
    entries = tuple(
        Entry(n, "Rule()", PathForm(path), (Case(answer),))
        for n, (path, answer) in enumerate(answers, 1)
    )
    plan = Plan(entries, default, "0")
    return cloudfront.TARGET.write(plan, Heading(())).files[0].text


NEVER = Answer(Say.NEVER, (("cache-control", "no-store"),))


def test_a_rule_for_every_path_takes_what_comes_after() -> None:
    other = Answer(Say.NEVER, (("cache-control", "no-store, private"),))
    said = written(NEVER, ("/**", other), ("/a", Answer(Say.KEEP)))

    assert '"no-store, private"' in said
    assert "CacheBehaviors" not in said


def test_the_app_s_own_words_stay() -> None:
    said = written(
        NEVER, ("/a", Answer(Say.KEEP)), ("/b", Answer(Say.KEEP, (), ("pragma",)))
    )

    assert "Rule1Fields" not in said
    assert "Rule2Fields" in said
    assert "CustomHeadersConfig" not in said.split("Rule2Fields:")[1]


def test_own_text_without_a_lifetime_or_validators() -> None:
    said = written(NEVER, ("/a", Answer(Say.OWN, (("cache-control", "public"),))))

    assert "MaxTTL: 31536000\n" in said
    assert "RemoveHeadersConfig" not in said.split("Rule1Fields:")[1]
    assert "ETag" not in said.split("Rule1Fields:")[1]


def test_validators_that_go_anyway_are_named_once() -> None:
    never = Answer(Say.NEVER, NEVER.set, ("etag",))

    assert written(never).count('"ETag"') == 1


def test_too_many_fields_are_refused() -> None:
    many = tuple((f"x-{n}", "1") for n in range(11))

    with pytest.raises(NotExpressibleError, match="11 fields to set"):
        written(Answer(Say.NEVER, many))


@pytest.mark.parametrize("default", [NO_STORE, NO_STORE_EDGE])
def test_ten_fields_at_most(default: object) -> None:
    said = exported(RuleSet([], default=default)).files[0].text  # type: ignore[arg-type]

    assert said.count("- Header:") > 10
    sets, removes = said.split("RemoveHeadersConfig")
    assert sets.count("- Header:") <= 10
    assert removes.count("- Header:") <= 10

"""What the Fastly exporter writes: nothing here runs it, so its text is compared."""

from __future__ import annotations

import re

from golden_files import FOLDER, hold

from asgi_nocache import NO_STORE, PRIVATE, PUBLIC, Rule
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export import heading
from asgi_nocache.export.compile import compile_plan
from asgi_nocache.export.fastly import TARGET
from asgi_nocache.export.fit import fit
from asgi_nocache.export.target import Export

SMALL = [
    Rule("/static/**", PUBLIC(max_age=3600), reason="hashed file names"),
    Rule("/me", PRIVATE(max_age=30), methods=["GET"]),
]


def export_of(*rules: Rule) -> Export:
    plan = fit(compile_plan(RuleSet(rules)), TARGET)
    return TARGET.write(plan, heading(TARGET, plan, "shop:app"))


def test_the_small_policy() -> None:
    export = export_of(*SMALL)

    assert export == export_of(*SMALL)
    assert [f.name for f in export.files] == sorted(
        (path.name for path in (FOLDER / "fastly").iterdir()),
        key=[*dict(export.files)].index,
    )
    for name, text in export.files:
        hold(text, f"fastly/{name}")


def test_each_file_is_a_snippet_that_is_told_how_to_create() -> None:
    export = export_of(*SMALL)

    for name, text in export.files:
        kind = name.removeprefix("nocache_").removesuffix(".vcl")
        assert "# Not verified on a real edge" in text
        priority = re.search(rf"type {kind}, priority (\d+)\.", text)
        assert priority is not None
        assert (
            f"--type {kind} --priority {priority[1]} --content {name}" in export.include
        )
    assert "Nobody has run this on Fastly" in export.gaps[0]


def test_every_subroutine_is_there_and_called() -> None:
    export = export_of(Rule("/static/x", NO_STORE), *SMALL)
    text = "".join(each.text for each in export.files)
    defined = re.findall(r"^sub (\w+)", text, re.MULTILINE)
    called = {*re.findall(r"call (\w+)", text), *re.findall(r"= (nocache_\w+)\(", text)}

    assert {*defined} == called


def test_a_policy_that_opens_nothing() -> None:
    text = export_of().files[0].text

    assert "nocache_look" not in text
    assert 'set req.http.X-Nocache-Pass = "yes";' in text


def test_purging_still_works() -> None:
    recv = dict(export_of(*SMALL).files)["nocache_recv.vcl"]

    assert 'if (req.method != "FASTLYPURGE") {\n  call nocache_recv;' in recv


def test_nothing_returns_from_recv() -> None:
    """What Fastly generates behind the snippets must still run."""
    files = dict(export_of(*SMALL).files)
    recv = files["nocache_init.vcl"].split("sub nocache_recv {")[1].split("\n}\n")[0]

    assert "return" not in recv + files["nocache_recv.vcl"]
    for kind in ("hit", "miss"):
        assert "return (pass);" in files[f"nocache_{kind}.vcl"]

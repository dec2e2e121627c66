"""Netlify's own parser reads the export. What its servers make of it is not tested."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from edge_run import exported
from edge_wrangler import NODE, install, installed

from asgi_nocache import NO_STORE_EDGE, PUBLIC, Rule
from asgi_nocache._core.guards import ALL_GUARDS
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export.netlify import TARGET

PACKAGE, VERSION = "@netlify/headers-parser", "10.1.1"
_SCRIPT = """
import { parseAllHeaders } from '@netlify/headers-parser'
const read = await parseAllHeaders({ headersFiles: [process.argv[2]], minimal: true })
console.log(JSON.stringify([read.headers, read.errors.map(String)]))
"""


@pytest.fixture(autouse=True)
def _installed() -> None:
    if installed(PACKAGE) is None and os.environ.get("EDGE_REQUIRE") == "all":
        install(f"{PACKAGE}@{VERSION}")
    if installed(PACKAGE) is None:
        pytest.skip(f"not installed: npm:{PACKAGE}@{VERSION}")


def parsed(text: str, folder: Path) -> list[list[dict[str, object]]]:
    file, script = folder / "_headers", folder / "read.mjs"
    file.write_text(text)
    script.write_text(_SCRIPT)
    # An import is looked for beside the script.
    (folder / "node_modules").symlink_to(NODE / "node_modules")
    done = subprocess.run(
        ["node", str(script), str(file)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    read: list[list[dict[str, object]]] = json.loads(done.stdout)
    return read


@pytest.mark.parametrize(
    "policy_set",
    [
        RuleSet(),
        RuleSet(default=NO_STORE_EDGE),
        RuleSet(
            [Rule("/**", PUBLIC(max_age=5), reason='# "}\n/x\n  A: b ü')],
            guards=ALL_GUARDS - {"error_status", "extension_mismatch"},
        ),
    ],
)
def test_the_parser_reads_what_is_meant(policy_set: RuleSet, tmp_path: Path) -> None:
    _, export = exported(TARGET, policy_set)
    headers, errors = parsed(export.files[0].text, tmp_path)

    assert errors == []
    (block,) = headers
    assert block["for"] == "/*"
    values = block["values"]
    assert isinstance(values, dict)
    assert "Cache-Control" in values


def test_the_parser_can_object(tmp_path: Path) -> None:
    assert parsed("/a\n  X:\n", tmp_path)[1]

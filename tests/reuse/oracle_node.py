"""What http-cache-semantics, the npm package, makes of a case.

It is a judge of fields and no cache: ``differential_node.js`` asks it with the clock
set by hand. Here are its installation, the way there and the way back.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from differential_cases import NOW, Case

from asgi_nocache import RequestFacts
from asgi_nocache._core.fields import Fields
from asgi_nocache.reuse import Outcome

HERE = Path(__file__).parent
INSTALLED = HERE / ".node"
PACKAGE = "http-cache-semantics"
#: Of several lines of these, node's own reader hands on only the first.
_SINGLE = frozenset({"age", "etag", "expires", "host", "last-modified"})


class Verdict(NamedTuple):
    """What it says.

    Attributes:
        outcome: In our words.
        ttl: How many seconds it will be kept in reserve, from its receipt.
    """

    outcome: Outcome
    ttl: float


class OracleMissingError(Exception):
    """Node or the package is missing; the message is the reason."""


def install() -> None:
    """Install the pinned version, unless it is there."""
    pinned = json.loads((HERE / "package.json").read_text())["dependencies"][PACKAGE]
    manifest = INSTALLED / "node_modules" / PACKAGE / "package.json"
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise OracleMissingError(f"{tool} is not installed")
    if manifest.exists() and json.loads(manifest.read_text())["version"] == pinned:
        return
    INSTALLED.mkdir(exist_ok=True)
    shutil.copy(HERE / "package.json", INSTALLED)
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"]
    try:
        _run([*command, "--prefix", str(INSTALLED)], timeout=120)
    except (OSError, subprocess.SubprocessError) as error:
        why = getattr(error, "stderr", None) or error
        raise OracleMissingError(
            f"npm did not install {PACKAGE} {pinned}: {why}"
        ) from error


def verdicts(cases: Sequence[Case], shared: bool) -> list[Verdict]:
    """Return what the package says of each of *cases*."""
    text = json.dumps([_question(case, shared) for case in cases])
    answers = json.loads(
        _run(["node", str(HERE / "differential_node.js")], timeout=60, text=text)
    )
    return [Verdict(_outcome(answer), answer["ttl"]) for answer in answers]


def _run(command: list[str], timeout: float, text: str = "") -> str:
    return subprocess.run(
        command,
        # Its dates without a zone are local ones: here they are the same.
        env={**os.environ, "NODE_PATH": str(INSTALLED / "node_modules"), "TZ": "UTC"},
        input=text,
        capture_output=True,
        check=True,
        text=True,
        timeout=timeout,
    ).stdout


def _question(case: Case, shared: bool) -> dict[str, Any]:
    stored = case.exchange()
    return {
        "first": _request(stored.request),
        "response": {
            "status": stored.response.status,
            "headers": _headers(stored.response.fields),
        },
        "then": _request(case.request()),
        "received": NOW,
        "elapsed": case.elapsed,
        "shared": shared,
    }


def _request(facts: RequestFacts) -> dict[str, Any]:
    return {
        "method": facts.method,
        "url": facts.target,
        "headers": _headers(facts.fields),
    }


def _headers(fields: Fields) -> dict[str, str]:
    """Return *fields* as node's HTTP server would hand them to the package."""
    lines: dict[str, list[str]] = {}
    for name, value in fields:
        lines.setdefault(name.decode().lower(), []).append(value.decode())
    return {n: v[0] if n in _SINGLE else ", ".join(v) for n, v in lines.items()}


def _outcome(answer: dict[str, Any]) -> Outcome:
    if not answer["storable"]:
        return Outcome.NOT_STORED
    if answer["satisfied"] or answer["served"]:
        return Outcome.REUSED
    return Outcome.REVALIDATED if answer["conditions"] else Outcome.FORWARDED

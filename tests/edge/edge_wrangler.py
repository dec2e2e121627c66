"""Cloudflare's local runtime (wrangler), and the files that it serves in the tests.

What it is asked, and what is right, is the test module's. There is no origin: a
file's body is its own name.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import edge_cells as c
from edge_run import running
from edge_wire import Seen
from proof_process import find, free_port, give_away, version_of

from asgi_nocache import NO_STORE, PRIVATE, PUBLIC, REVALIDATE, Rule
from asgi_nocache._core.guards import ALL_GUARDS
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export.cloudflare_headers import TARGET
from asgi_nocache.export.target import Export

#: The newest that Node 20 runs; and a date that needs nothing from the network.
VERSION, DATE = "4.86.0", "2026-05-01"
#: Where npm puts what the tests of hosts need, outside the repository.
NODE = Path(os.environ.get("EDGE_NODE") or tempfile.gettempdir()) / "asgi-nocache-node"
#: Seconds for an installation; far above the need, it only ends a hang.
PATIENCE = 600

#: No host of files can see a status or tell a page from what it stands in for.
FILES_ONLY = ALL_GUARDS - {"error_status", "extension_mismatch"}
POLICY_SET = RuleSet(
    [
        Rule("/static/drafts/**", NO_STORE, reason="not published yet"),
        Rule("/static/secret.html", NO_STORE),
        Rule("/static/**", PUBLIC(max_age=3600), reason="hashed file names"),
        Rule("/favicon.ico", PUBLIC(max_age=60)),
        Rule("/me", PRIVATE(max_age=30), methods=["GET"]),
        Rule("/pages/*", REVALIDATE),
        Rule("/old/*.png", PUBLIC(max_age=5), mode="override"),
        Rule("/odd (1)/a@b", PUBLIC(max_age=7)),
    ],
    guards=FILES_ONLY,
)
#: The files of the site.
FILES = (
    *(path[1:] for path in c.PATHS), "index.html", "static/a b.css", "static/a@b",
    "static/a.b.css", "static/.well-known/x", "static/Drafts/a", "static/drafts.css",
    "static/secret.html", "static/page.html", "static/folder/index.html", "me.css",
    "ME", "API/items", "STATIC/app.css", "static/ü.css", "static/a#b",
    "static/%64rafts/a", "odd (1)/a@b", "drafts/a", "static/app.css;x",
    "static/draftsman", "old/.png", "old/deep/a.png",
)  # fmt: skip


def install(*packages: str) -> None:
    """Install npm *packages*, such as ``"wrangler@4.86.0"``, for these tests."""
    NODE.mkdir(mode=0o755, parents=True, exist_ok=True)
    command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(NODE)]
    subprocess.run([*command, *packages], check=True, timeout=PATIENCE)


def installed(package: str) -> Path | None:
    """Return the folder of the npm *package*."""
    folder = NODE / "node_modules" / package
    return folder if find("node") and folder.is_dir() else None


def ask(
    port: int,
    target: str,
    *,
    method: str = "GET",
    fields: Iterable[tuple[str, str]] = (),
) -> Seen:
    """Ask for *target* as it is; this server does not hang up when it is told to."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in fields:
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        lines = tuple((n.lower(), v) for n, v in answer.getheaders())
        return Seen(answer.status, lines, answer.read())


class Wrangler:
    """The asset server of Workers in wrangler's local mode."""

    target = TARGET
    decodes = True
    policy_set = POLICY_SET
    packages = (f"npm:wrangler@{VERSION}",)

    def missing(self) -> str:
        """Return what is not installed, ``""`` if nothing is missing."""
        return "" if installed("wrangler") else self.packages[0]

    def version(self) -> str:
        """Return the version of the program."""
        return str(version_of(*self._command("--version")))

    def validate(self, export: Export, folder: Path) -> str:
        """Return what wrangler objects to while it reads the file."""
        with self.start(export, 0, folder):
            said = (folder / "output").read_text()
        blocks = len(re.findall("^/", export.files[0].text, re.MULTILINE))
        if f"Parsed {blocks} valid header rule" in said and "invalid" not in said:
            return ""
        return said

    @contextlib.contextmanager
    def start(self, export: Export, origin: int, folder: Path) -> Iterator[int]:
        """Serve :data:`FILES` with *export*; there is no *origin*."""
        site = folder / "site"
        for name in FILES:
            path = site / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        for file in export.files:
            (site / file.name).write_text(file.text)
        give_away(folder)
        port = free_port()
        command = self._command(
            "dev", f"--assets={site}", f"--compatibility-date={DATE}", "--local",
            "--ip=127.0.0.1", f"--port={port}", "--inspector-port=0",
            "--show-interactive-dev-session=false",
        )  # fmt: skip
        with running(command, folder, port, ready="Ready on"):
            yield port

    def _command(self, *arguments: str) -> list[str]:
        program = NODE / "node_modules" / "wrangler" / "bin" / "wrangler.js"
        quiet = ["WRANGLER_SEND_METRICS=false", "CI=1", "WRANGLER_LOG_PATH=logs"]
        return ["env", *quiet, "node", str(program), *arguments]


EDGE = Wrangler()

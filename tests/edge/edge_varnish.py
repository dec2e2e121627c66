"""Varnish as an edge: a real varnishd, with the export as it tells people to use it."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from edge_cells import MATRIX
from edge_run import running
from proof_process import PATIENCE, find, free_port, give_away, version_of
from proof_programs import VARNISH

from asgi_nocache.export.target import Export
from asgi_nocache.export.varnish import TARGET


class _Varnish:
    target = TARGET
    decodes = False
    policy_set = MATRIX
    packages = VARNISH.packages

    def missing(self) -> str:
        """Return what is not installed, ``""`` if nothing is missing."""
        wanted = [VARNISH.binary, *VARNISH.needs]
        return ", ".join(name for name in wanted if find(name) is None)

    def version(self) -> str:
        """Return the version of the program."""
        return str(version_of(self._binary(), "-V"))

    def validate(self, export: Export, folder: Path) -> str:
        """Return what the compiler objects to, ``""`` if nothing."""
        self.install(export, 9, folder)
        done = subprocess.run(
            [self._binary(), "-C", "-j", "none", "-f", f"{folder}/own.vcl"],
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * PATIENCE,
            cwd=folder,
        )
        return done.stderr or "it failed" if done.returncode else ""

    @contextlib.contextmanager
    def start(
        self, export: Export, origin: int, folder: Path, own: str = ""
    ) -> Iterator[int]:
        """Run it with *export* in front of *origin*, *own* VCL first; the port."""
        give_away(folder)
        self.install(export, origin, folder, own)
        port = free_port()
        command = [self._binary(), "-F", "-j", "none", "-n", f"{folder}/work"]
        command += ["-T", "none", "-a", f"127.0.0.1:{port}", "-s", "malloc,32m"]
        command += ["-f", f"{folder}/own.vcl"]
        with running(command, folder, port, VARNISH.ready):
            yield port

    def install(self, export: Export, origin: int, folder: Path, own: str = "") -> None:
        """Write the files, with what is told to people as the main one."""
        for name, text in export.files:
            (folder / name).write_text(text)
        main = export.include.replace("8000", str(origin))
        main = main.replace('include "', f'include "{folder}/')
        main = main.replace("sub vcl_recv", f"{own}\nsub vcl_recv", 1)
        (folder / "own.vcl").write_text(main)

    def _binary(self) -> str:
        return str(find(VARNISH.binary) or VARNISH.binary)


EDGE = _Varnish()

"""HAProxy with its own small cache on, and the frontend that the export asks for."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from edge_cells import MATRIX
from edge_run import program, running
from proof_process import free_port, give_away, version_of

from asgi_nocache.export.haproxy import TARGET
from asgi_nocache.export.target import Export

#: What a team has; its own rules make HAProxy answer by itself.
OWN = """
global
    maxconn 256
    nbthread 1
cache small
    total-max-size 4
    max-age 3600
    process-vary on
defaults
    mode http
    timeout connect 5s
    timeout server 60s
    # else a refused connection costs three seconds
    retries 0
frontend web from nocache
    bind 127.0.0.1:{port}
    timeout client 60s
    http-request deny if {{ path_beg /denied }}
    http-request return status 404 if {{ path /gone }} {{ req.fhdr(x-edge) -m found }}
    http-request redirect location /static/ if {{ path /static/moved }}
    monitor-uri /static/alive
    http-request cache-use small if {{ var(txn.nocache_cacheable) -m bool }}
    http-response cache-store small if {{ var(txn.nocache_cacheable) -m bool }}
    http-response deny deny_status 502 if {{ res.fhdr(x-leak) -m found }}
    default_backend app
backend app
    server origin 127.0.0.1:{origin}
"""


class Haproxy:
    """HAProxy as Debian has it.

    Args:
        own: What a team has besides the export.
    """

    target = TARGET
    decodes = False
    policy_set = MATRIX
    packages = ("haproxy",)

    def __init__(self, own: str = OWN) -> None:
        self._own = own

    def missing(self) -> str:
        """Return what is not installed."""
        return "" if program("haproxy") else "haproxy is not installed (haproxy)"

    def version(self) -> str:
        """Return what the program says of itself."""
        return version_of(program("haproxy"), "-v")

    def validate(self, export: Export, folder: Path) -> str:
        """Return what HAProxy's check objects to; a warning is an objection."""
        command = [*self._command(export, 1, 1, folder), "-c", "-dW"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stderr if done.returncode or "WARNING" in done.stderr else ""

    @contextlib.contextmanager
    def start(self, export: Export, origin: int, folder: Path) -> Iterator[int]:
        """Run it in front of *origin*, with its cache on."""
        port = free_port()
        command = [*self._command(export, port, origin, folder), "-db"]
        with running(command, folder, port):
            yield port

    def _command(
        self, export: Export, port: int, origin: int, folder: Path
    ) -> list[str]:
        give_away(folder)
        (rules,) = export.files
        (folder / rules.name).write_text(rules.text, encoding="utf-8")
        own = folder / "haproxy.cfg"
        own.write_text(self._own.format(port=port, origin=origin))
        files = ["-f", str(folder / rules.name), "-f", str(own)]
        return [program("haproxy"), *files]


EDGE = Haproxy()

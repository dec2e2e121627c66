"""One configuration file as read: its values, and where they stand in it.

Text becomes values of the kinds that the table of keys names; every problem is
collected with its line. What the values mean is build.py's, which files belong
together extend.py's.
"""

from __future__ import annotations

import difflib
import pathlib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .._core.errors import ConfigurationError
from .keys import POLICY_KEYS, POLICY_NAME, PRESETS, RULE, TOP, Key, policy_key
from .places import Path, line_of

PYPROJECT: Final = "pyproject.toml"
TABLE: Final = ("tool", "asgi-nocache")
#: A policy is pages, not megabytes; what is larger is another file.
MAX_BYTES: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Document:
    """The values of one file.

    Attributes:
        source: What the file is called in errors.
        values: What it says, as tomllib reads it.
        text: Its text; ``""`` for values that come from elsewhere.
        below: The table in the file that the values are from.
        folder: What relative names in it start from.
        problems: What is wrong in it; grows while it is read.
    """

    source: str
    values: Mapping[str, Any]
    text: str = ""
    below: Path = ()
    folder: pathlib.Path = field(default_factory=pathlib.Path)
    problems: list[str] = field(default_factory=list)

    def at(self, *path: str | int) -> str:
        """Return where *path* stands: ``nocache.toml line 12``."""
        if not self.text:
            return f"{self.source} {_shown(path)}"
        return f"{self.source} line {line_of(self.text, path, below=self.below)}"

    def wrong(self, path: Path, problem: str) -> None:
        """Take note of a *problem* with what stands at *path*."""
        line = line_of(self.text, path, below=self.below) if self.text else 0
        at = f"line {line}, {_shown(path)}" if line else _shown(path)
        self.problems.append(f"{at}: {problem}")


def _shown(path: Iterable[str | int]) -> str:
    """Return *path* as people say it: ``rules 2, policy``."""
    text = ""
    for part in path:
        text += f" {part}" if isinstance(part, int) else f", {part}" if text else part
    return text


def read_file(path: pathlib.Path, source: str) -> Document:
    """Read a TOML file.

    Raises:
        ConfigurationError: It cannot be read, or is no TOML.
    """
    try:
        with path.open("rb") as file:
            given = file.read(MAX_BYTES + 1)
        if len(given) > MAX_BYTES:
            raise ConfigurationError(
                source, [f"is larger than {MAX_BYTES} bytes; is it the right file?"]
            )
        text = given.decode("utf-8-sig")
        values: Any = tomllib.loads(text)
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error} ({path.absolute()})"
        raise ConfigurationError(source, [problem]) from error
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8 at byte {error.start}; save it as UTF-8"
        raise ConfigurationError(source, [problem]) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(source, [f"is no TOML: {error}"]) from error
    below: Path = ()
    if path.name == PYPROJECT:
        below = TABLE
        tool = values.get(TABLE[0])
        values = tool.get(TABLE[1]) if isinstance(tool, dict) else None
        if not isinstance(values, dict):
            raise ConfigurationError(
                source, ["has no table [tool.asgi-nocache]; add it, or name another"]
            )
    return Document(source, values, text or "\n", below, path.parent)


def check(document: Document) -> None:
    """Take note of every key that is unknown, and every value of another kind."""
    values = dict(document.values)
    rules = values.pop("rules", [])
    policies = values.pop("policies", {})
    known = [*TOP, "rules", "policies"]
    _check_table(document, values, (), TOP.get, known)
    if isinstance(policies, dict):
        for name, policy in policies.items():
            _check_policy(document, name, policy)
    else:
        document.wrong(("policies",), f"{policies!r} is no table; write [policies.x]")
    if not _are_tables(rules):
        document.wrong(("rules",), f"{rules!r} is no list of rules; write [[rules]]")
        return
    for number, rule in enumerate(rules, 1):
        _check_table(document, rule, ("rules", number), RULE.get, list(RULE))
        if "policy" not in rule:
            document.wrong(
                ("rules", number), 'policy is missing; write policy = "no-store"'
            )


def _are_tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _check_policy(document: Document, name: str, policy: Any) -> None:
    path = ("policies", name)
    if name in PRESETS:
        document.wrong(path, f"{name!r} is a preset; choose another name")
    elif not POLICY_NAME.fullmatch(name):
        document.wrong(
            path, f"{name!r} is no name; write it like 'brief' or 'one-hour'"
        )
    if isinstance(policy, dict):
        check_policy_table(document, policy, path)
    else:
        document.wrong(path, f"{policy!r} is no table; write [policies.{name}]")


def check_policy_table(document: Document, table: dict[str, Any], path: Path) -> None:
    """Check a policy that is written out."""
    _check_table(document, table, path, policy_key, list(POLICY_KEYS))
    if "cache-control" not in table:
        document.wrong(
            path, 'cache-control is missing; write cache-control = "private, max-age=9"'
        )


def _check_table(
    document: Document,
    table: Mapping[str, Any],
    path: Path,
    key_of: Callable[[str], Key | None],
    known: list[str],
) -> None:
    for name, value in table.items():
        key, at = key_of(name), (*path, name)
        if key is None:
            document.wrong(
                at, f"the key {name!r} is unknown; {did_you_mean(name, known)}"
            )
        elif not key.kind.fits(value):
            document.wrong(at, f"{_brief(value)} is not {key.kind.said}")
        elif key.choices:
            for odd in [value] if isinstance(value, str) else value:
                if odd not in key.choices:
                    hint = did_you_mean(odd, key.choices)
                    document.wrong(at, f"{odd!r} is unknown; {hint}")
        elif isinstance(value, dict):
            check_policy_table(document, value, at)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the remedy for an unknown word: the one that was meant, or all."""
    known = list(known)
    plain = name.lower().replace("_", "-")
    close = [plain] if plain in known else difflib.get_close_matches(plain, known, 1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"choose {', '.join(map(repr, known))}"


def _brief(value: Any) -> str:
    shown = str(value).lower() if isinstance(value, bool) else repr(value)
    return shown if len(shown) <= 80 else shown[:77] + "..."

"""The configuration file: ``nocache.toml``, or a table in ``pyproject.toml``.

Rules and settings read from TOML, files that extend others, the JSON Schema for
editors, and the way back to a mapping. What a rule means is the core's; which
files a command writes is the command's.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._core.errors import ConfigurationError
from .._core.guards import ALL_GUARDS
from .._core.policy import NO_STORE
from .._core.rules import Rule, RuleSet
from .build import Placed, Settings
from .document import Document, read_file
from .extend import FILE, Merged, merge
from .schema import schema
from .write import as_mapping, as_toml

__all__ = [
    "FILE",
    "Config",
    "Settings",
    "as_mapping",
    "as_toml",
    "load_config",
    "read_config",
    "schema",
]


@dataclass(frozen=True, slots=True)
class Config:
    """What a configuration file says, with all that it extends.

    Attributes:
        source: What the file is called.
        placed: The rules in the order in which they are tried, and where each stands.
        settings: What it says beside rules.
        sources: All files, this one first.
    """

    source: str
    placed: tuple[Placed, ...]
    settings: Settings
    sources: tuple[str, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules alone."""
        return tuple(placed.rule for placed in self.placed)

    def policy_set(self) -> RuleSet:
        """Return the whole policy, compiled.

        Warns:
            UserWarning: A rule never applies, since an earlier one takes it all.
        """
        said = self.settings
        return RuleSet(
            self.rules,
            default=said.default or NO_STORE,
            mode=said.mode or "stricter",
            guards=ALL_GUARDS if said.guards is None else said.guards,
            place=self.source,
        )


def load_config(path: str | os.PathLike[str]) -> Config:
    """Read a configuration file and those that it extends.

    Args:
        path: ``nocache.toml``, or a ``pyproject.toml`` with ``[tool.asgi-nocache]``;
            a relative one starts where the process does.

    Raises:
        ConfigurationError: It cannot be read, or with everything that is wrong in it:
            each problem names file, line and remedy.
    """
    if not isinstance(path, str | os.PathLike):
        raise ConfigurationError(
            f"config={path!r}", ["is no path; write config='nocache.toml'"]
        )
    file = pathlib.Path(path)
    return _config(str(path), merge(read_file(file, str(path)), file))


def read_config(
    values: Mapping[str, Any], *, source: str = "config", folder: str = "."
) -> Config:
    """Read what a file would say from a mapping.

    Args:
        values: As ``tomllib`` would read it.
        source: What it is called in errors.
        folder: What relative names in ``extends`` start from.

    Raises:
        ConfigurationError: With everything that is wrong.
    """
    document = Document(source, values, folder=pathlib.Path(folder))
    return _config(source, merge(document))


def _config(source: str, merged: Merged) -> Config:
    return Config(source, merged.rules, merged.settings, merged.sources)

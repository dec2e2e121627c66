"""What a middleware is given, in Python and in a file, put together once.

Python comes last and wins: its rules are tried before the file's, and what it says
beside them counts. Floors of the file bind it all the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from ._core.errors import ConfigurationError
from ._core.guards import ALL_GUARDS
from ._core.policy import NO_STORE, Policy
from ._core.rules import Mode, Rule, RuleSet

if TYPE_CHECKING:
    from .config import Config

#: A file, or what was read from it.
ConfigSource: TypeAlias = "str | os.PathLike[str] | Config"

_UNSAID: Final[dict[str, Any]] = {
    "default": NO_STORE,
    "mode": "stricter",
    "guards": ALL_GUARDS,
    "error_response": None,
    "reject_ambiguous": False,
    "refuse_prefetch": False,
}


class Options(NamedTuple):
    """What counts; the names are those of the middleware's arguments."""

    rules: Iterable[Rule]
    default: Policy
    mode: Mode
    guards: Iterable[str]
    error_response: bool | None
    reject_ambiguous: bool
    refuse_prefetch: bool

    def rule_set(self, place: str) -> RuleSet:
        """Return the whole policy, compiled, for a middleware to call.

        Raises:
            ConfigurationError: With everything that is wrong in it.
        """
        return RuleSet(
            self.rules,
            default=self.default,
            mode=self.mode,
            guards=self.guards,
            place=place,
            stacklevel=2,
        )


def settle(
    place: str,
    config: ConfigSource | None,
    rules: Iterable[Rule],
    **given: Any,
) -> Options:
    """Return what counts of the arguments of a middleware and of its file.

    Args:
        place: Whose arguments these are, for errors.
        config: The file, or what was read from it; ``None``: there is none.
        rules: Tried before those of the file.
        given: The other arguments, ``None`` where the file may say.

    Raises:
        ConfigurationError: With everything that is wrong in the file, or where the
            arguments say less than a floor of the file.
    """
    if config is not None:
        # Not before: most apps have no file, and reading one costs an import.
        from .config import Config, load_config

        read = config if isinstance(config, Config) else load_config(config)
        rules = _joined(place, rules, given.get("default"), read)
        said = read.settings
        given = {
            name: getattr(said, name, None) if value is None else value
            for name, value in given.items()
        }
    counts = {name: value for name, value in given.items() if value is not None}
    return Options(rules, **_UNSAID | counts)


def _joined(place: str, rules: Any, default: Any, read: Config) -> Any:
    """Return *rules* and those of the file; what is no list is refused elsewhere."""
    from .config import Placed, loosened, without_replaced

    if isinstance(rules, str | bytes | Rule) or not isinstance(rules, Iterable):
        return rules
    own = tuple(rules)
    if not all(isinstance(rule, Rule) for rule in own):
        return own
    placed = (*(Placed(rule, place, place) for rule in own), *read.placed)
    known = default if isinstance(default, Policy) else None
    if problems := list(loosened(placed, known, place)):
        raise ConfigurationError(place, problems)
    return tuple(each.rule for each in without_replaced(placed))

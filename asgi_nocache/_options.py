"""What a middleware is given, in Python and in a file, put together once.

Python comes last and wins: its rules are tried before the file's, and what it says
beside them counts. Floors of the file bind it all the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from ._core.errors import ConfigurationError
from ._core.guards import ALL_GUARDS
from ._core.policy import NO_STORE, Policy
from ._core.rules import Mode, Rule, RuleSet
from ._rollout import problems as rollout_problems
from ._rollout import warn_if_over
from ._watch import Watch
from ._watch import problems as watch_problems

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
    "report_until": None,
    "enforce_percent": None,
    "metrics": False,
    "debug_field": False,
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
    report_until: date | None
    enforce_percent: int | None
    metrics: bool
    debug_field: bool | Literal["always"]

    def rule_set(self, place: str) -> RuleSet:
        """Return the whole policy, compiled, for a middleware to call.

        Raises:
            ConfigurationError: With everything that is wrong in it.
        """
        made = RuleSet(
            self.rules,
            default=self.default,
            mode=self.mode,
            guards=self.guards,
            place=place,
            stacklevel=2,
        )
        problems = [
            *rollout_problems(made, self.report_until, self.enforce_percent),
            *watch_problems(self.metrics, self.debug_field),
        ]
        if problems:
            raise ConfigurationError(place, problems)
        warn_if_over(self.report_until, datetime.now(UTC).date())
        return made

    def watch(self) -> Watch | None:
        """Return what looks at each response, ``None`` if nothing does."""
        counters = None
        if self.metrics:
            from ._otel import make_counters

            counters = make_counters()
        debug, percent = bool(self.debug_field), self.enforce_percent
        if counters is None and not debug and percent is None:
            return None
        return Watch(counters, debug=debug, percent=percent)


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
        said = {f.name: getattr(read.settings, f.name) for f in fields(read.settings)}
        if unheard := [n for n, v in said.items() if v and n not in given]:
            raise ConfigurationError(
                place,
                [
                    f"{n.replace('_', '-')}, in {read.source}, is nothing that it can "
                    "do; drop the line, or write NoCacheMiddleware(app)"
                    for n in unheard
                ],
            )
        given = {n: said.get(n) if v is None else v for n, v in given.items()}
    counts = {name: value for name, value in given.items() if value is not None}
    return Options(rules, **_UNSAID | counts)


def _joined(place: str, rules: Any, default: Any, read: Config) -> Any:
    """Return *rules* and those of the file; what is no list is refused elsewhere."""
    from .config.build import Placed
    from .config.extend import loosened, without_replaced

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

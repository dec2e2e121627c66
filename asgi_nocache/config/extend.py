"""Files that build on others: found, read, merged, and held to each other's floors.

The file itself comes before those it extends, a later one of these before an
earlier one: its rules are tried first and its settings count. Floors of all are
joined, so what binds everybody is written as a floor; a file that says less than a
floor of another is refused.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import Final, NamedTuple

from .._core.errors import ConfigurationError
from .._core.patterns import PathIndex
from .._core.policy import Policy
from .._core.rules import Rule, taking
from .build import Built, Placed, Settings, build
from .document import Document, check, read_file

FILE: Final = "nocache.toml"
PACKAGE: Final = "package:"
_PACKAGE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]+:")


class Merged(NamedTuple):
    """What a file and those it extends come to.

    Attributes:
        rules: In the order in which they are tried.
        settings: What counts of each.
        policies: The own policies, by name.
        sources: All files, this one first.
    """

    rules: tuple[Placed, ...]
    settings: Settings
    policies: dict[str, Policy]
    sources: tuple[str, ...]


def merge(document: Document, path: pathlib.Path | None = None) -> Merged:
    """Read what *document* extends, and put all together.

    Args:
        document: The file that was named.
        path: Where it was found, so that none extends itself.

    Raises:
        ConfigurationError: With everything that is wrong in one file, or between
            the files.
    """
    merged = _merge(document, (path.resolve(),) if path else ())
    problems = list(loosened(merged.rules, merged.settings.default, document.source))
    if problems:
        raise ConfigurationError(document.source, problems)
    return merged


def _merge(document: Document, inside: tuple[pathlib.Path, ...]) -> Merged:
    check(document)
    _stop(document)
    bases = list(_bases(document, inside))
    _stop(document)
    known: dict[str, Policy] = {}
    for base in bases:
        known |= base.policies
    built: Built = build(document, known)
    _stop(document)
    settings, rules = built.settings, list(built.rules)
    sources = [document.source]
    for base in reversed(bases):
        settings = settings.over(base.settings)
        # One that two of them extend has its say once.
        rules += [placed for placed in base.rules if placed not in rules]
        sources += [source for source in base.sources if source not in sources]
    return Merged(
        without_replaced(rules), settings, known | built.policies, tuple(sources)
    )


def without_replaced(rules: Iterable[Placed]) -> tuple[Placed, ...]:
    """Return *rules* less those that one of another file, before them, takes all of.

    To replace a base's rule is what a file extends it for, and no mistake.
    """
    kept: list[Placed] = []
    before: list[Rule] = []
    linear: list[int] = []
    index = PathIndex()
    for placed in rules:
        rule = placed.rule
        earlier = taking(rule, before, index, linear)
        if any(kept[number].source != placed.source for number in earlier):
            continue
        if isinstance(rule.path, str):
            index.add(rule.path, len(kept))
        else:
            linear.append(len(kept))
        kept.append(placed)
        before.append(rule)
    return tuple(kept)


def _stop(document: Document) -> None:
    if document.problems:
        raise ConfigurationError(document.source, document.problems)


def _bases(document: Document, inside: tuple[pathlib.Path, ...]) -> Iterator[Merged]:
    for name in document.values.get("extends", []):
        path = _found(document, name)
        if path is None:
            continue
        if path.resolve() in inside:
            document.wrong(("extends",), f"{name!r} leads back to itself; drop it")
            continue
        yield _merge(read_file(path, _called(path, name)), (*inside, path.resolve()))


def _called(path: pathlib.Path, name: str) -> str:
    return name if name.startswith(PACKAGE) else str(path)


def _found(document: Document, name: str) -> pathlib.Path | None:
    """Return the file that *name* stands for."""
    at = ("extends",)
    if name.startswith(PACKAGE):
        return _in_package(document, name.removeprefix(PACKAGE))
    if _ELSEWHERE.match(name) and not pathlib.PureWindowsPath(name).drive:
        document.wrong(
            at,
            f"{name!r} is somewhere else, and nothing is fetched when an app starts; "
            "install it as a package and write 'package:NAME'",
        )
        return None
    path = document.folder / name
    if not path.is_file():
        document.wrong(at, f"{name!r} is not there: looked for {path.absolute()}")
        return None
    return path


def _in_package(document: Document, name: str) -> pathlib.Path | None:
    """Return the file of an installed package, without running its code."""
    at = ("extends",)
    spec = None
    if _PACKAGE_NAME.fullmatch(name):
        spec = find_spec(name.replace("-", "_"))
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        document.wrong(
            at, f"the package {name!r} is not installed here: pip install {name}"
        )
        return None
    files = [pathlib.Path(folder) / FILE for folder in folders]
    found = next((file for file in files if file.is_file()), None)
    if found is None:
        document.wrong(at, f"the package {name!r} has no {FILE}; is it a policy?")
    return found


def loosened(
    rules: Iterable[Placed], default: Policy | None, source: str
) -> Iterator[str]:
    """Yield what says less than a floor of another file that is for all of it.

    A rule that is for more than the floor is not meant: there, the floor prevails.

    Args:
        rules: Of all files.
        default: What applies where none does; ``None``: the strictest.
        source: The file that *default* is from.
    """
    rules = tuple(rules)
    for floor in (placed for placed in rules if placed.rule.floor):
        takes = _Floor(floor.rule)
        for placed in rules:
            own = placed.rule.floor or placed.source == floor.source
            if not own and takes.loosened_by(placed.rule):
                yield f"{placed.at}: {placed.rule!r} {_told(floor)}"
        everything = default is not None and Rule("/**", default)
        if everything and floor.source != source and takes.loosened_by(everything):
            yield f"{source}: default {default!r} {_told(floor)}"


class _Floor:
    """Tells which rules a floor takes all of, and tightens."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._index = PathIndex()
        if isinstance(rule.path, str):
            self._index.add(rule.path, 0)

    def loosened_by(self, rule: Rule) -> bool:
        """Tell whether *rule* says less, and nothing of it is outside."""
        least, control = self._rule.policy.cache_control, rule.policy.cache_control
        if least is None or (control is not None and control.covers(least)):
            return False
        return self._takes(rule) and self._rule.conditions.cover(rule.conditions)

    def _takes(self, rule: Rule) -> bool:
        if isinstance(rule.path, str) and isinstance(self._rule.path, str):
            return bool(self._index.covering(rule.path))
        return self._rule.path in (None, "/**", rule.path)


def _told(floor: Placed) -> str:
    reason = f" ({floor.rule.reason})" if floor.rule.reason else ""
    return (
        f"is looser than the floor {floor.rule!r} of {floor.at}{reason}, which can "
        f"only be tightened: use {floor.rule.policy.cache_control} or stricter"
    )

"""Reading an nginx configuration: where it undoes what the app or the export says.

Needs crossplane. What nginx inherits and what of it loosens belongs here; printing is
the command's. Nothing is run and nothing is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made_by
from typing import Any, NamedTuple

import crossplane  # type: ignore[import-untyped]

from .._core.cache_control import CacheControl
from .._core.errors import ConfigurationError
from .._core.strictness import NEVER_STORE
from ..export.cases import CACHING, VALIDATORS

#: What hands a request to an app, and what the directives of that way begin with.
_GATEWAYS = ("proxy", "fastcgi", "uwsgi", "scgi")
#: What holds others that inherit from it. Nothing else answers HTTP requests.
_BLOCKS = frozenset({"http", "server", "location", "if", "limit_except"})
#: What is a part of the block around it, and hands on to the same app.
_PARTS = frozenset({"if", "limit_except"})
#: What a client may confirm its copy with.
_PRECONDITIONS = ("if-none-match", "if-modified-since", "if-range", "range")
#: What is told to nginx's cache in fields; to ignore one is to store what it forbids.
_HEEDED = ("cache-control", "expires", "x-accel-expires", "set-cookie", "vary")
#: The export's own variables follow the policy.
_OURS = "$nocache_"
_ALWAYS = "always"

#: Lists of which nginx takes none from further out where a block has one of its own,
#: with the names in them that matter; ``()``: each line does.
_LISTS: dict[str, tuple[str, ...]] = {
    "add_header": (*CACHING, *VALIDATORS),
    "proxy_set_header": _PRECONDITIONS,
    **{f"{each}_hide_header": (*CACHING, *VALIDATORS) for each in _GATEWAYS},
    **{f"{each}_no_cache": () for each in _GATEWAYS},
    **{f"{each}_cache_bypass": () for each in _GATEWAYS},
}


class Line(NamedTuple):
    """One directive.

    Attributes:
        file: Where it stands.
        number: In which line, from 1.
        name: The directive's.
        args: What follows, without quotes.
        block: What stands between its braces; ``None`` without braces.
    """

    file: str
    number: int
    name: str
    args: tuple[str, ...]
    block: tuple[Line, ...] | None = None

    @property
    def field(self) -> str:
        """The field that it is about, lower case."""
        return "".join(self.args[:1]).lower()

    @property
    def value(self) -> str:
        """What the field is set to."""
        return "".join(self.args[1:2])


class Undone(NamedTuple):
    """One finding.

    Attributes:
        code: ``NC803`` or ``NC804``.
        file: Where.
        line: In which line, from 1.
        problem: What is wrong.
        remedy: What to do.
    """

    code: str
    file: str
    line: int
    problem: str
    remedy: str


@dataclass
class _Block:
    """One block, with what applies in it.

    Attributes:
        name: As it is written: ``location /static/``.
        own: The lines that stand in it, by directive.
        lines: These, and the inherited ones where it has none of a directive.
        gateways: What its requests are handed to: ``{"proxy"}``.
    """

    name: str
    own: dict[str, list[Line]] = made_by(default_factory=dict)
    lines: dict[str, list[Line]] = made_by(default_factory=dict)
    gateways: frozenset[str] = frozenset()

    @property
    def inherit(self) -> str:
        """What ``add_header_inherit`` (from 1.29.3) is here."""
        return next((x.field for x in self.lines.get("add_header_inherit", ())), "on")


def undone_in(file: str) -> tuple[Undone, ...]:
    """Return what the nginx configuration *file*, with all it includes, undoes.

    ``NC803``: it says or stores other things than the app does. ``NC804``: a block
    has a list of its own and loses the caching lines of the list around it.

    Args:
        file: The file that nginx is started with, or one server's.

    Raises:
        ConfigurationError: It, or what it includes, cannot be read.
    """
    found = dict.fromkeys(_in_blocks(_read(file), _Block(file)))
    return tuple(sorted(found, key=lambda each: (each.file, each.line, each.code)))


def _read(file: str) -> tuple[Line, ...]:
    # Which directives there are, and where, is nginx's to check (nginx -t).
    read = crossplane.parse(file, strict=False, check_ctx=False, check_args=False)
    if read["errors"]:
        raise ConfigurationError(
            file,
            [
                f"cannot be read: {each['file']}:{each['line'] or 1}: {each['error']}"
                for each in read["errors"]
            ],
        )
    return tuple(_lines(read["config"], 0, read["config"][0]["parsed"], ()))


def _lines(
    files: Sequence[Mapping[str, Any]],
    number: int,
    statements: Iterable[Mapping[str, Any]],
    trail: tuple[int, ...],
) -> Iterator[Line]:
    """Yield *statements*, which stand in the file *number*, with what they include.

    crossplane 0.5.14 does so with ``combine=True``, but calls the rest of a file by
    the name of what it includes.
    """
    file = files[number]["file"]
    if number in trail:
        raise ConfigurationError(file, ["it includes itself"])
    trail = (*trail, number)
    for each in statements:
        if "includes" in each:
            for other in each["includes"]:
                yield from _lines(files, other, files[other]["parsed"], trail)
            continue
        name, args = each["directive"], tuple(each["args"])
        # The block stands in this file, not in another: the trail is that of here.
        block = tuple(_lines(files, number, each.get("block", ()), trail[:-1]))
        yield Line(file, each["line"], name, args, block if "block" in each else None)


def _in_blocks(lines: Iterable[Line], out: _Block) -> Iterator[Undone]:
    """Yield what is wrong in the blocks among *lines*, which stand in *out*."""
    for line in lines:
        if line.block is None or line.name not in _BLOCKS:
            continue
        block = _entered(line, line.block, out)
        yield from _lost(block, out)
        if line.name != "http":
            yield from _overriding(block)
        yield from _in_blocks(line.block, block)


def _entered(line: Line, inside: Iterable[Line], out: _Block) -> _Block:
    """Return the block that *line* begins, with what it inherits from *out*."""
    block = _Block(" ".join((line.name, *line.args)))
    gateways = set(out.gateways if line.name in _PARTS else ())
    for each in inside:
        if each.block is None:
            block.own.setdefault(each.name, []).append(each)
            gateways |= {gate for gate in _GATEWAYS if each.name == f"{gate}_pass"}
    block.gateways = frozenset(gateways)
    block.lines = {**out.lines, **block.own}
    if block.inherit == "merge":
        both = (*out.lines.get("add_header", ()), *block.own.get("add_header", ()))
        block.lines["add_header"] = list(both)
    elif block.inherit == "off":
        block.lines["add_header"] = block.own.get("add_header", [])
    return block


def _lost(block: _Block, out: _Block) -> Iterator[Undone]:
    """Yield the lists of which *block* loses what stands further out (NC804)."""
    for directive, names in _LISTS.items():
        here, around = block.lines.get(directive, []), out.lines.get(directive, [])
        gone = [each for each in around if _matters(each, names)]
        gone = [each for each in gone if not any(_says(x, each) for x in here)]
        if not gone:
            continue
        place = block.own.get(directive) or block.lines["add_header_inherit"]
        # Of proxy_no_cache and the like, what is asked; otherwise the field.
        what = ", ".join(
            dict.fromkeys(x.args[0] if names else " ".join(x.args) for x in gone)
        )
        first = gone[0]
        yield Undone(
            "NC804",
            place[0].file,
            place[0].number,
            f"{block.name} has {place[0].name} of its own and loses {directive} {what} "
            f"of {first.file}:{first.number}",
            "say them here, too, or include the same file here"
            + (
                "; from nginx 1.29.3, add_header_inherit merge keeps both"
                if directive == "add_header"
                else ""
            ),
        )


def _matters(line: Line, names: tuple[str, ...]) -> bool:
    return not names or line.field in names


def _says(line: Line, other: Line) -> bool:
    """Tell whether *line* does what *other*, of the same directive, would."""
    if not _LISTS[line.name]:
        return {*other.args} <= {*line.args}
    if line.field != other.field or _ALWAYS in {*other.args} - {*line.args}:
        return False
    if line.name == "proxy_set_header" and not line.value:
        return True
    return line.args[1:] == other.args[1:] or _is_ours(line) or _is_never_store(line)


def _is_ours(line: Line) -> bool:
    return line.value.startswith(_OURS)


def _is_never_store(line: Line) -> bool:
    said = CacheControl.parse(line.value) if line.field == "cache-control" else None
    return said is not None and said.strictness == NEVER_STORE


def _overriding(block: _Block) -> Iterator[Undone]:
    """Yield what leaves or is stored in *block* whatever the app says (NC803)."""
    said = [x for x in block.lines.get("add_header", ()) if x.field == "cache-control"]
    if block.gateways or said:
        yield from _expiring(block)
    for gateway in sorted(block.gateways):
        yield from _hidden(block, gateway, said)
        yield from _stored(block, gateway)
    for line in said if block.gateways else ():
        if not ("$" in line.value or _is_never_store(line)):
            yield _overridden(
                line, f"says {line.value!r} whatever the app said", "remove it"
            )


def _expiring(block: _Block) -> Iterator[Undone]:
    for line in block.lines.get("expires", ()):
        if line.args != ("off",):
            yield _overridden(
                line, "adds a Cache-Control and an Expires of its own", "remove it"
            )


def _hidden(block: _Block, gateway: str, said: Iterable[Line]) -> Iterator[Undone]:
    """Yield where the app's Cache-Control is taken away and none put in its place."""
    hide = block.lines.get(f"{gateway}_hide_header", ())
    hidden = [each for each in hide if each.field == "cache-control"]
    said = list(said)
    if not hidden:
        return
    if not said:
        yield _overridden(
            hidden[0],
            "takes the app's field away, and nothing is said in its place",
            "remove it, or include the export (nocache.conf)",
        )
    elif not any(_ALWAYS in line.args for line in said):
        yield _overridden(
            said[0], "is left out of errors, and the app's is hidden", "add always"
        )


def _stored(block: _Block, gateway: str) -> Iterator[Undone]:
    """Yield what nginx's own cache is told to keep against the app's fields."""
    if not any(
        line.args != ("off",) for line in block.lines.get(f"{gateway}_cache", ())
    ):
        return
    for line in block.lines.get(f"{gateway}_ignore_headers", ()):
        ignored = [each for each in line.args if each.lower() in _HEEDED]
        if ignored:
            what = ", ".join(ignored)
            yield _overridden(line, f"stores what {what} forbids", "remove it")
    asked = block.lines.get(f"{gateway}_no_cache", ())
    if any(f"{_OURS}no_store" in line.args for line in asked):
        return
    for line in block.lines.get(f"{gateway}_cache_valid", ()):
        if "any" in line.args and line.args[-1].rstrip("smhd") != "0":
            yield _overridden(
                line,
                "stores errors, too, where nobody said how long",
                "name the statuses, or include the export (nocache.conf)",
            )


def _overridden(line: Line, problem: str, remedy: str) -> Undone:
    directive = " ".join((line.name, *line.args))
    return Undone("NC803", line.file, line.number, f"{directive}: {problem}", remedy)

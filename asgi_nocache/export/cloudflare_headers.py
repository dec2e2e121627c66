"""Cloudflare's ``_headers``: for files that Pages or Workers assets serve.

Every block whose pattern matches applies, from the top to the bottom, and values of
one name are joined. So the default comes first, then the entries from the last to
the first, and each block detaches what those before it have set. Patterns are held
against the path by which the file is found, and another spelling of that path gets
a redirect: so no block asks whether a path is plain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from urllib.parse import quote

from .._core.patterns import REST, TAIL, Segment, Wildcard
from .headers_file import Block, comment_of, for_files, without, written
from .losses import Losses
from .paths import PathForm
from .plan import Plan
from .target import Can, Export, File, Heading, Target

#: Blocks in a file, and characters in a line: what is beyond is left out silently.
MAX_BLOCKS, MAX_LINE = 100, 2000

#: What a file's name is made of where it stands for itself in its address.
_UNESCAPED = "!~'()"
#: Names of placeholders; none begins another, since Cloudflare looks for them so.
_NAMES = ("part", *"abcdefghijklmno")
#: It takes a file's extension by itself.
_PLACEHOLDER_LAST = re.compile(r":[a-z]+$")
_INDEX, _PAGE = "/index.html", ".html"

_INCLUDE = """\
Put it as "_headers" into the folder that is deployed: the build output of Pages, or
assets.directory of a Worker. If one is there already, put this text at its end, and
let no other block say Cache-Control."""

_GAPS = (
    "What a Worker or a Pages Function answers leaves without the policy.",
    "A missing file's 404, a redirect and a 405 get what the path gets.",
    "File names are taken letter by letter: what differs in case, or in blanks at the "
    "end, is another file and gets what is said of that one.",
    "An address is cleaned before a file or a block is looked for: '/x/../a' is '/a'.",
    "A login in front of the files (Cloudflare Access) is not seen: allow no shared "
    "caching of what stands behind one.",
    "Cloudflare's own copies of the files are not the file's to steer; a deployment "
    "replaces them.",
)


def _narrow(plan: Plan, losses: Losses) -> Plan:
    plan = for_files(plan, losses)
    for entry in plan.entries:
        if patterns_of(entry.path) is None:
            losses.add(
                f"rule {entry.number}, {entry.rule}",
                "a block knows no numbers, and '**' only at the end of a path",
                "write '{name}', or a folder such as '/static/**'",
            )
            plan = without(plan, entry) if entry in plan.entries else plan
    blocks = _blocks(plan)
    if len(blocks) > MAX_BLOCKS:
        losses.refused.append(
            f"{len(blocks)} blocks are too many: Cloudflare reads {MAX_BLOCKS} and "
            "leaves out the rest silently; join rules into folders"
        )
    for block in blocks:
        values = [len(name) + len(value) + 2 for name, value in block.answer.set]
        if max(len(block.pattern), *values) > MAX_LINE:
            losses.refused.append(
                f"the block for {block.pattern[:40]!r} has a line of more than "
                f"{MAX_LINE} characters, which Cloudflare leaves out silently; "
                "shorten it"
            )
    return plan


def patterns_of(path: PathForm) -> list[str] | None:
    """Return the patterns that are for *path*, ``None`` where none can be.

    Args:
        path: If it is shadowed, the other addresses that Cloudflare's handling of
            pages gives to the same files are among them.
    """
    if path.everything:
        return ["/*"]
    *folders, last = path.segments
    if last not in (REST, TAIL):
        texts = list(_texts(path.segments, strict=path.shadowed))
        if path.shadowed:
            texts += [other for text in texts for other in _also_at(text)]
    else:
        texts = list(_texts(folders, strict=path.shadowed))
        below = [f"{text}/*" for text in texts]
        ends = [f"{text}.*" for text in texts] if path.shadowed else []
        texts = below if last == TAIL else [*texts, *below, *ends]
    return list(dict.fromkeys(texts)) or None


def _texts(segments: Sequence[Segment], *, strict: bool) -> Iterator[str]:
    """Yield what *segments* are here; nothing, if they cannot be said."""
    names = iter(_NAMES)
    options = [_options(segment, names, strict=strict) for segment in segments]
    for chosen in product(*options):
        yield "".join(f"/{text}" for text in chosen)


def _options(segment: Segment, names: Iterator[str], *, strict: bool) -> list[str]:
    if segment in (REST, TAIL):
        return []
    if not isinstance(segment, Wildcard):
        return [quote(segment, safe=_UNESCAPED)]
    prefix = quote(segment.prefix, safe=_UNESCAPED)
    suffix = quote(segment.suffix, safe=_UNESCAPED)
    # A letter would belong to the name of the placeholder.
    joined = suffix[:1].isalnum() or suffix[:1] == "_"
    name = next(names, "")
    if segment.kind not in ("*", "str") or joined or not name:
        return []
    some = f"{prefix}:{name}{suffix}"
    # A placeholder is at least one character.
    return [some, prefix + suffix] if strict and segment.kind == "*" else [some]


def _also_at(text: str) -> Iterable[str]:
    """Yield where else the file at *text* may be served, or a file that is its twin."""
    if text == "/":
        yield "/index.html"
    elif text.endswith(_INDEX):
        folder = text.removesuffix(_INDEX)
        yield from (folder, f"{folder}/", f"{folder}/index")
    elif text.endswith(_PAGE):
        yield from (text.removesuffix(_PAGE), text.removesuffix(_PAGE) + "/")
    elif text.endswith("/"):
        yield text.removesuffix("/")
    else:
        yield f"{text}/"
        if not _PLACEHOLDER_LAST.search(text):
            yield f"{text}.*"


def _blocks(plan: Plan) -> list[Block]:
    """Return the blocks, from the default to the entry that goes first."""
    # A pattern that stands twice would count where it stands first, with what
    # it says last.
    taken: set[str] = set()
    groups: list[list[Block]] = []
    for entry in plan.entries:
        patterns = [p for p in patterns_of(entry.path) or () if p not in taken]
        taken.update(patterns)
        comments = [comment_of(entry), *[""] * len(patterns)]
        answer = entry.cases[-1].answer
        pairs = zip(patterns, comments, strict=False)
        groups.append([Block(pattern, answer, comment) for pattern, comment in pairs])
    if "/*" not in taken:
        groups.append([Block("/*", plan.default, "Everything else")])
    return [block for group in reversed(groups) for block in group]


def _write(plan: Plan, heading: Heading) -> Export:
    text = heading.commented() + written(_blocks(plan), detaches=True)
    return Export((File("_headers", text),), _INCLUDE, _GAPS)


TARGET = Target(
    name="cloudflare-headers",
    title="Cloudflare's _headers file",
    write=_write,
    can=frozenset({Can.PATTERNS, Can.SHADOWS}),
    real=True,
    narrow=_narrow,
)

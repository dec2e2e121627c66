"""Writes the README's part on the proof, and its picture, from ``proof.json``.

``python tests/proof/caches/proof_readme.py proof.json README.md`` replaces what stands
between the two marks, and ``docs/proof.svg`` beside the README. Nothing is measured
here, and the numbers are proof_view.py's; the picture is proof_picture.py's.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from proof_picture import picture
from proof_record import Column, Proof, load
from proof_view import KINDS, ON_ERROR, View, visible

START, END = "<!-- proof -->", "<!-- /proof -->"
PICTURE = Path("docs/proof.svg")
#: docs/why-each-token.md shows what stands between these, too.
SECTION = "<!-- --8<-- [{}:proof] -->"
_BETWEEN = re.compile(f"{re.escape(START)}.*?{re.escape(END)}", re.DOTALL)
_OBEYED = re.compile(r"([\\`*_{}\[\]()#+!|<>~&])")


def write(proof: Proof, readme: Path) -> None:
    """Rewrite the part of *readme*, and the picture.

    Raises:
        ValueError: If the marks are not there, once.
    """
    text = readme.read_text(encoding="utf-8")
    found = _BETWEEN.findall(text)
    if len(found) != 1:
        raise ValueError(f"{readme}: {len(found)} times {START} … {END}; must be once")
    target = readme.parent / PICTURE
    target.parent.mkdir(exist_ok=True)
    target.write_text(picture(proof), encoding="utf-8")
    new = f"{START}\n{part(proof)}{END}"
    readme.write_text(_BETWEEN.sub(lambda _: new, text), encoding="utf-8")


def part(proof: Proof) -> str:
    """Return what the README says of *proof*, in Markdown."""
    view = View(proof)
    names = [policy.name for policy in view.policies]
    alt = f"Bars, one for each cache: without the middleware and with it. {view.claim}"
    lines = [
        f"![{_plain(alt)}]({PICTURE.as_posix()})",
        "",
        SECTION.format("start"),
        "",
        f"{proof.made}: {view.verdict}. {view.claim}",
        "",
        _row("cache", *(f"`{name}`" for name in names)),
        _row(*["---"] * (len(names) + 1)),
        *(_tallies(view, column, names) for column in view.columns),
        "",
        _legend(view),
    ]
    if view.skipped:
        missing = ", ".join(_plain(column.name) for column in view.skipped)
        lines += ["", f"Not run: {missing}."]
    lines += ["", SECTION.format("end")]
    return "\n".join(lines) + "\n"


def _tallies(view: View, column: Column, names: list[str]) -> str:
    title = _plain(f"{column.name} {column.version}".strip())
    if not column.honours:
        title += "¹"
    found = [view.tallies.get((name, column.name)) for name in names]
    return _row(title, *(_plain(tally.short) if tally else "-" for tally in found))


def _legend(view: View) -> str:
    said = [f"{kind.letter} {kind.word}" for kind in (*KINDS.values(), ON_ERROR)]
    text = (
        f"Of {len(view.proof.rows)} cases each, the two worst outcomes: "
        f"{_plain(', '.join(said))}; {_plain('!')} wrong, {_plain('*')} known. "
        "A lone dot: all fresh."
    )
    if any(not column.honours for column in view.columns):
        text += " ¹ Set up not to heed Cache-Control."
    return text


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """Return *text* as Markdown that says just that."""
    return _OBEYED.sub(r"\\\1", " ".join(visible(text).split()))


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Write the README's part on the proof")
    parser.add_argument("proof", type=Path, help="proof.json")
    parser.add_argument("readme", type=Path, help="README.md")
    options = parser.parse_args()
    try:
        write(load(options.proof), options.readme)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"proof_readme: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

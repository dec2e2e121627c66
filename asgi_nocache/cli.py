"""The ``asgi-nocache`` command: options, and which function they are handed to.

What a command does belongs in the module it calls, imported only when the
command runs: ``asgi-nocache --version`` needs nothing but click.
"""

import sys
from importlib.util import find_spec
from typing import Any

from . import __version__

if find_spec("click") is None:
    # The module is imported to run the command and for nothing else; without
    # click there is no command to define.
    sys.exit("the command asgi-nocache needs click: pip install 'asgi-nocache[cli]'")

import click


class NotInstalled(click.ClickException):
    """A command's extra is not there."""

    exit_code = 2  # 1 means that something was found


def _require(extra: str, *modules: str) -> None:
    """Stop with the install command when one of *modules* is not installed."""
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise NotInstalled(
            f"this command needs {' and '.join(missing)}: "
            f"pip install 'asgi-nocache[{extra}]'"
        )


@click.group()
@click.version_option(__version__, prog_name="asgi-nocache")
def main() -> None:
    """Make "never reuse" the default for a whole ASGI app."""


@main.command(context_settings={"show_default": True})
@click.option(
    "--app",
    default="starlette",
    type=click.Choice(["starlette", "flask"]),
    help="What the demo is written in; the page is the same.",
)
@click.option("--host", default="127.0.0.1", help="Name or address to listen on.")
@click.option(
    "--port",
    default=8014,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
)
def demo(app: str, host: str, port: int) -> None:
    """Show the stale dropdown, without the policy and with it."""
    if app == "flask":
        _require("demo,flask", "starlette", "uvicorn", "flask", "asgiref")

        from .demo.flask_app import make_flask_demo_app as make_demo_app
    else:
        _require("demo", "starlette", "uvicorn")

        from .demo.app import make_demo_app

    from .demo.serve import serve

    serve(make_demo_app(), host, port)


_TARGET = click.argument("target", metavar="[MODULE:APP]", required=False)
_APP_DIR = click.option(
    "--app-dir", default=".", help="Look for the module here first.", show_default=True
)
_FACTORY = click.option(
    "--factory", is_flag=True, help="The attribute makes the app when called."
)
_CONFIG = click.option(
    "--config",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Put the policy of nocache.toml around the app; for explain, export and "
    "check --edge, it is enough without an app.",
)
_HEADERS = click.option(
    "-H",
    "--header",
    "headers",
    multiple=True,
    metavar="'NAME: VALUE'",
    help="A field of the request; may be given again.",
)
_NO_COLOR = click.option("--no-color", is_flag=True, help="As NO_COLOR does.")
_FORMATS = ["text", "json", "sarif", "github", "junit", "markdown", "html"]


@main.command("audit")
@_TARGET
@_APP_DIR
@_FACTORY
@_CONFIG
@click.option(
    "--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, writable=True))
@click.option(
    "--since",
    type=click.Path(dir_okay=False),
    metavar="REPORT",
    help="For html: an earlier html or json report, to tell what has changed; "
    "without it the html report that --output replaces.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["info", "warning", "error", "never"]),
    default="error",
    show_default=True,
    help="The least severity that makes the exit code 1.",
)
@click.option("--exit-zero", is_flag=True, help="Exit 0 whatever is found.")
@click.option("--drive", is_flag=True, help="Ask the app, with GET, HEAD and OPTIONS.")
@_HEADERS
@click.option("--require", is_flag=True, help="Each route needs a rule or a mark.")
@click.option("--pedantic", is_flag=True, help="Say also what is a matter of taste.")
@click.option("--quiet", is_flag=True, help="Findings and verdict only.")
@click.option(
    "--baseline",
    type=click.Path(dir_okay=False),
    help="Known findings; nocache-baseline.json is taken where it is there.",
)
@click.option("--update-baseline", is_flag=True, help="Take what is found for known.")
@click.option("--reason", default="", help="Why, for --update-baseline.")
@_NO_COLOR
def audit_command(**given: Any) -> None:
    """List every route, what was decided for it, and what is wrong.

    Exit codes: 0 clean, 1 findings at --fail-on or above, 2 usage or configuration,
    3 the app was not loaded or has no routes.
    """
    _require("cli", "rich", *(["jinja2"] if given["form"] == "html" else []))

    from .audit.command import run_audit

    sys.exit(run_audit(**given))


@main.command("explain")
@click.argument("words", nargs=-1, metavar="[MODULE:APP] METHOD PATH")
@_APP_DIR
@_FACTORY
@_CONFIG
@_HEADERS
@click.option("--status", type=click.IntRange(100, 599), help="What the app answers.")
@click.option(
    "--sent", multiple=True, metavar="'NAME: VALUE'", help="What the app sends."
)
@_NO_COLOR
def explain_command(**given: Any) -> None:
    """Tell why a response leaves with its fields, and what caches then do."""
    _require("cli", "rich")

    from .audit.command import run_explain

    sys.exit(run_explain(**given))


@main.command("check")
@click.argument("words", nargs=-1, metavar="URL...")
@click.option(
    "--edge",
    metavar="URL",
    help="Compare the edge there with the policy of MODULE:APP, route by route.",
)
@click.option(
    "--edge-config",
    type=click.Path(dir_okay=False),
    help="Read this nginx.conf and what it includes: where does it undo a policy?",
)
@_APP_DIR
@_FACTORY
@_CONFIG
@_HEADERS
@click.option(
    "--as",
    "users",
    multiple=True,
    metavar="'NAME: VALUE'",
    help="Ask as a user who sends this field; give it twice to compare two users.",
)
@click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), default=10.0,
    show_default=True, help="Seconds for each step of a request.",
)  # fmt: skip
@_NO_COLOR
def check_command(edge: str | None, edge_config: str | None, **given: Any) -> None:
    """Ask for live URLs, and tell what each kind of cache may do with the answers.

    With --edge URL [MODULE:APP]: compare an edge with the app's policy.

    Exit codes: 0 clean, 1 something is wrong, 2 usage or configuration, 3 nothing
    answered or the app was not loaded.
    """
    if edge_config is not None:
        if edge or given["words"]:
            raise click.UsageError("--edge-config reads a file: no URL, no --edge.")
        _require("nginx", "rich", "crossplane")

        from .audit.edges import run_edge_config

        sys.exit(run_edge_config(file=edge_config))
    _require("live", "rich", "httpx")
    if edge is None and given["config"] is not None:
        raise click.UsageError("--config is for --edge; URLs are asked as they are.")
    if edge is not None and given["users"]:
        raise click.UsageError("--as is for URLs; with --edge, write -H 'Name: value'.")
    if edge is None and given["headers"]:
        raise click.UsageError("-H is for --edge; for URLs, write --as 'Name: value'.")
    if edge is not None:
        from .audit.edges import run_drift

        del given["users"]
        sys.exit(run_drift(edge=edge, **given))
    if not given["words"]:
        raise click.UsageError("Missing argument 'URL...'.")

    from .audit.command import run_check

    asked = {name: given[name] for name in ("users", "timeout", "no_color")}
    sys.exit(run_check(urls=given["words"], **asked))


@main.command("export")
@click.argument("edge", metavar="TARGET")
@_TARGET
@_APP_DIR
@_FACTORY
@_CONFIG
@click.option("-o", "--output", type=click.Path(), help="A file, or a folder.")
@click.option(
    "--widen", is_flag=True, help="What TARGET cannot express becomes never-store."
)
@click.option(
    "--allow-gap",
    "gaps",
    multiple=True,
    metavar="NC802:RULE",
    help="Leave this refused rule out, named by its path or number: what it matches "
    "becomes never-store, and the heading says so. May be given again.",
)
@click.option(
    "--rolling-from",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="The nocache.toml that is in use: write what is looser than neither.",
)
@click.option(
    "--check", "compare", is_flag=True, help="Compare -o with the policy; write none."
)
@click.option(
    "--from",
    "source",
    type=click.Choice(["_headers"]),
    help="Read TARGET, a file in this form, and print its rules.",
)
def export_command(source: str | None, **given: Any) -> None:
    """Write the same policy for an edge: TARGET is nginx, varnish, haproxy, ...

    With --from _headers FILE: read such a file into rules, in Python.

    Exit codes: 0 written or up to date, 1 --check found a difference (NC801), 2 the
    target cannot express a rule (NC802), usage or configuration, 3 the app was not
    loaded.
    """
    _require("cli", "rich")

    from .audit.edges import run_export, run_import

    if source is not None:
        sys.exit(run_import(file=given["edge"]))
    sys.exit(run_export(**given))


@main.command("init")
@_TARGET
@_APP_DIR
@_FACTORY
@click.option(
    "-o", "--output", default="nocache.toml", type=click.Path(), show_default=True
)
@click.option(
    "--days",
    default=90,
    type=click.IntRange(1, 366),
    show_default=True,
    help="How long the file may stay in mode report.",
)
def init_command(**given: Any) -> None:
    """Write a first nocache.toml, which changes nothing yet, and a baseline.

    Exit codes: 0 written, 2 usage or configuration, 3 the app was not loaded or has
    no routes.
    """
    _require("cli", "rich")

    from .audit.start import run_init

    sys.exit(run_init(**given))


@main.command("policy")
@_TARGET
@_APP_DIR
@_FACTORY
@_CONFIG
def policy_command(**given: Any) -> None:
    """Print the whole policy of an app, or of --config FILE, as one nocache.toml.

    What Python says beside a file, and what the file extends, is part of it.
    """
    _require("cli", "rich")

    from .audit.edges import run_policy

    sys.exit(run_policy(**given))


@main.command("schema")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="A file.")
def schema_command(output: str | None) -> None:
    """Write the JSON Schema of nocache.toml, for editors."""
    _require("cli", "rich")

    from .audit.start import run_schema

    sys.exit(run_schema(output=output))


@main.command("rules")
@click.argument("codes", nargs=-1, metavar="[CODE...]")
def rules_command(codes: tuple[str, ...]) -> None:
    """Explain finding codes offline: NC201, or all that begin with NC2."""
    _require("cli", "rich")

    from .audit.command import run_rules

    sys.exit(run_rules(codes))

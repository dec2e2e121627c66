"""The ``asgi-nocache`` command: options, and which function they are handed to.

What a command does belongs in the module it calls, imported only when the
command runs: ``asgi-nocache --version`` needs nothing but click.
"""

import sys
from importlib.util import find_spec

from . import __version__

if find_spec("click") is None:
    # The module is imported to run the command and for nothing else; without
    # click there is no command to define.
    sys.exit("the command asgi-nocache needs click: pip install 'asgi-nocache[cli]'")

import click


def _require(extra: str, *modules: str) -> None:
    """Stop with the install command when one of *modules* is not installed."""
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise click.ClickException(
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

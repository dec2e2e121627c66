"""``python -m asgi_nocache.demo``: the ``demo`` command without the script.

Only the hand-over belongs here. The options are declared once, in
``asgi_nocache.cli``.
"""

import sys
from importlib.util import find_spec


def main() -> None:
    """Run the demo with the options of ``asgi-nocache demo``."""
    if find_spec("click") is None:
        # Said here too: the advice of the command line, [cli], is not enough
        # for someone who wants the demo.
        sys.exit("the demo needs click: pip install 'asgi-nocache[demo]'")

    from asgi_nocache.cli import demo

    demo(prog_name="python -m asgi_nocache.demo")


main()

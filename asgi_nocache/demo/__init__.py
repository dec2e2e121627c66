"""The stale dropdown, live: one page with and without the policy.

Nothing is exported here, so that importing the package stays free of frameworks
and uvicorn: the demo is in ``app`` for Starlette and in ``flask_app`` for Flask,
what the two share in ``items`` and ``page``, listening and serving in ``serve``,
and what the visitor sees in ``page.html``, ``page.css`` and ``page.js``. Options
and messages of the command line belong in ``asgi_nocache.cli``.
"""

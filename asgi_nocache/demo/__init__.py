"""The stale dropdown, live: one page with and without the policy.

Nothing is exported here, so that importing the package stays free of Starlette
and uvicorn: the app is in ``app``, listening and serving in ``serve``, and the
page in ``page.html``, ``page.css`` and ``page.js``. Options and messages of the
command line belong in ``asgi_nocache.cli``.
"""

"""The bridge from WSGI to ASGI, on asgiref's: who serves Flask under an ASGI server.

Nothing in here knows of policies, and nothing but ``asgi_nocache.flask`` of this.

    app       the ASGI app: options, workers, life span
    exchange  one request on the event loop
    call      the same request in its worker
    inbox     the request body on its way to the worker
    outbox    the response on its way back
    files     files, read at the loop's pace
"""

from .app import WORKERS, Bridge, WSGIApp

__all__ = ["WORKERS", "Bridge", "WSGIApp"]

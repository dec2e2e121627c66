"""Field names that do not matter, learned and bounded.

Most lines of a message need no look at all, and a set lookup is the cheapest
way to say so. What matters, and to whom, is said by who makes a ``Names``.
"""

from __future__ import annotations

from collections.abc import Iterable

from ._core.policy import is_side_field

#: Bounds of what is learned: so many names, each so long.
MAX_NAMES = 512
MAX_NAME = 64

#: Names that are seen every day, so that odd ones cannot crowd them out.
_COMMON = frozenset(
    # requests
    b"accept accept-charset accept-encoding accept-language access-control-request-"
    b"headers access-control-request-method authorization baggage cache-control "
    b"cf-connecting-ip cf-ray connection content-encoding content-language "
    b"content-length content-type cookie dnt expect forwarded from host if-match "
    b"if-unmodified-since keep-alive origin pragma priority proxy-authorization range "
    b"referer sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest "
    b"sec-fetch-mode sec-fetch-site sec-fetch-user sec-gpc sec-purpose "
    b"sec-websocket-extensions sec-websocket-key sec-websocket-version te traceparent "
    b"tracestate transfer-encoding upgrade upgrade-insecure-requests user-agent via "
    b"x-api-key x-csrf-token x-forwarded-for x-forwarded-host x-forwarded-port "
    b"x-forwarded-proto x-real-ip x-request-id x-requested-with "
    # responses
    b"accept-ranges access-control-allow-credentials access-control-allow-headers "
    b"access-control-allow-methods access-control-allow-origin access-control-expose-"
    b"headers access-control-max-age allow alt-svc content-disposition content-"
    b"location content-range content-security-policy cross-origin-embedder-policy "
    b"cross-origin-opener-policy cross-origin-resource-policy date etag last-modified "
    b"link location nel permissions-policy referrer-policy report-to reporting-"
    b"endpoints retry-after server server-timing set-cookie strict-transport-security "
    b"trailer vary www-authenticate x-content-type-options x-correlation-id "
    b"x-frame-options x-powered-by x-process-time x-response-time x-robots-tag "
    b"x-trace-id x-xss-protection clear-site-data".split()
)


class Names:
    """The field names that do not matter here, in any letter case; it learns.

    Attributes:
        known: Names found not to matter, as they were spelled.
        tell: Tells whether a name that is not known matters.
    """

    def __init__(self, matter: Iterable[bytes], *, side_fields: bool = False) -> None:
        self._matter = frozenset(matter)
        self._side_fields = side_fields
        self.known = {name for name in _COMMON if not self.matters(name)}

    def matters(self, name: bytes) -> bool:
        """Tell whether *name* matters."""
        name = name.lower()
        return name in self._matter or (self._side_fields and is_side_field(name))

    def learn(self, name: bytes) -> bool:
        """Tell whether *name* does not matter, and remember that."""
        if self.matters(name):
            return False
        if len(self.known) < MAX_NAMES and len(name) <= MAX_NAME:
            self.known.add(bytes(name))
        return True

"""The texts of the catalogue about routes: NC0 the audit, NC1 coverage, NC2 privacy.

Texts only; what looks for them is in the modules of the same families.
"""

from __future__ import annotations

from ..values import Confidence, Severity
from .catalogue import Check

E, W, I = Severity.ERROR, Severity.WARNING, Severity.INFO  # noqa: E741
SURE, LIKELY = Confidence.CERTAIN, Confidence.LIKELY

DECLARE = (
    'Rule({rule}, NO_STORE, reason="...") in the middleware\'s rules, or @nocache '
    "above {endpoint}"
)

AUDIT = (
    Check(
        code="NC001",
        severity=E,
        confidence=SURE,
        kinds="S",
        title="no routes were found",
        why="An audit of nothing finds nothing wrong. The name may lead to another "
        "object than the app, or to a factory that was not called.",
        fix="check the name after the colon; add --factory if it is a function that "
        "makes the app; FastAPI 0.137.0 and 0.137.1 hide their routes: upgrade",
        reference="README: Nothing to forget",
        fires="asgi-nocache audit shop.main:create_app   (a factory, not called)",
        silent="asgi-nocache audit shop.main:create_app --factory",
    ),
    Check(
        code="NC002",
        severity=E,
        confidence=SURE,
        kinds="S",
        title="an app or a route whose routes cannot be seen",
        why="What answers below it is not in the list of routes, so nobody can say "
        "that none was forgotten. Where the policy covers its path the finding is "
        "only for information: no cache may do more than the policy says.",
        fix='Rule({rule}, NO_STORE, reason="an app of its own")',
        reference="ASVS 5.0 14.3.2",
        fires='app.mount("/metrics", some_asgi_function)   (no middleware around it)',
        silent="the same, under NoCacheMiddleware(app): then it is information",
    ),
    Check(
        code="NC003",
        severity=E,
        confidence=SURE,
        kinds="S",
        title="the app could not be imported",
        why="Nothing was audited.",
        fix="mend what the traceback's last frame shows; import the app as the "
        "server does, from the same folder and with the same environment",
        reference="exit code 3",
        fires="asgi-nocache audit shop.mian:app",
        silent="asgi-nocache audit shop.main:app",
        elsewhere="the command, with exit code 3",
    ),
    Check(
        code="NC004",
        severity=W,
        confidence=SURE,
        kinds="P",
        title="nearly every route refused the audit's requests",
        why="Answers of 401, 403 and 5xx are never-store by a guard whatever the "
        "policy says of the route, so a pass means little.",
        fix="give the audit credentials, as in -H 'Authorization: Bearer ...'",
        reference="RFC 9110 15.5.2",
        fires="9 of 10 routes answered 401",
        silent="1 of 10 routes answered 401",
    ),
    Check(
        code="NC005",
        severity=W,
        confidence=LIKELY,
        kinds="S",
        title="two loads of the app have different routes",
        why="Routes that depend on the environment may be missing from the audit.",
        fix="audit with the settings of production",
        reference="README: Nothing to forget",
        fires="if DEBUG: app.include_router(debug)   (audited without DEBUG)",
        silent="the audit runs with the settings of production",
        elsewhere="whoever compares the json of two audits; one load cannot tell",
    ),
    Check(
        code="NC006",
        severity=E,
        confidence=SURE,
        kinds="S",
        title="a suppression that suppresses nothing",
        why="It would hide the next finding of its kind, and tells readers of a "
        "problem that is not there.",
        fix="asgi-nocache audit --update-baseline, or delete the comment",
        reference="README: Nothing to forget",
        fires="an entry of nocache-baseline.json whose finding is gone",
        silent="every entry still has its finding",
        elsewhere="the baseline and the comments, when they are applied",
    ),
    Check(
        code="NC007",
        severity=E,
        confidence=SURE,
        kinds="S",
        title="a suppression that has expired or gives no reason",
        why="Somebody promised to look again by that day. It suppresses nothing now.",
        fix="mend the finding, or renew the entry with a reason and a new date",
        reference="README: Nothing to forget",
        fires="# nocache: ignore[NC201]",
        silent="# nocache: ignore[NC201] the list is public since 2026",
        elsewhere="the baseline and the comments, when they are applied",
    ),
)

COVERAGE = (
    Check(
        code="NC101",
        severity=E,
        confidence=SURE,
        kinds="S",
        title="a route without a declared policy",
        why="The default does not keep it out of caches (or the audit was asked to "
        "require a declaration), so nobody has decided what may become of its "
        "answers.",
        fix=DECLARE,
        reference="ASVS 5.0 14.3.2, CWE-525",
        fires="NoCacheMiddleware(app, default=APP_DECIDES)   (no rule for /items)",
        silent="NoCacheMiddleware(app)   (the default is never-store)",
    ),
    Check(
        code="NC102",
        severity=I,
        confidence=SURE,
        kinds="S",
        pedantic=True,
        title="a route that only the never-store default covers",
        why="It is safe. A declaration would say that somebody thought of it, and "
        "stays when the default changes.",
        fix=DECLARE,
        reference="ASVS 5.0 14.3.2",
        fires="/items, with no rule and no decorator",
        silent='Rule("/items", NO_STORE, reason="changes at any time")',
    ),
    Check(
        code="NC103",
        severity=E,
        confidence=SURE,
        kinds="S",
        title="a method that the route's declaration leaves out",
        why="Another method of the same path is declared; this one falls to a "
        "default that does not keep it out of caches, or must be declared.",
        fix='Rule({rule}, NO_STORE, methods=["{method}"], reason="...")',
        reference="RFC 9110 9.3",
        fires='Rule("/items", NO_STORE, methods=["GET"]), where /items answers '
        "POST, too, and each route must be declared",
        silent='Rule("/items", NO_STORE)',
    ),
    Check(
        code="NC104",
        severity=W,
        confidence=SURE,
        kinds="S",
        title="a route that the framework made has no declared policy",
        why="Nobody wrote /docs, /openapi.json or Flask's /static, so nobody thinks "
        "of them; they tell outsiders about the app, or go stale after a deploy.",
        fix='Rule({rule}, NO_STORE, reason="made by the framework")',
        reference="CWE-525",
        fires="/openapi.json under default=APP_DECIDES",
        silent="/openapi.json under the never-store default",
    ),
    Check(
        code="NC105",
        severity=E,
        confidence=LIKELY,
        kinds="S",
        title="a decorated endpoint that no route serves",
        why="Its router was never included, or a decorator without functools.wraps "
        "hides it, so that the audit judges its route without its mark.",
        fix="include its router; or put @nocache on top of the other decorators, or "
        "functools.wraps into them",
        reference="functools.wraps",
        fires="@app.get('/me') above @timed above @nocache, where timed has no wraps",
        silent="@app.get('/me') above @nocache above @timed",
    ),
    Check(
        code="NC106",
        severity=W,
        confidence=SURE,
        kinds="T",
        title="a route with a policy that no test exercised",
        why="Its decision is known, its answers are not.",
        fix="write a test that asks for it, or give a reason in the baseline",
        reference="README: Nothing to forget",
        fires="--nocache-enforce saw no request to GET /items/{id}",
        silent="one test asks for it",
        elsewhere="the pytest plugin",
    ),
    Check(
        code="NC107",
        severity=W,
        confidence=SURE,
        kinds="S",
        title="a rule or a mark for websockets only",
        why="A websocket has no response to write fields on, so it does nothing. "
        "(Server-sent events and streams are covered: their fields leave first.)",
        fix="drop it",
        reference="RFC 6455 4.2.2",
        fires='Rule("/ws", NO_STORE), where /ws is a websocket',
        silent='Rule("/events", NO_STORE), where /events streams over HTTP',
    ),
)

PRIVACY = (
    Check(
        code="NC201",
        severity=E,
        confidence=LIKELY,
        kinds="SP",
        title="private data that a shared cache may store",
        why="The route asks who is calling, and one user's answer may be given to "
        "the next by any proxy or CDN on the way.",
        fix=DECLARE,
        reference="RFC 9111 3.5 and 7.3, ASVS 5.0 14.2.2, CWE-524",
        fires="Depends(get_current_user) under Rule('/me', ..., guards=[]) with "
        "CacheControl(max_age=60)",
        silent="the same under NO_STORE, REVALIDATE or PRIVATE(max_age=60)",
    ),
    Check(
        code="NC202",
        severity=E,
        confidence=SURE,
        kinds="PL",
        title="Set-Cookie on a response that a shared cache may store",
        why="Whoever gets the stored copy gets the cookie, and with it perhaps "
        "another user's session.",
        fix=DECLARE,
        reference="RFC 9111 7.3, CWE-524",
        fires="cache-control: public, max-age=60 with set-cookie: session=...",
        silent="cache-control: no-store with set-cookie: session=...",
    ),
    Check(
        code="NC203",
        severity=W,
        confidence=LIKELY,
        kinds="S",
        title="an answer that depends on a field which Vary does not name",
        why="A shared cache gives the answer for one value of the field to all.",
        fix='a policy with vary=["{field}"], as in '
        'Rule({rule}, PUBLIC(max_age=60, vary=["{field}"]))',
        reference="RFC 9110 12.5.5, RFC 9111 4.1",
        fires="accept_language: str = Header(), under PUBLIC(max_age=60)",
        silent='the same under PUBLIC(max_age=60, vary=["Accept-Language"])',
    ),
    Check(
        code="NC204",
        severity=E,
        confidence=LIKELY,
        kinds="S",
        title="public in words on a route that asks for credentials",
        why="public tells shared caches that they may keep the answer though the "
        "request had credentials.",
        fix='Rule({rule}, PRIVATE(max_age=60), reason="...") before the rule that says '
        "public",
        reference="RFC 9111 5.2.2.9, CWE-524",
        fires="Depends(get_current_user) under PUBLIC(max_age=60)",
        silent="Depends(get_current_user) under PRIVATE(max_age=60)",
    ),
    Check(
        code="NC205",
        severity=W,
        confidence=LIKELY,
        kinds="SP",
        title="JSON without a word about caching",
        why="A cache may then guess for how long it is fresh, and a page shows what "
        "was true before the last change.",
        fix="app = NoCacheMiddleware(app)",
        reference="RFC 9111 4.2.2",
        fires="a JSON endpoint that no middleware stands around",
        silent="the same app under NoCacheMiddleware(app)",
    ),
    Check(
        code="NC206",
        severity=W,
        confidence=SURE,
        kinds="S",
        title="error responses get the policy of the success",
        why="The guard error_status is off, and 404, 405, 410, 414 and 501 may be "
        "stored even without a lifetime: an error outlives its cause.",
        fix='leave "error_status" in guards, or Rule(None, NO_STORE, '
        "status=range(400, 600), floor=True)",
        reference="RFC 9110 15.1",
        fires='Rule("/items/**", PUBLIC(max_age=60), guards=[])',
        silent='Rule("/items/**", PUBLIC(max_age=60))',
    ),
    Check(
        code="NC207",
        severity=I,
        confidence=LIKELY,
        kinds="S",
        title="a logout that leaves the browser's cache as it is, or a GET that acts",
        why="What was stored before the logout can be shown after it. And a GET that "
        "changes something does not run again where its answer is stored.",
        fix='Rule({rule}, Policy(NO_STORE.cache_control, "LOGOUT", '
        'beside=NO_STORE.beside, clear_site_data=True), reason="logout")',
        reference="Clear-Site-Data 3.1, RFC 9110 9.2.1",
        fires="POST /logout under NO_STORE",
        silent="POST /logout under a policy with clear_site_data=True",
    ),
)

"""The texts of the catalogue about the policy: NC3 wiring, NC4 rules, NC5 fields.

Texts only; what looks for them is in the modules of the same families.
"""

from __future__ import annotations

from ..values import Confidence, Severity
from .catalogue import Check

E, W, I = Severity.ERROR, Severity.WARNING, Severity.INFO  # noqa: E741
SURE, LIKELY = Confidence.CERTAIN, Confidence.LIKELY

WIRING = (
    Check(
        code="NC301",
        severity=E,
        confidence=SURE,
        kinds="S",
        title="no middleware stands around the app",
        why="Each endpoint must remember to say what may be cached, and one will "
        "forget. Everything else the audit would say of the routes follows from it.",
        fix="{app} = NoCacheMiddleware({app})",
        reference="ASVS 5.0 14.3.2, CWE-525",
        fires="app = FastAPI()",
        silent="app = install(FastAPI())",
    ),
    Check(
        code="NC302",
        severity=E,
        confidence=SURE,
        kinds="S",
        title="installed with add_middleware: some answers escape it",
        why="Starlette builds ServerErrorMiddleware outside of all that "
        "add_middleware adds, and its 500 may hold a traceback. A wrong "
        "configuration is found only at the first request, too.",
        fix="install({app}, rules=[...]) from asgi_nocache.starlette, instead of "
        "{app}.add_middleware(NoCacheMiddleware, rules=[...])",
        reference="ASVS 5.0 14.3.2",
        fires="app.add_middleware(NoCacheMiddleware)",
        silent="install(app)",
    ),
    Check(
        code="NC303",
        severity=E,
        confidence=LIKELY,
        kinds="S",
        title="another middleware stands outside ours",
        why="What it answers by itself leaves without our fields, and what it adds "
        "to an answer, a cookie for example, our guards do not see.",
        fix="put ours outermost: install({app}, rules=[...]) as the last line",
        reference="RFC 9111 7.3",
        fires="SessionMiddleware(NoCacheMiddleware(app), ...)",
        silent="NoCacheMiddleware(SessionMiddleware(app, ...))",
    ),
    Check(
        code="NC304",
        severity=W,
        confidence=LIKELY,
        kinds="S",
        title="the same app is wrapped twice",
        why="With no mount between them, the default of the outer one gives way to "
        "the inner one, which is hardly what was meant.",
        fix="keep one, with the rules of both",
        reference="README: Nothing to forget",
        fires="NoCacheMiddleware(install(app))",
        silent="NoCacheMiddleware(app), with NoCacheMiddleware(admin) mounted in it",
    ),
    Check(
        code="NC305",
        severity=E,
        confidence=SURE,
        kinds="S",
        title="a part of the app is served outside the middleware",
        why="Its routes leave as they are, while a look at the main file suggests "
        "that all are covered.",
        fix="{app} = NoCacheMiddleware({app}): wrap what is served, not a part of it",
        reference="ASVS 5.0 14.3.2, CWE-525",
        fires='Starlette(routes=[Mount("/a", NoCacheMiddleware(a)), Mount("/b", b)])',
        silent='NoCacheMiddleware(Starlette(routes=[Mount("/a", a), Mount("/b", b)]))',
    ),
    Check(
        code="NC306",
        severity=W,
        confidence=LIKELY,
        kinds="S",
        title="a middleware inside ours caches, or writes the same fields",
        why="A cache of its own answers with what it kept before anything reaches "
        "us: our fields then only say that nobody else may keep it.",
        fix="drop it, or keep it to the routes that may be reused",
        reference="RFC 9111 2",
        fires="app.add_middleware(CacheMiddleware)   (of starlette-caches)",
        silent="app.add_middleware(GZipMiddleware)",
    ),
    Check(
        code="NC307",
        severity=E,
        confidence=SURE,
        kinds="S",
        title="the policy only reports",
        why="Mode report (or ASGI_NOCACHE_MODE) changes no response: all leave as "
        "the app sent them.",
        fix='drop mode="report" (and unset ASGI_NOCACHE_MODE), or give it a last day: '
        "report_until=",
        reference="ASVS 5.0 14.3.2",
        fires='NoCacheMiddleware(app, mode="report")',
        silent="NoCacheMiddleware(app)",
    ),
)

RULES = (
    Check(
        code="NC401",
        severity=E,
        confidence=SURE,
        kinds="S",
        title="a rule that an earlier one takes everything from",
        why="The first match wins, so it never applies, and what it says is not so.",
        fix="put it before the other, or drop it",
        reference="README: What may be cached",
        fires='[Rule("/**", NO_STORE), Rule("/static/**", PUBLIC(max_age=60))]',
        silent='[Rule("/static/**", PUBLIC(max_age=60)), Rule("/**", NO_STORE)]',
    ),
    Check(
        code="NC402",
        severity=W,
        confidence=SURE,
        kinds="S",
        title="a rule that matches no route",
        why="A path that was renamed or mistyped: the route that was meant has "
        "another policy.",
        fix="mend it or drop it",
        reference="README: Nothing to forget",
        fires='Rule("/itmes/**", PUBLIC(max_age=60))',
        silent='Rule("/items/**", PUBLIC(max_age=60))',
    ),
    Check(
        code="NC403",
        severity=W,
        confidence=SURE,
        kinds="S",
        title="two rules of the same precedence match",
        why="Nobody could tell which one applies.",
        fix="nothing: rules are tried in order here",
        reference="README: What may be cached",
        fires="nothing",
        silent="every list of rules",
        elsewhere="nobody: the order of rules always decides",
    ),
    Check(
        code="NC404",
        severity=E,
        confidence=LIKELY,
        kinds="S",
        title="a regular expression that a path can keep busy",
        why="A repeat within a repeat is tried in exponentially many ways, and "
        "whoever asks chooses the path. (It must match the whole path here, so it "
        "needs no anchors.)",
        fix='a pattern, as in Rule("/files/**", ...), which is matched in linear time',
        reference="CWE-1333",
        fires='Rule(re.compile(r"/(\\w+)+/"), NO_STORE)',
        silent='Rule(re.compile(r"/\\w+/"), NO_STORE)',
    ),
    Check(
        code="NC405",
        severity=E,
        confidence=SURE,
        kinds="S",
        title="a rule that needs what is not known when the fields leave",
        why="A body or a late exception comes after the fields.",
        fix="ask for path, method, status or media type",
        reference="RFC 9110 6.5",
        fires="nothing",
        silent="every rule",
        elsewhere="nobody: a rule has no such condition",
    ),
    Check(
        code="NC406",
        severity=W,
        confidence=SURE,
        kinds="S",
        title="a rule weakens one of the central policy",
        why="A platform's floor is meant for all its services.",
        fix="ask the owner of the central policy for an exception",
        reference="README: The policy in a file",
        fires="a file's rule that is looser than a floor of a file that it extends",
        silent="a file's rule that is stricter",
        elsewhere="whatever reads the configuration file, and refuses it",
    ),
    Check(
        code="NC407",
        severity=E,
        confidence=SURE,
        kinds="S",
        title="the central policy is not the pinned one",
        why="What is audited is not what will run.",
        fix="pin it again",
        reference="README: The policy in a file",
        fires="a central policy whose hash differs from the lock file's",
        silent="the hashes agree",
        elsewhere="the package manager: a policy package has a version and a hash",
    ),
    Check(
        code="NC408",
        severity=I,
        confidence=SURE,
        kinds="S",
        title="a safeguard is switched off by name",
        why="It may be right, and a reviewer wants to see each place: a guard is "
        "off, or shared caches may keep answers to requests with Authorization.",
        fix="leave guards= (and shared_with_credentials=) out, unless it is meant",
        reference="RFC 9111 3.5",
        fires='Rule("/feed", PUBLIC(max_age=60), guards=[])',
        silent='Rule("/feed", PUBLIC(max_age=60))',
    ),
)

FIELDS = (
    Check(
        code="NC501",
        severity=E,
        confidence=SURE,
        kinds="SPL",
        title="directives that contradict each other",
        why="Caches differ in which of them they obey.",
        fix="keep one of them",
        reference="RFC 9111 4.2.1",
        fires="cache-control: public, no-store",
        silent="cache-control: no-store, max-age=0",
    ),
    Check(
        code="NC502",
        severity=W,
        confidence=SURE,
        kinds="SPL",
        title="an invalid or obsolete field or directive",
        why="Some caches ignore it, some ignore the whole field, and some take it "
        "for the opposite. (What our own policies send beside no-store is measured, "
        "and meant.)",
        fix="drop it, or let NO_STORE say it",
        reference="RFC 9111 5.2, 5.3 and 5.4",
        fires="expires: -1, or cache-control: no-store, pre-check=0",
        silent="expires: Thu, 01 Jan 1970 00:00:01 GMT",
    ),
    Check(
        code="NC503",
        severity=I,
        confidence=LIKELY,
        kinds="S",
        pedantic=True,
        title="no-store on an HTML page",
        why="Browsers may not keep it for the back button (bfcache), and load it "
        "anew. That is the price of no-store, and may be right.",
        fix="@cache_policy(REVALIDATE) above {endpoint}, if asking each time is enough",
        reference="RFC 9111 5.2.2.5",
        fires="an HTML page under NO_STORE",
        silent="an HTML page under REVALIDATE",
    ),
    Check(
        code="NC504",
        severity=E,
        confidence=SURE,
        kinds="PL",
        title="a targeted field that is not valid, or Cache-Control in two lines",
        why="A CDN-Cache-Control that is not a structured field counts for nothing, "
        "as a whole; of two lines of Cache-Control some caches take one.",
        fix="send one valid line, and find who sends the second",
        reference="RFC 9213 2.1, RFC 9110 5.3",
        fires="cdn-cache-control: MAX-AGE=60",
        silent="cdn-cache-control: max-age=60",
    ),
    Check(
        code="NC505",
        severity=W,
        confidence=SURE,
        kinds="PL",
        title="a targeted field permits what Cache-Control forbids",
        why="The caches it is meant for read it first, and store what was not to be "
        "stored.",
        fix="say the same in both, or drop the targeted field",
        reference="RFC 9213 2.2",
        fires="cache-control: no-store with cdn-cache-control: max-age=60",
        silent="cache-control: no-store with cdn-cache-control: no-store",
    ),
)

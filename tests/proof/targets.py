"""Raw request targets, as bytes on the request line: the table and its additions.

Data only. What serves them is ``sloppy``'s, what must hold is ``test_targets``'.
"""

from __future__ import annotations

#: Numbers and targets of the sample that the property was stated with.
SAMPLE: tuple[tuple[int, bytes], ...] = (
    # Appended.
    (1, b"/account/x.css"),
    (3, b"/account/.css"),
    (5, b"/account/favicon.ico"),
    (7, b"/account.css"),
    (9, b"/account."),
    (11, b"/account/index.html/x.svg"),
    # Delimiters.
    (13, b"/account;jsessionid=1/x.js"),
    (15, b"/account%253bx.css"),
    (17, b"/account$image.png"),
    (19, b"/account&x.css"),
    (21, b"/account=x.css"),
    (23, b"/account%20"),
    (25, b"/account~x.css"),
    (27, b"/account^x.css"),
    (29, b"/account%22x.css"),
    (31, b"/account:x.css"),
    # Encoded ? and #.
    (33, b"/account%3Fname=val.css"),
    (35, b"/account%23x.css"),
    (37, b"/account%2523x.css"),
    # Controls.
    (39, b"/account%00.css"),
    (41, b"/account%0a"),
    (43, b"/account%0d%0aX:y"),
    (45, b"/account%7fx.css"),
    # Encoded slashes and backslashes.
    (47, b"/account%2Fx.css"),
    (49, b"/account%5cx.css"),
    (51, b"/account%2f..%2fstatic%2fx.js"),
    (53, b"/%2faccount"),
    # Dot segments.
    (55, b"/account/%2e%2e/static/x.js"),
    (57, b"/static/../account"),
    (59, b"/static/%2e%2e/account"),
    (61, b"/static/..%5caccount"),
    (63, b"/static/..;/account"),
    (65, b"/static/./../account"),
    (67, b"/share/%2F..%2Faccount"),
    (69, b"/account/."),
    (71, b"/robots.txt/..%2faccount"),
    # Slashes and case.
    (73, b"//account"),
    (75, b"/account/"),
    (77, b"/account//x.css"),
    (79, b"/Account/"),
    # Encoded letters and Unicode.
    (81, b"/%61ccount"),
    (83, b"/acc%6Funt/x.css"),
    (85, b"/account%c0%af.."),
    (87, b"/account%ef%bc%8fx.css"),
    (89, b"/account%"),
    (89, b"/account%2"),
    (89, b"/account%zz"),
    # Forms of targets, and mounts.
    (91, b"http://evil/account"),
    (93, b"http://evil"),
    (95, b"/api/account"),
    (97, b"/account?x=/static/y.css"),
)

#: The same ways out of a folder that may be stored, and each mapping on its own.
MORE: tuple[bytes, ...] = (
    b"/",
    b"/account",
    b"/account/x",
    b"/account?",
    b"/account?%2e%2e/static/x.css",
    b"/account#/../static/x.css",
    b"/ACCOUNT/X.CSS",
    b"/account.css/",
    b"/account.CSS%20",
    b"/account%0a.css",
    b"/account%09x",
    b"/account%2500.css",
    b"/account%250a",
    b"/%2561ccount",
    b"/%252561ccount/x.css",
    b"/static/%252e%252e/account",
    b"/static/%252e%252e%252faccount",
    b"/static/..%255caccount",
    b"/static%5c..%5caccount",
    b"/static/..%3bx/account;y",
    b"/static/.;/..;/account",
    b"/static//../../account",
    b"/static/x/..//../account",
    b"/static/..%ef%bc%8faccount",
    b"/static/%ef%bc%8e%ef%bc%8e/account",
    b"/static/%e2%80%a5/account",
    b"/static/..%c0%afaccount",
    b"/%ef%bd%81ccount",
    b"/acc%25ef%25bd%258funt",
    b"/%ef%bc%85EF%ef%bc%85BD%ef%bc%8581ccount",
    b"/q%23/../account%00/../static/x.css",
    b"/q%00/../account%3F/../static/x.css",
    b"/q%3F/../account%23/../static/x.css",
    b"http://evil//account",
    b"http://evil/static/../account",
    b"HTTP://user@evil:80/%61ccount",
    b"/http://evil/account",
    b"/api",
    b"/api/",
    b"/api/api/account",
    b"/API/account",
    b"/../account",
    b"/../api/account",
    b"/..%2fapi%2faccount",
    b"/.//account",
)

TARGETS: tuple[bytes, ...] = tuple(target for _, target in SAMPLE) + MORE

#: Negative controls: no reading of them is protected. With what they must allow.
STATIC = b"public, max-age=3600"
OTHER = b"public, max-age=60"
CONTROLS: tuple[tuple[bytes, bytes], ...] = (
    (b"/accounting", OTHER),
    (b"/static/account.css", STATIC),
    (b"/acc/ount", OTHER),
    (b"/static/app.css", STATIC),
    (b"/static/wiki/M%C3%BCnchen.css", STATIC),
    (b"/items/42", OTHER),
    (b"/items/account", OTHER),
    (b"/wiki/M%C3%BCnchen", OTHER),
    (b"/favicon.ico", STATIC),
    (b"/a%40b", OTHER),
)

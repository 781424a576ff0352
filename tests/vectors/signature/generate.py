#!/usr/bin/env python3
"""Writes the signature vectors beside this file, with nothing but what Python brings along.

    python3 tests/vectors/signature/generate.py            # writes
    python3 tests/vectors/signature/generate.py --check    # exits 1 if a file differs from what it would write

A file is {"source", "cases"}. A case is
  name     a sentence
  scheme   the name of a preset, or a scheme object as the npm package takes it
  secrets  newest first, as text
  headers  [name, value] pairs; a value's code points are its bytes (Latin-1)
  body     {"text"}, {"hex"} or {"repeat", "times"}
  now      seconds since 1970
  expect   {"secretIndex", "id", "timestamp", "signed"?} or {"error": code}; "signed" is text, when it is not the body.
           `invalid_secret` and `no_secret` mean that a secret is refused before any request is looked at
  sign     if there: {"id", "timestamp"}; signing the body with the first secret gives exactly the headers
  feature  if there, what an implementation may lack: "ed25519". One that does expects of these cases that it knows no
           such scheme, and counts them
Examples made elsewhere are constants here (`elsewhere`); nothing is written if Python disagrees with one.

Beside it: schemes.py (how each preset signs), battery.py (what every scheme must do), ed25519.py (RFC 8032).
"""

import dataclasses
import json
import pathlib
import sys

sys.dont_write_bytecode = True

from battery import MALFORMED, MISMATCH, NOTHING, NOW, Battery, case, error
from schemes import PRESETS, SECRET, Scheme, data, public_key, text, KEYS

HERE = pathlib.Path(__file__).parent

# The `request` of Immuta's example of `POST /webhooks/history/retry/{id}`, as JSON.stringify writes it: 464 bytes.
RETRY = json.dumps(
    {
        "text": "Katie has created the Public (https://demo.example.com/#/project/1) project. Please click here "
        "(https://demo.example.com/#/project/1) for additional information.",
        "metadata": {
            "modelId": 1,
            "actionBy": 2,
            "modelType": "project",
            "targetUser": 2,
            "projectName": "Public",
            "targetGroup": None,
            "actionByName": "Katie",
            "targetUserName": "Katie",
            "notifyInitiator": True,
            "notificationType": "modelCreated",
        },
        "webhookId": 1,
        "webhookName": "internal-automatic-subscription-webhook",
    },
    separators=(",", ":"),
)
assert len(RETRY) == 464
RETRY_SHA1 = "c1154859f60a34d89964a349d46138973eef6678"
RETRY_SHA256 = "36381dcb6dc60a68969d95b5a3e8d4cb6ccf9ff2288813e10f8cf22f8c8035c0"

# The example of the Standard Webhooks and Svix libraries.
EXAMPLE = {"id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "time": 1614265330, "body": text('{"test": 2432232314}')}


def elsewhere(scheme, value, secret, body, id=None, time=None, origin=""):
    """A case whose header somebody else computed: published it, or has a program that did."""
    assert scheme.value(time, scheme.entry(scheme.tag(secret, id, time, data(body)))) == value, (scheme.name, origin)
    sign = {"id": id, "timestamp": time}
    name, headers = f"{scheme.name}: made elsewhere: {origin}", scheme.headers(id, time, value)
    return case(name, scheme, headers, body, {"secretIndex": 0} | sign, [secret], NOW if time is None else time, sign)


def preset(name, *examples, **message):
    """All cases of a preset: what was made elsewhere, then the battery."""
    scheme = PRESETS[name]
    yield from (elsewhere(scheme, **example) for example in examples)
    yield from Battery(scheme, **{"body": text(RETRY)} | message).all()


def immuta():
    weak, strong = PRESETS["immuta-sha1"], PRESETS["immuta"]
    both = [[weak.header, RETRY_SHA1], [strong.header, RETRY_SHA256]]
    retry = {"secret": SECRET, "body": text(RETRY), "origin": "OpenSSL over Immuta's example of a request"}
    yield from preset("immuta-sha1", {"value": RETRY_SHA1} | retry)
    for name in ("immuta", "immuta-request"):
        scheme = PRESETS[name]
        yield from preset(name, {"value": RETRY_SHA256} | retry)
        one = Battery(scheme, text(RETRY)).whole
        fine = {"secretIndex": 0} | NOTHING
        yield one("the genuine signatures of both algorithms", both, fine)
        # Immuta signed with SHA-1 once, its Request app never did.
        yield one("a genuine SHA-1 alone", both[:1], error("sha1_only" if name == "immuta" else "missing_header"))
        yield one("SHA-1 in SHA-256's header", [[strong.header, RETRY_SHA1]], MALFORMED)
        yield one("a good SHA-1 does not help", [both[0], [strong.header, "0" * 64]], MISMATCH)
    one = Battery(weak, text(RETRY)).whole
    yield one("the genuine signatures of both algorithms", both, fine)
    yield one("SHA-256 alone", both[1:], error("missing_header"))
    yield one("a good SHA-256 does not help", [[weak.header, "0" * 40], both[1]], MISMATCH)


STANDARD = EXAMPLE | {
    "value": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "origin": "the tests and documentation of the Standard Webhooks and Svix libraries",
}
ED25519 = EXAMPLE | {
    "value": "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==",
    "secret": "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
    "origin": "the Standard Webhooks specification's example of a header; id, time, body and key pair are those of the "
    "test of asymmetric signing in the Svix server",
}
GITHUB = {
    "value": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    "secret": "It's a Secret to Everybody",
    "body": text("Hello, World!"),
    "origin": "docs.github.com, Testing the webhook payload validation",
}
# The HMAC that GitHub published is any scheme's whose tag stands alone.
BARE = GITHUB | {"value": GITHUB["value"].removeprefix("sha256="), "origin": GITHUB["origin"] + ", without its prefix"}
STRIPE = {
    "value": "t=1700000000,v1=d95c6b7477fbd7e9f90b1b0ef5f9c7ac25abca5382460e0d988c2b2a5b71b990",
    "secret": "whsec_test_secret",
    "time": 1_700_000_000,
    "body": text('{"id":"evt_test_webhook","object":"event"}'),
    "origin": "webhooks.generateTestHeaderString of the npm package stripe 23.1.0",
}
SLACK = {
    "value": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    "secret": "8f742231b10e8888abcd99yyyzzz85a5",
    "time": 1_531_420_618,
    "body": text(
        "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
        "channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&"
        "response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&"
        "trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    ),
    "origin": "api.slack.com, Verifying requests from Slack",
}
SHOPIFY = {
    "value": "QNyObTlKbMx2qDlPF/ZOZcBqg5OgPg+2oky3zldc0Gw=",
    "secret": "test-webhook-secret",
    "body": text('{"id":1234567890,"email":"customer@example.com","total_price":"123.45"}'),
    "origin": "SQLPage's test hmac_shopify_webhook.sql; the npm package @shopify/shopify-api 13.1.0 takes it",
}


def ed25519():
    scheme, published_key = PRESETS["standard-webhooks-ed25519"], "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
    assert public_key(KEYS["ed25519"](ED25519["secret"])) == published_key
    yield from preset(scheme.name, ED25519, **EXAMPLE)
    one = Battery(scheme, **EXAMPLE).whole
    both = scheme.headers(EXAMPLE["id"], EXAMPLE["time"], f"{STANDARD['value']} {ED25519['value']}")
    fine = {"secretIndex": 0, "id": EXAMPLE["id"], "timestamp": EXAMPLE["time"]}
    yield one("made elsewhere: beside the signature of the symmetric scheme", both, fine, secrets=[published_key])
    yield one("the signature of the symmetric scheme alone", [*both[:2], [scheme.header, STANDARD["value"]]], MALFORMED)


def custom():
    acme = Scheme("acme", "x-acme-signature", preset=False)
    body = text('{"a":1}')

    def of(**fields):
        return dataclasses.replace(acme, **fields)

    def genuine(name, scheme, id=None, time=None, body=body, sent=None, **rest):
        value = scheme.value(time, scheme.entry(scheme.tag(SECRET, id, time, data(body))))
        expect = {"secretIndex": 0, "id": id, "timestamp": time} | rest
        sign = {"id": id, "timestamp": time}
        headers = scheme.headers(id, time, value)
        return case(name, scheme, headers, sent or body, expect, [SECRET], time or NOW, sign)

    yield from known_hashes(acme)
    for algorithm in ("hmac-sha512", "hmac-sha256", "hmac-sha1"):
        for encoding in ("hex", "base64", "base64url"):
            battery = Battery(of(algorithm=algorithm, encoding=encoding), body)
            battery.label = f"{algorithm} in {encoding}: "
            yield from [*battery.genuine(), *battery.tags()]
    timed = of(timestampHeader="x-acme-time", prefix="v0=", tolerance=60)
    comma = of(timestampPrefix="ts=", prefix="sig=", separator=",", encoding="base64url")
    space = of(timestampPrefix="at:", prefix="a:", separator=" ", algorithm="hmac-sha512")
    for name, scheme, signed in (
        ("a signed time", timed, (text("v0:"), "timestamp", text(":"), "body")),
        ("a list by commas", comma, ("timestamp", text("."), "body")),
        ("a list by spaces", space, ("body", text(" "), "timestamp")),
    ):
        battery = Battery(dataclasses.replace(scheme, signed=signed), body)
        battery.label = f"{name}: "
        yield from [*battery.genuine(), *battery.times(), *(battery.lists() if scheme.separator else [])]
    yield from orders(of, genuine)
    yield from keys(of, body)
    yield from canonical(of, genuine)


def known_hashes(acme):
    """The second test case of RFC 2202 (SHA-1) and of RFC 4231 (the others)."""
    for algorithm, tag in (
        ("hmac-sha1", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        ("hmac-sha256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (
            "hmac-sha512",
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
            "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
    ):
        scheme = dataclasses.replace(acme, algorithm=algorithm)
        origin = f"{'RFC 2202' if algorithm == 'hmac-sha1' else 'RFC 4231'}, test case 2, {algorithm}"
        yield elsewhere(scheme, tag, "Jefe", text("what do ya want for nothing?"), origin=origin)


def orders(of, genuine):
    """What is signed, in any order."""
    at = {"idHeader": "x-acme-id", "timestampHeader": "x-acme-time"}
    for name, signed in {
        "a literal after the body": ("body", text("#end")),
        "literals around the body": (text("<"), "body", text(">")),
        "two literals in a row": (text("a"), text("b."), "body"),
        "id after the body": ("body", text("#"), "id"),
        "id, then the body": ("id", text("|"), "body"),
        "time after the body": ("body", text("|"), "timestamp"),
        "time, body, id": ("timestamp", text("."), "body", text("."), "id"),
        "body, id, time and a literal": ("body", text("."), "id", text("."), "timestamp", text(".v1")),
        "id and time with letters between": ("id", text(" at "), "timestamp", text(": "), "body"),
    }.items():
        needed = {field: header for field, header in at.items() if field.removesuffix("Header") in signed}
        id, time = ("a1" if "id" in signed else None), (NOW if "timestamp" in signed else None)
        yield genuine(name, of(signed=signed, **needed), id, time)
    # `id:time:body`: the same bytes, read as another id, another time and another body.
    colons = of(signed=("id", text(":"), "timestamp", text(":"), "body"), **at)
    battery = Battery(colons, text('{"a":1}'))
    yield battery.signed("a separator inside the id", MALFORMED, id=f"a:{NOW}")
    # What an id is does not depend on what separates it.
    yield battery.signed("a full stop inside the id, where colons separate", MALFORMED, id="a.b")


def keys(of, body):
    """The forms of keys, where no preset has them."""
    for key, secret in (("base64", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), ("standard-webhooks", "an old secret")):
        battery = Battery(of(key=key, secret=secret, algorithm="hmac-sha512"), body)
        battery.label = f"{key} keys: "
        yield battery.signed("another algorithm")


def canonical(of, genuine):
    scheme = of(body="canonical")
    for name, sent, signed in (
        ("white space", '{ "a" : 1 }\n', '{"a":1}'),
        ("numbers, escapes and order", '{"b":1.50,"2":"\\u00e9\\/","1":1e400}', '{"1":null,"2":"\u00e9/","b":1.5}'),
        ("already canonical", '{"a":[true,null,"x"]}', '{"a":[true,null,"x"]}'),
    ):
        yield genuine(f"canonical: {name}", scheme, body=text(signed), sent=text(sent), signed=signed)
    battery = Battery(scheme, text('{"a":1}'))
    battery.label = "canonical: "
    yield battery.signed("the raw bytes' signature", MISMATCH, body=text("[1 ]"))
    bad = {"no JSON": text("{'a':1}"), "a byte order mark": {"hex": "efbbbf7b7d"}, "no UTF-8": {"hex": "22ff22"}}
    for name, body in bad.items():
        yield battery.one(name, error("not_json"), battery.good, body=body)


COMPUTED = "Computed by Python's hmac"
FILES = {
    "immuta.json": (f"{COMPUTED} over the example of Immuta's webhook documentation", immuta()),
    "generic.json": (f"{COMPUTED}, as the generic API's sample passes the secret", preset("generic", BARE)),
    "qlik.json": (f"{COMPUTED}, as qlik.dev documents its header", preset("qlik", BARE)),
    "standard-webhooks.json": (f"{COMPUTED}; {STANDARD['origin']}", preset("standard-webhooks", STANDARD, **EXAMPLE)),
    "standard-webhooks-ed25519.json": (f"Computed after RFC 8032, section 5.1; {ED25519['origin']}", ed25519()),
    "svix.json": (f"{COMPUTED}; {STANDARD['origin']}", preset("svix", STANDARD, **EXAMPLE)),
    "github.json": (f"{COMPUTED}; {GITHUB['origin']}", preset("github", GITHUB)),
    "stripe.json": (f"{COMPUTED}; {STRIPE['origin']}", preset("stripe", STRIPE)),
    "slack.json": (f"{COMPUTED}; {SLACK['origin']}", preset("slack", SLACK)),
    "shopify.json": (f"{COMPUTED}; {SHOPIFY['origin']}", preset("shopify", SHOPIFY)),
    "custom.json": (f"{COMPUTED}, schemes of one's own; RFC 2202 and RFC 4231", custom()),
}


def main():
    stale = False
    for name, (source, cases) in FILES.items():
        cases = list(cases)
        assert len({made["name"] for made in cases}) == len(cases), f"two cases of {name} have one name"
        lines = ",\n".join("    " + json.dumps(made, ensure_ascii=True) for made in cases)
        content = f'{{\n  "source": {json.dumps(source)},\n  "cases": [\n{lines}\n  ]\n}}\n'
        json.loads(content)
        if "--check" not in sys.argv:
            (HERE / name).write_text(content)
        elif not (HERE / name).is_file() or (HERE / name).read_text() != content:
            print(f"{name} is not what this script writes", file=sys.stderr)
            stale = True
    return int(stale)


if __name__ == "__main__":
    sys.exit(main())

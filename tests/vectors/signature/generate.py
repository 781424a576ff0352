#!/usr/bin/env python3
"""Writes the signature vectors beside this file, with nothing but Python's own hmac, hashlib and base64.

    python3 tests/vectors/signature/generate.py            # writes
    python3 tests/vectors/signature/generate.py --check    # exits 1 if a file differs from what it would write

A file is {"source", "cases"}. A case is
  name     a sentence
  scheme   the name of a preset, or a scheme object as the npm package takes it
  secrets  newest first, as text
  headers  [name, value] pairs; a value's code points are its bytes (Latin-1)
  body     {"text"}, {"hex"} or {"repeat", "times"}
  now      seconds since 1970
  expect   {"secretIndex", "id", "timestamp", "signed"?} or {"error": code}; "signed" is text, when it is not the body
  sign     if there: {"id", "timestamp"}; signing the body with the first secret gives exactly the headers
Published examples are constants here; `published` says so, and the file is not written if Python disagrees.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
SECRET = "0123456789abcdef0123456789abcdef"
NOW = 1_700_000_000

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


def data(body):
    if "text" in body:
        return body["text"].encode()
    if "hex" in body:
        return bytes.fromhex(body["hex"])
    return (body["repeat"] * body["times"]).encode()


def text(value):
    return {"text": value}


def mac(algorithm, key, message):
    return hmac.new(key, message, algorithm).digest()


def hexed(algorithm, secret, body):
    return mac(algorithm, secret.encode(), data(body)).hex()


def standard_key(secret):
    if secret.startswith("whsec_"):
        try:
            # Libraries write the padding or leave it out.
            key = base64.b64decode(secret[6:] + "=" * (-len(secret[6:]) % 4), validate=True)
            whole = base64.b64encode(key).decode()
            if 24 <= len(key) <= 64 and secret[6:] in (whole, whole.rstrip("=")):
                return key
        except ValueError:
            pass
    return mac("sha256", secret.encode(), b"sigpost/standard-webhooks/v1")


def standard(secret, id, timestamp, body):
    message = f"{id}.{timestamp}.".encode() + data(body)
    return "v1," + base64.b64encode(mac("sha256", standard_key(secret), message)).decode()


def case(name, scheme, headers, body, expect, secrets=(SECRET,), now=NOW, sign=None):
    made = {"name": name, "scheme": scheme, "secrets": list(secrets), "headers": headers, "body": body, "now": now}
    made["expect"] = expect
    if sign is not None:
        made["sign"] = sign
    return made


def ok(index=0, id=None, timestamp=None, signed=None):
    made = {"secretIndex": index, "id": id, "timestamp": timestamp}
    if signed is not None:
        made["signed"] = signed
    return made


def error(code):
    return {"error": code}


NOTHING = {"id": None, "timestamp": None}


def bare(scheme, header, algorithm):
    """What every scheme with a bare hex tag over the raw body must do."""
    body = text(RETRY)
    good = hexed(algorithm, SECRET, body)
    length = len(good)
    flipped = ("1" if good[0] == "0" else "0") + good[1:]

    def one(name, value, expect, body=body, **rest):
        return case(f"{scheme}: {name}", scheme, [[header, value]], body, expect, **rest)

    cases = [
        one("a genuine request", good, ok(), sign=NOTHING),
        one("upper-case digits", good.upper(), ok()),
        case(f"{scheme}: the header's name in another case", scheme, [[header.upper(), good]], body, ok()),
        case(f"{scheme}: other headers around it", scheme, [["host", "a"], [header, good], ["host", "b"]], body, ok()),
        one("one digit differs", flipped, error("mismatch")),
        one("the body ends with a newline more", good, error("mismatch"), text(RETRY + "\n")),
        one("a body that was indented", good, error("mismatch"), text(json.dumps(json.loads(RETRY), indent=2))),
        one("signed with another secret", hexed(algorithm, "another", body), error("mismatch")),
        one("the previous of two secrets", hexed(algorithm, "old", body), ok(1), secrets=["new", "old"]),
        one("a tag of half its length", good[: length // 2], error("malformed_header")),
        one("a tag with a byte missing", good[:-2], error("malformed_header")),
        one("a tag with a byte more", good + "00", error("malformed_header")),
        one("an odd number of digits", good[:-1], error("malformed_header")),
        one("an empty header", "", error("malformed_header")),
        one("a prefix that the scheme has not", "sha256=" + good, error("malformed_header")),
        one("a space before it", " " + good, error("malformed_header")),
        one("the tag twice with a comma", f"{good}, {good}", error("malformed_header")),
        one("a letter that is no digit", "g" + good[1:], error("malformed_header")),
        one("a byte beyond ASCII", "\u00c6" + good[1:], error("malformed_header")),
        one("a NUL", good[:-1] + "\0", error("malformed_header")),
        one(
            "the tag in base64",
            base64.b64encode(bytes.fromhex(good)).decode(),
            error("malformed_header"),
        ),
        case(f"{scheme}: no header", scheme, [["content-type", "application/json"]], body, error("missing_header")),
        case(f"{scheme}: the header twice", scheme, [[header, good]] * 2, body, error("duplicate_header")),
        case(
            f"{scheme}: the header twice, in another case",
            scheme,
            [[header, good], [header.upper(), flipped]],
            body,
            error("duplicate_header"),
        ),
    ]
    bodies = {
        "an empty body": text(""),
        "a byte order mark first": {"hex": "efbbbf7b7d"},
        "bytes that are no UTF-8": {"hex": "7b2261223a22ff00c0af227d"},
        "characters beyond the first plane": text('{"a":"\u00e9\u2028\U0001f600"}'),
        "replacement patterns of JavaScript": text("{\"a\":\"$& $$ $' $` $1\"}"),
        "a form": text("a=1&b=%20&c=+"),
        "all bytes": {"hex": bytes(range(256)).hex()},
        "55 bytes": {"repeat": "a", "times": 55},
        "56 bytes": {"repeat": "a", "times": 56},
        "64 bytes": {"repeat": "a", "times": 64},
        "16,383 bytes": {"repeat": "a", "times": 16_383},
        "16,384 bytes": {"repeat": "ab", "times": 8_192},
        "16,385 bytes": {"repeat": "a", "times": 16_385},
        "100,000 bytes": {"repeat": "0123456789", "times": 10_000},
    }
    cases += [one(name, hexed(algorithm, SECRET, body), ok(), body, sign=NOTHING) for name, body in bodies.items()]
    secrets = {
        "a secret of one byte": "x",
        "a secret of 64 bytes": "k" * 64,
        "a secret longer than a block": "k" * 200,
        "a secret beyond ASCII": "p\u00e4ssw\u00f6rt \U0001f511",
        "a secret that looks like a Standard Webhooks key": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    }
    cases += [
        one(name, hexed(algorithm, secret, body), ok(), secrets=[secret], sign=NOTHING)
        for name, secret in secrets.items()
    ]
    return cases


def immuta():
    one, two = "x-immuta-webhook-signature", "x-immuta-webhook-signature-sha256"
    body = text(RETRY)
    assert hexed("sha1", SECRET, body) == RETRY_SHA1 and hexed("sha256", SECRET, body) == RETRY_SHA256
    both = [[one, RETRY_SHA1], [two, RETRY_SHA256]]
    broken = "0" * 64
    yield from bare("immuta-sha1", one, "sha1")
    for scheme in ("immuta", "immuta-request"):
        yield from bare(scheme, two, "sha256")
        yield case(f"{scheme}: both headers", scheme, both, body, ok())
        # Immuta signed with SHA-1 once, its Request app never did.
        alone = "sha1_only" if scheme == "immuta" else "missing_header"
        yield case(f"{scheme}: SHA-1 alone", scheme, both[:1], body, error(alone))
        yield case(
            f"{scheme}: SHA-1 in SHA-256's header", scheme, [[two, RETRY_SHA1]], body, error("malformed_header")
        )
        yield case(
            f"{scheme}: a good SHA-1 does not help", scheme, [[one, RETRY_SHA1], [two, broken]], body, error("mismatch")
        )
    yield case("immuta-sha1: both headers", "immuta-sha1", both, body, ok())
    yield case("immuta-sha1: SHA-256 alone", "immuta-sha1", both[1:], body, error("missing_header"))
    yield case(
        "immuta-sha1: a good SHA-256 does not help",
        "immuta-sha1",
        [[one, "0" * 40], [two, RETRY_SHA256]],
        body,
        error("mismatch"),
    )


def standard_webhooks():
    scheme = "standard-webhooks"
    # The example of the Standard Webhooks libraries' tests and documentation.
    id, timestamp, body = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, text('{"test": 2432232314}')
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    published = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert standard(secret, id, timestamp, body) == published

    def one(name, signature, expect, id=id, timestamp=timestamp, body=body, secrets=(secret,), now=None, **rest):
        headers = [["webhook-id", id], ["webhook-timestamp", str(timestamp)], ["webhook-signature", signature]]
        now = int(timestamp) if now is None else now
        return case(f"{scheme}: {name}", scheme, headers, body, expect, secrets=secrets, now=now, **rest)

    def signed(name, expect=None, id=id, timestamp=timestamp, body=body, secret=secret, **rest):
        fine = ok(id=id, timestamp=timestamp)
        signature = standard(secret, id, timestamp, body)
        sign = {"id": id, "timestamp": timestamp} if expect is None else None
        arguments = {"id": id, "timestamp": timestamp, "body": body, "secrets": (secret,), "sign": sign} | rest
        return one(name, signature, expect or fine, **arguments)

    genuine = ok(id=id, timestamp=timestamp)
    other = "v1," + "A" * 43 + "="
    yield one("the published example", published, genuine, sign={"id": id, "timestamp": timestamp})
    for length in (23, 24, 32, 64, 65):
        text_of = "whsec_" + base64.b64encode(bytes(range(length))).decode()
        yield signed(f"a whsec_ secret of {length} bytes", secret=text_of)
    yield signed("a secret that is no whsec_ text", secret=SECRET)
    yield signed("a whsec_ secret that is no base64", secret="whsec_0123456789abcdef0123456789abcde!")
    yield signed("a whsec_ secret without padding", secret="whsec_" + base64.b64encode(bytes(25)).decode().rstrip("="))
    yield signed("bytes that are no UTF-8", body={"hex": "ff00fe"})
    yield signed("an empty body", body=text(""))
    yield signed("100,000 bytes", body={"repeat": "0123456789", "times": 10_000})
    yield signed("the longest id", id="i" * 256)
    yield signed("the whole tolerance ago", now=timestamp + 300)
    yield signed("the whole tolerance ahead", now=timestamp - 300)
    yield signed("too old by a second", error("stale_timestamp"), now=timestamp + 301)
    yield signed("ahead by a second too many", error("future_timestamp"), now=timestamp - 301)
    yield signed("an hour ahead", error("future_timestamp"), now=timestamp - 3600)
    yield one("too old, but not genuine either", other, error("mismatch"), now=timestamp + 301)
    yield one("another id", published, error("mismatch"), id="msg_other")
    yield one("another timestamp", published, error("mismatch"), timestamp=timestamp + 1)
    yield one("another body", published, error("mismatch"), body=text('{"test": 2432232315}'))
    yield one("another secret", published, error("mismatch"), secrets=[SECRET])
    yield one("the previous of two secrets", published, genuine | {"secretIndex": 1}, secrets=[SECRET, secret])
    yield one("the second of two signatures", f"{other} {published}", genuine)
    yield one("signatures of other versions", f"v1a,abc {published} v2,def", genuine)
    yield one("the last of sixteen signatures", " ".join([other] * 15 + [published]), genuine)
    yield one("the last of seventeen signatures", " ".join([other] * 16 + [published]), error("mismatch"))
    yield one("only other versions", published.replace("v1,", "v1a,"), error("malformed_header"))
    yield one("no version", published[3:], error("malformed_header"))
    yield one("no padding", published.rstrip("="), error("malformed_header"))
    yield one("the alphabet for URLs", published.replace("+", "-").replace("/", "_"), error("malformed_header"))
    yield one("bits after the last", published.replace("OE=", "OF="), error("malformed_header"))
    yield one("a tag cut to 30 bytes", published[:43], error("malformed_header"))
    yield one("a tag with 3 bytes more", published[:-4] + "AAAA" + published[-4:], error("malformed_header"))
    yield one("an empty signature", "", error("malformed_header"))
    yield one("a byte beyond ASCII", published + "\u00c6", error("malformed_header"))
    for value in (
        "1614265330abc",
        "+1614265330",
        "-1614265330",
        " 1614265330",
        "1614265330 ",
        "01614265330",
        "1614265330.0",
        "1.6e9",
        "0x1",
        "",
        "1614265330000000",
    ):
        # Signed as it stands, so that nothing but the way it is written can be wrong.
        signature = standard(secret, id, value, body)
        yield one(f"the timestamp {value!r}", signature, error("malformed_header"), timestamp=value, now=timestamp)
    for value, named in (("a.b", "with a full stop"), ("", "that is empty"), ("a b", "with a space"), ("i" * 257, "too long")):
        signature = standard(secret, value, timestamp, body)
        yield one(f"an id {named}", signature, error("malformed_header"), id=value)
    yield one("an id beyond ASCII", published, error("malformed_header"), id=id + "\u00c6")
    complete = [["webhook-id", id], ["webhook-timestamp", str(timestamp)], ["webhook-signature", published]]
    for index, (name, value) in enumerate(complete):
        rest = {"secrets": [secret], "now": timestamp}
        without = complete[:index] + complete[index + 1 :]
        yield case(f"{scheme}: no {name}", scheme, without, body, error("missing_header"), **rest)
        twice = complete + [[name.title(), value]]
        yield case(f"{scheme}: {name} twice", scheme, twice, body, error("duplicate_header"), **rest)


def custom():
    object_of = {
        "name": "acme",
        "header": "x-acme-signature",
        "algorithm": "hmac-sha256",
        "encoding": "hex",
        "signed": ["body"],
        "body": "raw",
        "key": "whole",
    }
    key, body = SECRET.encode(), text('{"a":1}')
    tag = mac("sha256", key, data(body))

    prefixed = object_of | {"prefix": "sha256="}
    header = lambda value: [["X-Acme-Signature", value]]
    lower = lambda value: [["x-acme-signature", value]]
    yield case("a prefix", prefixed, lower("sha256=" + tag.hex()), body, ok(), sign=NOTHING)
    yield case("a missing prefix", prefixed, header(tag.hex()), body, error("malformed_header"))
    yield case("a prefix in another case", prefixed, header("SHA256=" + tag.hex()), body, error("malformed_header"))

    in_base64 = object_of | {"encoding": "base64"}
    yield case("bare base64", in_base64, lower(base64.b64encode(tag).decode()), body, ok(), sign=NOTHING)
    yield case("hex where base64 is due", in_base64, header(tag.hex()), body, error("malformed_header"))

    timed = object_of | {
        "timestampHeader": "x-acme-time",
        "prefix": "v0=",
        "signed": [{"text": "v0:"}, "timestamp", {"text": ":"}, "body"],
        "tolerance": 60,
    }
    code = mac("sha256", key, f"v0:{NOW}:".encode() + data(body)).hex()
    headers = [["x-acme-time", str(NOW)], ["x-acme-signature", "v0=" + code]]
    fine = ok(timestamp=NOW)
    yield case("a signed time", timed, headers, body, fine, sign={"id": None, "timestamp": NOW})
    yield case("a signed time, too old", timed, headers, body, error("stale_timestamp"), now=NOW + 61)

    identified = object_of | {"idHeader": "x-acme-id", "signed": ["body", {"text": "#"}, "id"], "algorithm": "hmac-sha1"}
    code = mac("sha1", key, data(body) + b"#a1").hex()
    headers = [["x-acme-id", "a1"], ["x-acme-signature", code]]
    yield case("a signed id", identified, headers, body, ok(id="a1"), sign={"id": "a1", "timestamp": None})

    # `id:time:body`: the same bytes, read as another id, another time and another body.
    colons = object_of | {
        "idHeader": "x-acme-id",
        "timestampHeader": "x-acme-time",
        "signed": ["id", {"text": ":"}, "timestamp", {"text": ":"}, "body"],
        "tolerance": 60,
    }
    code = mac("sha256", key, f"a:{NOW}:{NOW}:".encode() + data(body)).hex()
    signed = [["x-acme-id", f"a:{NOW}"], ["x-acme-time", str(NOW)], ["x-acme-signature", code]]
    yield case("a separator inside the id", colons, signed, body, error("malformed_header"))

    canonical = object_of | {"body": "canonical"}
    for name, sent, signed in (
        ("white space", '{ "a" : 1 }\n', '{"a":1}'),
        ("numbers, escapes and order", '{"b":1.50,"2":"\\u00e9\\/","1":1e400}', '{"1":null,"2":"\u00e9/","b":1.5}'),
        ("already canonical", '{"a":[true,null,"x"]}', '{"a":[true,null,"x"]}'),
    ):
        value = mac("sha256", key, signed.encode()).hex()
        yield case(f"canonical: {name}", canonical, lower(value), text(sent), ok(signed=signed), sign=NOTHING)
    yield case("canonical: the raw bytes' signature", canonical, header(hexed("sha256", SECRET, text("[1 ]"))), text("[1 ]"), error("mismatch"))
    yield case("canonical: no JSON", canonical, header(tag.hex()), text("{'a':1}"), error("not_json"))
    yield case("canonical: a byte order mark", canonical, header(tag.hex()), {"hex": "efbbbf7b7d"}, error("not_json"))
    yield case("canonical: no UTF-8", canonical, header(tag.hex()), {"hex": "22ff22"}, error("not_json"))


FILES = {
    "immuta.json": (
        "Python's hmac over the example of Immuta's webhook documentation (`POST /webhooks/history/retry/{id}`)",
        immuta(),
    ),
    "generic.json": ("Python's hmac, as the generic API's sample passes the secret", bare("generic", "x-webhook-signature", "sha256")),
    "qlik.json": ("Python's hmac, as Qlik documents its header", bare("qlik", "qlik-signature", "sha256")),
    "standard-webhooks.json": (
        "Python's hmac; `the published example` is that of the Standard Webhooks libraries",
        standard_webhooks(),
    ),
    "custom.json": ("Python's hmac, schemes of one's own", custom()),
}


def main():
    stale = False
    for name, (source, cases) in FILES.items():
        lines = ",\n".join("    " + json.dumps(made, ensure_ascii=True) for made in cases)
        content = f'{{\n  "source": {json.dumps(source)},\n  "cases": [\n{lines}\n  ]\n}}\n'
        json.loads(content)
        if "--check" in sys.argv:
            if (HERE / name).read_text() != content:
                print(f"{name} is not what this script writes", file=sys.stderr)
                stale = True
        else:
            (HERE / name).write_text(content)
    return int(stale)


if __name__ == "__main__":
    assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442")
    sys.exit(main())

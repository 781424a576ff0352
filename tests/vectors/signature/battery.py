"""The cases that every scheme must pass, whatever it signs."""

import base64
import json

import ed25519
from schemes import ENCODINGS, SECRET, data, private_key, public_key, text

NOW = 1_700_000_000
# What the signature of a body proves when nothing else is signed.
NOTHING = {"id": None, "timestamp": None}


def error(code):
    return {"error": code}


MALFORMED, MISMATCH, REFUSED = error("malformed_header"), error("mismatch"), error("invalid_secret")
NO_SECRET = error("no_secret")


# Those of the Standard Webhooks specification's example. Everybody may know the first.
PUBLIC_KEYS = {
    "a public key": "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
    "a key pair": "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
}


def case(name, scheme, headers, body, expect, secrets, now=NOW, sign=None):
    """One case; see generate.py for what its members mean."""
    made = {"name": name, "scheme": scheme.given, "secrets": list(secrets), "headers": headers, "body": body}
    made |= {"now": now, "expect": expect}
    if sign is not None:
        made["sign"] = sign
    if scheme.algorithm == "ed25519":
        made["feature"] = "ed25519"
    return made


class Battery:
    """The cases of one scheme, over one genuine message."""

    def __init__(self, scheme, body, id="msg_1", time=NOW):
        self.scheme, self.body = scheme, body
        self.id, self.time = (id if scheme.idHeader else None), (time if scheme.timed else None)
        self.label = scheme.name + ": "
        self.tag = scheme.tag(scheme.secret, id, time, data(body))
        self.good = scheme.entry(self.tag)
        self.wrong = scheme.entry(bytes(len(self.tag)))

    def ok(self, index=0, **differing):
        return {"secretIndex": index, "id": self.id, "timestamp": self.time} | differing

    def whole(self, name, headers, expect, body=None, secrets=None, now=None, sign=None):
        """A case with exactly these headers."""
        now = (NOW if self.time is None else int(self.time)) if now is None else now
        secrets = [self.scheme.secret] if secrets is None else secrets
        body = self.body if body is None else body
        return case(self.label + name, self.scheme, headers, body, expect, secrets, now, sign)

    def one(self, name, expect, *entries, id=None, time=None, **rest):
        """A case with these entries in the signature header."""
        id, time = self.id if id is None else id, self.time if time is None else time
        return self.whole(name, self.scheme.headers(id, time, self.scheme.value(time, *entries)), expect, **rest)

    def signed(self, name, expect=None, id=None, time=None, body=None, secret=None, sign=True, **rest):
        """A case whose signature is right for what it says."""
        id, time = self.id if id is None else id, self.time if time is None else time
        body, secret = self.body if body is None else body, secret or self.scheme.secret
        entry = self.scheme.entry(self.scheme.tag(secret, id, time, data(body)))
        if expect is None:
            expect = self.ok(id=id, timestamp=time)
            if sign:
                rest["sign"] = {"id": id, "timestamp": time}
        return self.one(name, expect, entry, id=id, time=time, body=body, **{"secrets": [secret]} | rest)

    def all(self):
        yield from self.genuine()
        yield from self.headers()
        yield from self.tags()
        if self.scheme.separator:
            yield from self.lists()
        if self.scheme.timed:
            yield from self.times()
        if self.scheme.idHeader:
            yield from self.ids()
        yield from self.bodies()
        yield from self.secrets()

    def genuine(self):
        scheme, good = self.scheme, self.good
        yield self.signed("a genuine request")
        newline, indented = data(self.body) + b"\n", json.dumps(json.loads(data(self.body)), indent=2)
        flipped = scheme.entry(bytes([self.tag[0] ^ 1]) + self.tag[1:])
        yield self.one("one bit differs", MISMATCH, flipped)
        yield self.one("the last bit differs", MISMATCH, scheme.entry(self.tag[:-1] + bytes([self.tag[-1] ^ 1])))
        yield self.one("a tag of zeros", MISMATCH, self.wrong)
        yield self.one("the body ends with a newline more", MISMATCH, good, body=text(newline.decode()))
        yield self.one("a body that was indented", MISMATCH, good, body=text(indented))
        yield self.one("no body", MISMATCH, good, body=text(""))
        yield self.one("signed with another secret", MISMATCH, good, secrets=[scheme.another])
        yield self.one("the previous of two secrets", self.ok(1), good, secrets=[scheme.another, scheme.secret])
        yield self.one("the newer of two secrets", self.ok(), good, secrets=[scheme.secret, scheme.another])
        yield self.one("the same secret twice", self.ok(), good, secrets=[scheme.secret] * 2)

    def headers(self):
        complete = self.scheme.headers(self.id, self.time, self.scheme.value(self.time, self.good))
        upper = [[name.upper(), value] for name, value in complete]
        around = [["host", "a"], *complete, ["content-type", "application/json"]]
        yield self.whole("the headers' names in another case", upper, self.ok())
        yield self.whole("other headers around them", around, self.ok())
        yield self.whole("the headers in another order", complete[::-1], self.ok())
        for index, (name, value) in enumerate(complete):
            without = complete[:index] + complete[index + 1 :]
            yield self.whole(f"no {name}", without, error("missing_header"))
            yield self.whole(f"an empty {name}", without + [[name, ""]], MALFORMED)
            yield self.whole(f"{name} twice", complete + [[name, value]], error("duplicate_header"))
            twice = complete + [[name.upper(), value]]
            yield self.whole(f"{name} twice, in another case", twice, error("duplicate_header"))
            for character, named in (("\u00c6", "a byte beyond ASCII"), ("\0", "a NUL"), ("\t", "a tab")):
                bad = [[name, value + character] if name == other else [other, content] for other, content in complete]
                yield self.whole(f"{named} in {name}", bad, MALFORMED)
        if self.scheme.weaker:
            weaker = [[self.scheme.weaker, "0" * 40]]
            yield self.whole("SHA-1 alone", weaker, error("sha1_only"))
            yield self.whole("both headers", weaker + complete, self.ok())

    def tags(self):
        scheme, tag, good = self.scheme, self.tag, self.good
        half = len(tag) // 2
        bare = good[len(scheme.prefix) :]
        malformed = {
            "a tag of half its length": scheme.entry(tag[:half]),
            "a tag with a byte missing": scheme.entry(tag[:-1]),
            "a tag with a byte more": scheme.entry(tag + b"\0"),
            "a tag of one byte": scheme.entry(tag[:1]),
            "a tag twice in one": scheme.entry(tag + tag),
            "no tag": scheme.prefix,
            "a tag in quotes": f'{scheme.prefix}"{bare}"',
            "a character missing": good[:-1],
            "white space in the tag": good[:-8] + " " + good[-8:],
        }
        for encoding, encode in ENCODINGS.items():
            # Of base64, the one that this is not is told by its padding and alphabet, below.
            if encoding[:4] != scheme.encoding[:4]:
                malformed[f"the tag in {encoding}"] = scheme.prefix + encode(tag)
        if scheme.prefix:
            malformed["no prefix"] = bare
            malformed["the prefix in another case"] = scheme.prefix.swapcase() + bare
            malformed["the prefix twice"] = scheme.prefix + good
            malformed["a space after the prefix"] = scheme.prefix + " " + bare
            malformed["a prefix cut short"] = scheme.prefix[1:] + bare
        else:
            malformed["a prefix that the scheme has not"] = "sha256=" + good
        if not scheme.separator:
            malformed["a space before it"] = " " + good
            malformed["the tag twice with a comma"] = f"{good}, {good}"
            malformed["the tag twice with a space"] = f"{good} {good}"
        yield from (self.one(name, MALFORMED, entry) for name, entry in malformed.items())
        yield from self.hexadecimal(bare) if scheme.encoding == "hex" else self.base64(tag, bare)

    def hexadecimal(self, bare):
        prefix = self.scheme.prefix
        yield self.one("upper-case digits", self.ok(), prefix + bare.upper())
        yield self.one("digits of either case", self.ok(), prefix + bare[:20] + bare[20:].upper())
        yield self.one("a letter that is no digit", MALFORMED, prefix + "g" + bare[1:])
        yield self.one("0x before the digits", MALFORMED, prefix + "0x" + bare)

    def base64(self, tag, bare):
        scheme, prefix = self.scheme, self.scheme.prefix
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        alphabet += "-_" if scheme.encoding == "base64url" else "+/"
        stem = bare.rstrip("=")
        padding = "=" * (-len(stem) % 4)
        # The last character of what is padded has bits that stand for nothing, and they are zero.
        last = alphabet[alphabet.index(stem[-1]) + 1]
        yield self.one("bits after the last", MALFORMED, prefix + stem[:-1] + last + bare[len(stem) :])
        yield self.one("too much padding", MALFORMED, prefix + stem + padding + "=")
        # A tag in which the alphabets differ, so that only the alphabet can be wrong.
        there, other = (base64.b64encode, base64.urlsafe_b64encode)[:: 1 if scheme.encoding == "base64" else -1]
        tag = b"\xfb\xff" * (len(tag) // 2)
        yield self.one("the scheme's alphabet", MISMATCH, prefix + there(tag).decode())
        yield self.one("the other alphabet", MALFORMED, prefix + other(tag).decode())
        if scheme.encoding == "base64url":
            yield self.one("padding", self.ok(), prefix + stem + padding)
        else:
            yield self.one("no padding", MALFORMED, prefix + stem)

    def lists(self):
        scheme, good, wrong = self.scheme, self.good, self.wrong
        # An entry with the time counts like any other.
        limit = 15 if scheme.timestampPrefix else 16
        stranger = "v9" + good[2:]
        yield self.one("the second of two signatures", self.ok(), wrong, good)
        yield self.one("the first of two signatures", self.ok(), good, wrong)
        yield self.one("the same signature twice", self.ok(), good, good)
        yield self.one("signatures of other versions", self.ok(), "v1b,abc", good, stranger)
        yield self.one("a malformed signature beside a good one", self.ok(), good[:-2], good, good + "00")
        yield self.one("an empty entry", self.ok(), "", good, "")
        yield self.one("the last of all entries that count", self.ok(), *[wrong] * (limit - 1), good)
        yield self.one("the first of the entries that do not count", MISMATCH, *[wrong] * limit, good)
        yield self.one("a hundred wrong signatures", MISMATCH, *[wrong] * 100)
        yield self.one("a control character in another version", MALFORMED, "v9\x01", good)
        yield self.one("only other versions", MALFORMED, stranger)
        yield self.one("only entries that are none", MALFORMED, "", "a", scheme.prefix)
        spaced = scheme.value(self.time, wrong, good).replace(scheme.separator, f" {scheme.separator} ")
        value = lambda text: scheme.headers(self.id, self.time, text)
        yield self.whole("spaces around the separators", value(spaced), self.ok())
        yield self.whole("spaces around the list", value(f" {scheme.value(self.time, good)} "), self.ok())
        other = "," if scheme.separator == " " else " "
        split = other.join(([f"{scheme.timestampPrefix}{self.time}"] if scheme.timestampPrefix else []) + [wrong, good])
        yield self.whole("a separator of other schemes", value(split), MALFORMED)

    def times(self):
        time, tolerance = self.time, self.scheme.tolerance
        yield self.signed("the whole tolerance ago", now=time + tolerance)
        yield self.signed("the whole tolerance ahead", now=time - tolerance)
        yield self.signed("too old by a second", error("stale_timestamp"), now=time + tolerance + 1)
        yield self.signed("ahead by a second too many", error("future_timestamp"), now=time - tolerance - 1)
        yield self.signed("milliseconds for seconds", error("future_timestamp"), time=time * 1000, now=time)
        yield self.signed("the longest time", time=999_999_999_999_999, now=999_999_999_999_999)
        yield self.signed("the first second", time=0, now=0)
        yield self.one("too old, but not genuine either", MISMATCH, self.wrong, now=time + tolerance + 1)
        yield self.one("another timestamp", MISMATCH, self.good, time=time + 1)
        bad = [f"{time}abc", f"+{time}", f"-{time}", f" {time}", f"0{time}", f"{time}.0", f"{time}000000"]
        bad += ["1.6e9", "0x1", "now"]
        if self.scheme.timestampHeader:
            # In a list the spaces at the end belong to the separator.
            bad.append(f"{time} ")
        for value in bad:
            # Signed as it stands, so that nothing but the way it is written can be wrong.
            yield self.signed(f"the timestamp {value!r}", MALFORMED, time=value, now=time)
        if prefix := self.scheme.timestampPrefix:
            yield from self.time_entries(prefix)

    def time_entries(self, prefix):
        scheme, good, separator = self.scheme, self.good, self.scheme.separator
        now = f"{prefix}{self.time}"
        entries = {
            "the time behind the signature": ([good, now], self.ok()),
            "the time between signatures": ([self.wrong, now, good], self.ok()),
            "no time": ([good], MALFORMED),
            "an empty time": ([prefix, good], MALFORMED),
            "the time twice": ([now, now, good], MALFORMED),
            "two times": ([now, good, f"{prefix}{self.time + 1}"], MALFORMED),
            "the time's prefix in another case": ([now.upper(), good], MALFORMED),
            "a space before the time's digits": ([f"{prefix} {self.time}", good], MALFORMED),
            "no signature": ([now], MALFORMED),
            "the time where it does not count": ([good] * 16 + [now], MALFORMED),
        }
        for name, (made, expect) in entries.items():
            yield self.whole(name, scheme.headers(self.id, self.time, separator.join(made)), expect)

    def ids(self):
        yield self.signed("the longest id", id="i" * 256)
        yield self.signed("an id of many characters", id="!#$%&'()*+,-/:;<=>?@[\\]^_`{|}~\"Az09")
        yield self.one("another id", MISMATCH, self.good, id="msg_other")
        for value, named in (("a.b", "with a full stop"), ("a b", "with a space"), ("i" * 257, "too long")):
            yield self.signed(f"an id {named}", MALFORMED, id=value)

    def bodies(self):
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
        yield from (self.signed(name, body=body) for name, body in bodies.items())

    def secrets(self):
        """Secrets of every form that the scheme takes, and those that it refuses."""
        kind = self.scheme.key
        blank = {"a space": " ", "a newline": "\n", "a zero": "\0", "whsec_ and nothing more": "whsec_", "whsec_ and padding": "whsec_=="}
        for name, secret in blank.items():
            yield self.one(f"no secret but {name}", NO_SECRET, self.good, secrets=[secret])
        if kind == "ed25519":
            yield from self.key_pairs()
            return
        for name, secret in PUBLIC_KEYS.items():
            yield self.one(f"{name} where a secret is shared", REFUSED, self.good, secrets=[secret])
        if kind != "whole":
            zeros = "whsec_" + base64.b64encode(bytes(24)).decode()
            yield self.one("a key of zeros", REFUSED, self.good, secrets=[zeros])
        encoded = lambda length: base64.b64encode(bytes(range(length))).decode()
        fit = {f"a whsec_ secret of {length} bytes": "whsec_" + encoded(length) for length in (23, 24, 32, 64, 65)}
        fit["a whsec_ secret without padding"] = "whsec_" + encoded(25).rstrip("=")
        plain = {
            "a secret of one byte": "x",
            "a secret of 64 bytes": "k" * 64,
            "a secret longer than a block": "k" * 200,
            "a secret beyond ASCII": "p\u00e4ssw\u00f6rt \U0001f511",
            "a secret that is no whsec_ text": SECRET + "?",
            "a whsec_ secret that is no base64": "whsec_0123456789abcdef0123456789abcde!",
            "a whsec_ secret in upper case": "WHSEC_!" + encoded(24),
            "a secret with a space before it": " " + SECRET,
            "a secret with a newline after it": SECRET + "\n",
        }
        if kind == "base64":
            fit["base64 alone"] = encoded(32)
            fit["base64 alone, without padding"] = encoded(32).rstrip("=")
            refused = dict(plain)
            # These happen to be base64 as well.
            refused.pop("a secret of 64 bytes"), refused.pop("a secret longer than a block")
            for name, secret in refused.items():
                yield self.one(name, REFUSED, self.good, secrets=[secret])
            yield self.one("a bad secret behind a good one", REFUSED, self.good, secrets=[self.scheme.secret, "x"])
        else:
            fit |= plain
        yield from (self.signed(name, secret=secret) for name, secret in fit.items())

    def key_pairs(self):
        scheme, good, pair = self.scheme, self.good, self.scheme.secret
        seed, whole = base64.b64decode(pair[5:])[:32], base64.b64decode(pair[5:])
        encoded = lambda prefix, key: prefix + base64.b64encode(key).decode()
        public, stranger = public_key(seed), public_key(bytes(range(32)))
        yield self.one("the public key alone", self.ok(), good, secrets=[public])
        yield self.one("a public key without padding", self.ok(), good, secrets=[public.rstrip("=")])
        yield self.one("another public key", MISMATCH, good, secrets=[stranger])
        yield self.one("the previous of two public keys", self.ok(1), good, secrets=[stranger, public])
        another = scheme.entry(scheme.tag(scheme.another, self.id, self.time, data(self.body)))
        yield self.one("a signature by another key", MISMATCH, another, secrets=[public])
        yield self.one("the signature's number in another form", MISMATCH, scheme.entry(ed25519.other_form(self.tag)))
        for name, start in (("another key pair", 1), ("a third key pair", 77)):
            yield self.signed(name, secret=private_key(bytes(range(start, start + 32))))
        refused = {
            "a public key of 31 bytes": encoded("whpk_", whole[33:]),
            "a public key of 33 bytes": encoded("whpk_", whole[31:]),
            "a public key that is no point": encoded("whpk_", b"\x02" + bytes(31)),
            "a weak public key: the neutral point": encoded("whpk_", b"\x01" + bytes(31)),
            "a public key above the field's order": encoded("whpk_", bytes([0xF0]) + b"\xff" * 30 + b"\x7f"),
            "a weak public key: a point of order four": encoded("whpk_", bytes(32)),
            "a private key without its public half": encoded("whsk_", seed),
            "a private key with another's public half": encoded("whsk_", seed + ed25519.public_key(bytes(32))),
            "a private key named as a public one": encoded("whpk_", whole),
            "a public key named as a private one": encoded("whsk_", whole[32:]),
            "a public key without its prefix": public[5:],
            "a public key's prefix in upper case": "WHPK_" + public[5:],
            "a secret of the symmetric scheme": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "a public key and a newline": public + "\n",
            "a public key that is no base64": public[:-2] + "!=",
        }
        yield from (self.one(name, REFUSED, good, secrets=[secret]) for name, secret in refused.items())
        yield self.one("a bad key behind a good one", REFUSED, good, secrets=[public, "x"])

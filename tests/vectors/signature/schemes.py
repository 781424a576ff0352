"""How each preset signs, written down a second time from its documentation, with nothing of the core's."""

import base64
import dataclasses
import hmac

import ed25519

SECRET = "0123456789abcdef0123456789abcdef"


def data(body):
    """The bytes of a body as cases have it."""
    if "text" in body:
        return body["text"].encode()
    if "hex" in body:
        return bytes.fromhex(body["hex"])
    return (body["repeat"] * body["times"]).encode()


def text(value):
    return {"text": value}


def private_key(seed):
    """An Ed25519 key pair as Standard Webhooks writes it."""
    return "whsk_" + base64.b64encode(seed + ed25519.public_key(seed)).decode()


def public_key(seed):
    return "whpk_" + base64.b64encode(ed25519.public_key(seed)).decode()


def unpadded(secret):
    """What base64 decodes to, whether the padding is written or left out; none if it is no base64."""
    try:
        key = base64.b64decode(secret + "=" * (-len(secret) % 4), validate=True)
    except ValueError:
        return None
    whole = base64.b64encode(key).decode()
    return key if secret in (whole, whole.rstrip("=")) else None


def standard_key(secret):
    key = unpadded(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else None
    if key is not None and 24 <= len(key) <= 64:
        return key
    return hmac.digest(secret.encode(), b"sigpost/standard-webhooks/v1", "sha256")


KEYS = {
    "whole": str.encode,
    "standard-webhooks": standard_key,
    "base64": lambda secret: unpadded(secret.removeprefix("whsec_")),
    # The first half of a private key is the seed.
    "ed25519": lambda secret: base64.b64decode(secret.removeprefix("whsk_"))[:32],
}

ENCODINGS = {
    "hex": bytes.hex,
    "base64": lambda tag: base64.b64encode(tag).decode(),
    "base64url": lambda tag: base64.urlsafe_b64encode(tag).decode().rstrip("="),
}


@dataclasses.dataclass(frozen=True)
class Scheme:
    """A scheme as data. A preset is known by its name; any other is given as the object that the npm package takes."""

    name: str
    header: str
    algorithm: str = "hmac-sha256"
    encoding: str = "hex"
    prefix: str = ""
    separator: str = ""
    signed: tuple = ("body",)
    idHeader: str = ""
    timestampHeader: str = ""
    timestampPrefix: str = ""
    tolerance: int = 300
    key: str = "whole"
    body: str = "raw"
    preset: bool = True
    # A header that is not enough alone, and the secrets of this scheme that cases are made with.
    weaker: str = ""
    secret: str = SECRET
    another: str = "another"

    @property
    def timed(self):
        return bool(self.timestampHeader or self.timestampPrefix)

    @property
    def given(self):
        """What a case says the scheme is."""
        if self.preset:
            return self.name
        made = {field: getattr(self, field) for field in ("name", "header", "algorithm", "encoding", "body", "key")}
        made["signed"] = list(self.signed)
        for field in ("prefix", "separator", "idHeader", "timestampHeader", "timestampPrefix"):
            if getattr(self, field):
                made[field] = getattr(self, field)
        return made | ({"tolerance": self.tolerance} if self.timed else {})

    def tag(self, secret, id, time, body):
        named = {"id": str(id).encode(), "timestamp": str(time).encode(), "body": body}
        message = b"".join(part["text"].encode() if isinstance(part, dict) else named[part] for part in self.signed)
        key = KEYS[self.key](secret)
        if self.algorithm == "ed25519":
            return ed25519.sign(key, message)
        return hmac.digest(key, message, self.algorithm.removeprefix("hmac-"))

    def entry(self, tag):
        return self.prefix + ENCODINGS[self.encoding](tag)

    def value(self, time, *entries):
        """The signature header with these entries."""
        times = [f"{self.timestampPrefix}{time}"] if self.timestampPrefix else []
        return self.separator.join([*times, *entries])

    def headers(self, id, time, value):
        """The headers in the order in which they are signed: id, time, signature."""
        made = [(self.idHeader, id), (self.timestampHeader, str(time)), (self.header, value)]
        return [[name, content] for name, content in made if name]


DOT = text(".")
STANDARD = Scheme(
    "standard-webhooks",
    "webhook-signature",
    encoding="base64",
    prefix="v1,",
    separator=" ",
    signed=("id", DOT, "timestamp", DOT, "body"),
    idHeader="webhook-id",
    timestampHeader="webhook-timestamp",
    key="standard-webhooks",
    secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
)
PRESETS = [
    Scheme("immuta", "x-immuta-webhook-signature-sha256", weaker="x-immuta-webhook-signature"),
    Scheme("immuta-sha1", "x-immuta-webhook-signature", "hmac-sha1"),
    Scheme("immuta-request", "x-immuta-webhook-signature-sha256"),
    Scheme("generic", "x-webhook-signature"),
    Scheme("qlik", "qlik-signature"),
    STANDARD,
    dataclasses.replace(
        STANDARD,
        name="standard-webhooks-ed25519",
        algorithm="ed25519",
        prefix="v1a,",
        key="ed25519",
        secret="whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
        another=private_key(bytes(range(32))),
    ),
    dataclasses.replace(
        STANDARD,
        name="svix",
        header="svix-signature",
        idHeader="svix-id",
        timestampHeader="svix-timestamp",
        key="base64",
        another="whsec_" + base64.b64encode(b"another secret of Svix's").decode(),
    ),
    Scheme("github", "x-hub-signature-256", prefix="sha256=", weaker="x-hub-signature"),
    Scheme(
        "stripe",
        "stripe-signature",
        prefix="v1=",
        separator=",",
        signed=("timestamp", DOT, "body"),
        timestampPrefix="t=",
        secret="whsec_0123456789abcdef0123456789abcdef",
    ),
    Scheme(
        "slack",
        "x-slack-signature",
        prefix="v0=",
        signed=(text("v0:"), "timestamp", text(":"), "body"),
        timestampHeader="x-slack-request-timestamp",
    ),
    Scheme("shopify", "x-shopify-hmac-sha256", encoding="base64"),
]
PRESETS = {scheme.name: scheme for scheme in PRESETS}

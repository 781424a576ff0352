//! The schemes of known senders.

use alloc::borrow::Cow;

use super::scheme::{Algorithm, Encoding, Grammar, KeyForm, Part, Scheme, Separator, SignedBody, Time};

impl Scheme {
    /// Immuta since 2026: bare hex HMAC-SHA256 of the body.
    ///
    /// Source: <https://changelog.immuta.com/en/security-improvement-to-immutas-webhook-signature-scheme>.
    pub const IMMUTA: &'static Self = &IMMUTA;

    /// Immuta before 2026 and self-managed releases such as 2024.3: bare hex HMAC-SHA1 of the body.
    ///
    /// Source: Immuta's webhook page, `createHmac('sha1', secret).update(JSON.stringify(data)).digest('hex')`.
    pub const IMMUTA_SHA1: &'static Self = &IMMUTA_SHA1;

    /// Immuta's Request app as sigpost sends it; public sources are silent, so it signs as [`Scheme::IMMUTA`] does.
    pub const IMMUTA_REQUEST: &'static Self = &IMMUTA_REQUEST;

    /// The generic webhooks API: bare hex HMAC-SHA256 of the body, keyed with the whole `whsec_…` text, which is not
    /// how Standard Webhooks reads such a text.
    ///
    /// Source: its page's sample, `createHmac('sha256', secret)`.
    pub const GENERIC: &'static Self = &GENERIC;

    /// Qlik Cloud: bare hex HMAC-SHA256 of the body.
    ///
    /// Source: <https://qlik.dev/apis/event/verify-webhook-signatures-hmac/>.
    pub const QLIK: &'static Self = &QLIK;

    /// Standard Webhooks 1.0.0: base64 HMAC-SHA256 of `id.timestamp.body`, five minutes of tolerance.
    ///
    /// Source: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>, "Signature
    /// scheme", and its libraries' tolerance.
    pub const STANDARD_WEBHOOKS: &'static Self = &STANDARD_WEBHOOKS;

    /// Standard Webhooks 1.0.0 with public keys: base64 Ed25519 of `id.timestamp.body`, five minutes of tolerance.
    ///
    /// Source: the specification, "Signature scheme", identifier `v1a`.
    #[cfg(feature = "ed25519")]
    pub const STANDARD_WEBHOOKS_ED25519: &'static Self = &STANDARD_WEBHOOKS_ED25519;

    /// Svix: as [`Scheme::STANDARD_WEBHOOKS`] in headers of its own; its secrets are base64 and nothing else.
    ///
    /// Source: <https://docs.svix.com/receiving/verifying-payloads/how-manual>.
    pub const SVIX: &'static Self = &SVIX;

    /// GitHub: hex HMAC-SHA256 of the body behind `sha256=`.
    ///
    /// Source: <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>.
    pub const GITHUB: &'static Self = &GITHUB;

    /// Stripe: hex HMAC-SHA256 of `timestamp.body` as `v1=` in a list that holds the time as `t=`; five minutes of
    /// tolerance. The key is the whole `whsec_…` text.
    ///
    /// Source: <https://docs.stripe.com/webhooks#verify-manually>, and its libraries' tolerance.
    pub const STRIPE: &'static Self = &STRIPE;

    /// Slack: hex HMAC-SHA256 of `v0:timestamp:body` behind `v0=`; five minutes of tolerance.
    ///
    /// Source: <https://docs.slack.dev/authentication/verifying-requests-from-slack>.
    pub const SLACK: &'static Self = &SLACK;

    /// Shopify: base64 HMAC-SHA256 of the body, keyed with the app's client secret.
    ///
    /// Source: <https://shopify.dev/docs/apps/build/webhooks/subscribe/https>.
    pub const SHOPIFY: &'static Self = &SHOPIFY;

    /// All presets.
    #[must_use]
    pub fn presets() -> &'static [&'static Self] {
        PRESETS
    }

    /// The preset of that name.
    ///
    /// ```
    /// use sigpost_core::signature::Scheme;
    /// assert_eq!(Scheme::preset("qlik").unwrap().signature_header(), "qlik-signature");
    /// assert!(Scheme::preset("Qlik").is_none());
    /// ```
    #[must_use]
    pub fn preset(name: &str) -> Option<&'static Self> {
        PRESETS.iter().copied().find(|scheme| scheme.name == name)
    }
}

static IMMUTA: Scheme = Preset {
    name: "immuta",
    header: "x-immuta-webhook-signature-sha256",
    weaker_header: Some("x-immuta-webhook-signature"),
    ..BARE
}
.scheme();
static IMMUTA_SHA1: Scheme = Preset {
    name: "immuta-sha1",
    header: "x-immuta-webhook-signature",
    algorithm: Algorithm::HmacSha1,
    ..BARE
}
.scheme();
static IMMUTA_REQUEST: Scheme =
    Preset { name: "immuta-request", header: "x-immuta-webhook-signature-sha256", ..BARE }.scheme();
static GENERIC: Scheme = Preset { name: "generic", header: "x-webhook-signature", ..BARE }.scheme();
static QLIK: Scheme = Preset { name: "qlik", header: "qlik-signature", ..BARE }.scheme();
static STANDARD_WEBHOOKS: Scheme = STANDARD.scheme();
#[cfg(feature = "ed25519")]
static STANDARD_WEBHOOKS_ED25519: Scheme = Preset {
    name: "standard-webhooks-ed25519",
    algorithm: Algorithm::Ed25519,
    prefix: "v1a,",
    key: KeyForm::Ed25519,
    ..STANDARD
}
.scheme();
static SVIX: Scheme = Preset {
    name: "svix",
    header: "svix-signature",
    id_header: Some("svix-id"),
    time_header: Some("svix-timestamp"),
    key: KeyForm::Base64,
    ..STANDARD
}
.scheme();
static GITHUB: Scheme = Preset {
    name: "github",
    header: "x-hub-signature-256",
    prefix: "sha256=",
    weaker_header: Some("x-hub-signature"),
    ..BARE
}
.scheme();
static STRIPE: Scheme = Preset {
    name: "stripe",
    header: "stripe-signature",
    prefix: "v1=",
    separator: Some(Separator::Comma),
    parts: STRIPE_PARTS,
    time_entry: Some("t="),
    tolerance: Some(FIVE_MINUTES),
    ..BARE
}
.scheme();
static SLACK: Scheme = Preset {
    name: "slack",
    header: "x-slack-signature",
    prefix: "v0=",
    parts: SLACK_PARTS,
    time_header: Some("x-slack-request-timestamp"),
    tolerance: Some(FIVE_MINUTES),
    ..BARE
}
.scheme();
static SHOPIFY: Scheme =
    Preset { name: "shopify", header: "x-shopify-hmac-sha256", encoding: Encoding::Base64, ..BARE }.scheme();

const PRESETS: &[&Scheme] = &[
    Scheme::IMMUTA,
    Scheme::IMMUTA_SHA1,
    Scheme::IMMUTA_REQUEST,
    Scheme::GENERIC,
    Scheme::QLIK,
    Scheme::STANDARD_WEBHOOKS,
    #[cfg(feature = "ed25519")]
    Scheme::STANDARD_WEBHOOKS_ED25519,
    Scheme::SVIX,
    Scheme::GITHUB,
    Scheme::STRIPE,
    Scheme::SLACK,
    Scheme::SHOPIFY,
];

/// Hex HMAC-SHA256 of the body, and nothing else.
const BARE: Preset = Preset {
    name: "",
    header: "",
    algorithm: Algorithm::HmacSha256,
    encoding: Encoding::Hex,
    prefix: "",
    separator: None,
    parts: &[Part::Body],
    id_header: None,
    time_header: None,
    time_entry: None,
    tolerance: None,
    key: KeyForm::Whole,
    weaker_header: None,
};
const STANDARD: Preset = Preset {
    name: "standard-webhooks",
    header: "webhook-signature",
    encoding: Encoding::Base64,
    prefix: "v1,",
    separator: Some(Separator::Space),
    parts: &[Part::Id, DOT, Part::Timestamp, DOT, Part::Body],
    id_header: Some("webhook-id"),
    time_header: Some("webhook-timestamp"),
    tolerance: Some(FIVE_MINUTES),
    key: KeyForm::StandardWebhooks,
    ..BARE
};
const STRIPE_PARTS: &[Part] = &[Part::Timestamp, DOT, Part::Body];
const SLACK_PARTS: &[Part] = &[literal("v0:"), Part::Timestamp, literal(":"), Part::Body];
const DOT: Part = literal(".");
const FIVE_MINUTES: u32 = 300;

const fn literal(text: &'static str) -> Part {
    Part::Literal(Cow::Borrowed(text))
}

/// A [`Scheme`] of constants, which one can be made from another of.
#[derive(Clone, Copy)]
struct Preset {
    name: &'static str,
    header: &'static str,
    algorithm: Algorithm,
    encoding: Encoding,
    prefix: &'static str,
    separator: Option<Separator>,
    parts: &'static [Part],
    id_header: Option<&'static str>,
    time_header: Option<&'static str>,
    time_entry: Option<&'static str>,
    tolerance: Option<u32>,
    key: KeyForm,
    weaker_header: Option<&'static str>,
}

impl Preset {
    const fn scheme(self) -> Scheme {
        Scheme {
            name: Cow::Borrowed(self.name),
            header: Cow::Borrowed(self.header),
            algorithm: self.algorithm,
            encoding: self.encoding,
            grammar: Grammar { prefix: Cow::Borrowed(self.prefix), separator: self.separator },
            parts: Cow::Borrowed(self.parts),
            id_header: borrowed(self.id_header),
            time: match (self.time_header, self.time_entry) {
                (Some(header), _) => Some(Time::Header(Cow::Borrowed(header))),
                (None, Some(prefix)) => Some(Time::Entry(Cow::Borrowed(prefix))),
                (None, None) => None,
            },
            tolerance: self.tolerance,
            body: SignedBody::Raw,
            key: self.key,
            weaker_header: borrowed(self.weaker_header),
        }
    }
}

/// `Option::map` is not for constants.
const fn borrowed(text: Option<&'static str>) -> Option<Cow<'static, str>> {
    match text {
        Some(text) => Some(Cow::Borrowed(text)),
        None => None,
    }
}

//! The schemes of known senders.

use alloc::borrow::Cow;

use super::scheme::{Algorithm, Encoding, Grammar, KeyForm, Part, Scheme, SignedBody};

impl Scheme {
    /// Immuta since 2026: bare hex HMAC-SHA256 of the body.
    ///
    /// Source: changelog.immuta.com, "Security improvement to Immuta's webhook signature scheme".
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
    /// Source: qlik.dev, "Verify webhook signatures using HMAC".
    pub const QLIK: &'static Self = &QLIK;

    /// Standard Webhooks 1.0.0: base64 HMAC-SHA256 of `id.timestamp.body`, five minutes of tolerance.
    ///
    /// Source: the specification, "Signature scheme", and its libraries' tolerance.
    pub const STANDARD_WEBHOOKS: &'static Self = &STANDARD_WEBHOOKS;

    /// All presets.
    #[must_use]
    pub fn presets() -> &'static [&'static Self] {
        &PRESETS
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
        PRESETS.into_iter().find(|scheme| scheme.name == name)
    }
}

static IMMUTA: Scheme = bare(
    "immuta",
    "x-immuta-webhook-signature-sha256",
    Algorithm::HmacSha256,
    Some(Cow::Borrowed("x-immuta-webhook-signature")),
);
static IMMUTA_SHA1: Scheme = bare("immuta-sha1", "x-immuta-webhook-signature", Algorithm::HmacSha1, None);
static IMMUTA_REQUEST: Scheme =
    bare("immuta-request", "x-immuta-webhook-signature-sha256", Algorithm::HmacSha256, None);
static GENERIC: Scheme = bare("generic", "x-webhook-signature", Algorithm::HmacSha256, None);
static QLIK: Scheme = bare("qlik", "qlik-signature", Algorithm::HmacSha256, None);
static STANDARD_WEBHOOKS: Scheme = Scheme {
    name: Cow::Borrowed("standard-webhooks"),
    header: Cow::Borrowed("webhook-signature"),
    algorithm: Algorithm::HmacSha256,
    encoding: Encoding::Base64,
    grammar: Grammar::Versions(Cow::Borrowed("v1")),
    parts: Cow::Borrowed(&[Part::Id, DOT, Part::Timestamp, DOT, Part::Body]),
    id_header: Some(Cow::Borrowed("webhook-id")),
    timestamp_header: Some(Cow::Borrowed("webhook-timestamp")),
    tolerance: Some(300),
    body: SignedBody::Raw,
    key: KeyForm::StandardWebhooks,
    weaker_header: None,
};

const PRESETS: [&Scheme; 6] = [
    Scheme::IMMUTA,
    Scheme::IMMUTA_SHA1,
    Scheme::IMMUTA_REQUEST,
    Scheme::GENERIC,
    Scheme::QLIK,
    Scheme::STANDARD_WEBHOOKS,
];

const DOT: Part = Part::Literal(Cow::Borrowed("."));

const fn bare(
    name: &'static str,
    header: &'static str,
    algorithm: Algorithm,
    weaker_header: Option<Cow<'static, str>>,
) -> Scheme {
    Scheme {
        name: Cow::Borrowed(name),
        header: Cow::Borrowed(header),
        algorithm,
        encoding: Encoding::Hex,
        grammar: Grammar::Bare,
        parts: Cow::Borrowed(&[Part::Body]),
        id_header: None,
        timestamp_header: None,
        tolerance: None,
        body: SignedBody::Raw,
        key: KeyForm::Whole,
        weaker_header,
    }
}

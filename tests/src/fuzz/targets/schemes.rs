//! Schemes of every kind: the presets, and others that do what no preset does.

use std::sync::LazyLock;

use sigpost_core::signature::{
    Algorithm, Encoding, KeyForm, Part, Scheme, SchemeBuilder, Secret, Separator, SignedBody,
};

/// Two secrets, each fit for every form of key: one that the targets sign with, and another.
const SECRETS: [[&str; 2]; 2] = [
    [
        "c2VjcmV0IGFuZCBsb25nIGVub3VnaA==",
        "whsk_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwfqSmxj4pxSCr71UHsTLsX5lUd2rr6+e5JCHuppFEbSLA==",
    ],
    [
        "YW5vdGhlciBvbmUsIGFuZCBhcyBsb25n",
        "whsk_CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQn9FyQ4WqDHW2T7eM1gL6HZkf3r92sTxY7XAurINen2GA==",
    ],
];

static SCHEMES: LazyLock<Vec<Scheme>> = LazyLock::new(|| {
    let presets = Scheme::presets().iter().map(|preset| (*preset).clone());
    let canonical = Scheme::presets().iter().map(|preset| preset.with_body(SignedBody::Canonical));
    let custom = custom().map(|builder| builder.build().expect("it makes sense"));
    presets.chain(canonical).chain(custom).collect()
});

/// All of them. The presets come first, in their order.
pub(super) fn all() -> &'static [Scheme] {
    &SCHEMES
}

/// The one that a byte of the input stands for.
pub(super) fn choose(choice: u8) -> &'static Scheme {
    &SCHEMES[usize::from(choice) % SCHEMES.len()]
}

/// A secret of the targets, in the form that the scheme takes. No vector is signed with one.
pub(super) fn secret(scheme: &Scheme, other: bool) -> Secret {
    let [text, key] = SECRETS[usize::from(other)];
    Secret::new(if scheme.key() == KeyForm::Ed25519 { key } else { text }).expect("it is not empty")
}

fn custom() -> [SchemeBuilder; 5] {
    let text = |text: &'static str| Part::Literal(text.into());
    let scheme = || Scheme::custom("custom", "x-signature");
    [
        scheme().algorithm(Algorithm::HmacSha1).prefix("v0=").timestamp("x-time", 5).parts([
            text("v0:"),
            Part::Timestamp,
            text(":"),
            Part::Body,
        ]),
        scheme()
            .algorithm(Algorithm::HmacSha512)
            .prefix("v1=")
            .separator(Separator::Comma)
            .id("x-id")
            .parts([Part::Id, text("/"), Part::Body, text("end")]),
        scheme()
            .encoding(Encoding::Base64Url)
            .prefix("s:")
            .separator(Separator::Space)
            .timestamp_entry("t:", 60)
            .parts([Part::Timestamp, text("."), Part::Body]),
        scheme()
            .encoding(Encoding::Base64)
            .prefix("sha256=")
            .body(SignedBody::Canonical)
            .timestamp("x-time", 0)
            .parts([Part::Body, text("."), Part::Timestamp])
            .weaker("x-old-signature"),
        scheme()
            .encoding(Encoding::Base64)
            .key(KeyForm::StandardWebhooks)
            .timestamp("x-time", u32::MAX)
            .id("x-id")
            .parts([Part::Timestamp, text("|"), Part::Id, text("|"), Part::Body]),
    ]
}

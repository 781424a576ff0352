//! Keys that may have been used, made from the secrets that the receiver holds.

use alloc::vec;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::mistake::{Mistake, SecretMistake};
use crate::signature::ed25519::Public;
use crate::signature::keyed::hash_of;
use crate::signature::scheme::{KeyForm, Scheme};
use crate::signature::secret::{Secret, base64_key, is_blank, is_ed25519, standard_key};

/// A key that may have been used, and the mistakes that this would mean; none for the right one.
pub(super) struct Key {
    pub(super) material: Material,
    pub(super) mistakes: Vec<Mistake>,
}

pub(super) enum Material {
    /// For an HMAC.
    Bytes(Zeroizing<Vec<u8>>),
    Public(Public),
}

/// More than any rotation needs, and a bound on the work.
pub(super) const MAX_SECRETS: usize = 64;

type Read = fn(&Secret) -> Option<Zeroizing<Vec<u8>>>;

/// How a text becomes bytes. The scheme's own way is no mistake; the others are named by what the sender does.
/// Of two that give one key, the first counts: what can be decoded is not derived.
const FORMS: [(Option<KeyForm>, SecretMistake, Read); 6] = [
    (Some(KeyForm::Whole), SecretMistake::UsedWhole, |secret| Some(secret.as_bytes().to_vec().into())),
    (Some(KeyForm::Base64), SecretMistake::UsedDecoded, base64_key),
    (Some(KeyForm::StandardWebhooks), SecretMistake::UsedDerived, |secret| {
        Some(standard_key(secret).as_bytes().to_vec().into())
    }),
    (None, SecretMistake::UsedWithoutPrefix, |secret| {
        Some(secret.as_bytes().strip_prefix(b"whsec_")?.to_vec().into())
    }),
    (None, SecretMistake::PrefixDropped, |secret| Some([b"whsec_", secret.as_bytes()].concat().into())),
    (None, SecretMistake::UsedFromHex, from_hex),
];

fn from_hex(secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; secret.as_bytes().len() / 2]);
    const_hex::decode_to_slice(secret.as_bytes(), &mut bytes).ok()?;
    Some(bytes)
}

/// The keys to try for `scheme` where `own` was expected, those with fewer mistakes first.
pub(super) fn keys(scheme: &Scheme, own: &Scheme, secrets: &[Secret], others: &[Secret]) -> Vec<Key> {
    let mut keys = Vec::new();
    let (expects_public, takes_public) =
        (hash_of(own.algorithm).is_none(), hash_of(scheme.algorithm).is_none());
    // What everybody may know proves nothing: it is no key of an HMAC, however it is written.
    let proves = |secret: &Secret| {
        let is_public = is_ed25519(secret) || expects_public && !secret.as_bytes().starts_with(b"whsec_");
        takes_public || !is_public
    };
    for secret in secrets.iter().take(MAX_SECRETS).filter(|secret| proves(secret)) {
        for (text, secret) in texts(secret) {
            let text: Vec<_> = text.into_iter().map(Mistake::Secret).collect();
            forms(scheme, &secret, |form, material| {
                let mistakes = text.iter().cloned().chain(form.map(Mistake::Secret)).collect();
                keys.push(Key { material, mistakes });
            });
        }
    }
    for (index, secret) in others.iter().take(MAX_SECRETS).enumerate().filter(|(_, secret)| proves(secret)) {
        forms(scheme, secret, |form, material| {
            if form.is_none() {
                keys.push(Key { material, mistakes: [Mistake::AnotherSecret { index }].into() });
            }
        });
    }
    // Stable: of two with as many mistakes, the newer secret's is first.
    keys.sort_by_key(|key| key.mistakes.len());
    keys
}

/// The keys that this text may stand for; without a mistake if it is as the scheme has it.
fn forms(scheme: &Scheme, secret: &Secret, mut found: impl FnMut(Option<SecretMistake>, Material)) {
    if hash_of(scheme.algorithm).is_none() {
        if let Ok(key) = Public::new(secret) {
            return found(None, Material::Public(key));
        }
        let prefixed = Secret::new([b"whpk_", secret.as_bytes()].concat());
        if let Some(key) = prefixed.ok().and_then(|secret| Public::new(&secret).ok()) {
            found(Some(SecretMistake::PrefixDropped), Material::Public(key));
        }
        return;
    }
    for (form, mistake, read) in FORMS {
        if let Some(bytes) = read(secret).filter(|bytes| !is_blank(bytes)) {
            found((form != Some(scheme.key)).then_some(mistake), Material::Bytes(bytes));
        }
    }
}

/// The secret's text as it was meant, perhaps.
fn texts(secret: &Secret) -> Vec<(Option<SecretMistake>, Secret)> {
    let text = secret.as_bytes();
    let trimmed = text.trim_ascii();
    let mut texts = Vec::from([(None, secret.clone())]);
    let mut add = |mistake, text: &[u8]| {
        if let Ok(secret) = Secret::new(text) {
            texts.push((Some(mistake), secret));
        }
    };
    if trimmed != text {
        add(SecretMistake::SpaceAround, trimmed);
    }
    for quote in [b"\"", b"'", b"`"] {
        if let Some(inner) = trimmed.strip_prefix(quote).and_then(|text| text.strip_suffix(quote)) {
            add(SecretMistake::Quoted, inner);
        }
    }
    let mut with_newline = Zeroizing::new(Vec::with_capacity(text.len() + 1));
    with_newline.extend_from_slice(text);
    with_newline.push(b'\n');
    add(SecretMistake::NewlineDropped, &with_newline);
    texts
}

//! The master key, and secrets sealed with it.
//!
//! A webhook's secret is stored sealed: XChaCha20-Poly1305 under the master key, a random 24-byte nonce, and as
//! associated data everything that says which secret it is. So a sealed secret that somebody copies to another
//! row, field or tenant does not open there, and whoever has the database without the key has no secrets.
//!
//! A sealed value is `1 ‖ key id (8) ‖ nonce (24) ‖ ciphertext ‖ tag (16)`. The key id tells which key opens it; it is a
//! digest of the key and says nothing about it.

use core::fmt;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::domain::TenantUid;
use crate::rng::Rng;

/// The key that seals the secrets of a store: 32 random bytes, written as 64 hex digits. Erased when dropped.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// What tells one master key from others, and says nothing about it: 16 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyId([u8; KEY_ID]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// A text that is not a master key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a master key is 64 hex digits")]
pub struct ParseKeyError;

/// The file a key is in that was drawn.
pub(super) const KEY_FILE: &str = "master.key";

/// Where the master key comes from.
#[derive(Clone)]
pub enum KeySource {
    /// The configuration gives it.
    Given(MasterKey),
    /// It stands in this file, as 64 hex digits.
    File(PathBuf),
    /// It stands in the file `master.key` of the data directory, and is drawn when the store is new.
    Generated,
}

impl KeySource {
    /// The file it stands in, for a data directory; or the key itself, which stands in none.
    ///
    /// # Errors
    /// The key that the configuration gives.
    pub fn file(&self, directory: &Path) -> Result<PathBuf, &MasterKey> {
        match self {
            Self::Given(key) => Err(key),
            Self::File(path) => Ok(path.clone()),
            Self::Generated => Ok(directory.join(KEY_FILE)),
        }
    }
}

impl MasterKey {
    /// Takes a key.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads a key as configured: 64 hex digits, white space around them ignored.
    ///
    /// # Errors
    /// [`ParseKeyError`] when it is anything else.
    pub fn parse(text: &str) -> Result<Self, ParseKeyError> {
        let mut key = Self::new([0; 32]);
        hex::decode_to_slice(text.trim(), key.0.as_mut_slice()).map_err(|_| ParseKeyError)?;
        Ok(key)
    }

    /// Draws a new key.
    #[must_use]
    pub fn draw(rng: &dyn Rng) -> Self {
        let mut key = Self::new([0; 32]);
        rng.fill(key.0.as_mut_slice());
        key
    }

    /// The form [`MasterKey::parse`] reads, as the line of a file.
    pub(super) fn to_line(&self) -> Zeroizing<String> {
        // With room from the start: a text that grows leaves copies behind.
        let mut line = Zeroizing::new("0".repeat(64) + "\n");
        let digits = Zeroizing::new(hex::encode(self.0.as_slice()));
        line.replace_range(..64, &digits);
        line
    }

    /// Its id.
    ///
    /// ```
    /// use sigpost_server::storage::sqlite::MasterKey;
    /// let key = MasterKey::new([7; 32]);
    /// assert_eq!(key.id().to_string().len(), 16);
    /// assert_ne!(key.id(), MasterKey::new([8; 32]).id());
    /// ```
    #[must_use]
    pub fn id(&self) -> KeyId {
        let digest = Sha256::new()
            .chain_update(b"sigpost/master-key-id/v1")
            .chain_update(self.0.as_slice())
            .finalize();
        let mut id = [0; KEY_ID];
        id.copy_from_slice(&digest[..KEY_ID]);
        KeyId(id)
    }
}

const VERSION: u8 = 1;
const KEY_ID: usize = 8;
const NONCE: usize = 24;

/// What a sealed value is, and whose. It opens only under the same name.
#[derive(Clone, Copy)]
pub(super) struct Label<'a> {
    /// The tenant; all zeroes for what belongs to the store itself.
    pub(super) tenant: &'a TenantUid,
    /// The kind of object, as the table is called.
    pub(super) kind: &'static str,
    /// The object's key in the table.
    pub(super) id: i64,
    /// The column.
    pub(super) field: &'static str,
}

impl Label<'_> {
    /// Length-prefixed, so that no two labels are written alike.
    fn associated_data(self, key_id: KeyId) -> Vec<u8> {
        let mut out = b"sigpost/sealed/v1".to_vec();
        let parts =
            [self.tenant.as_bytes(), self.kind.as_bytes(), &self.id.to_be_bytes(), self.field.as_bytes()];
        for part in parts.into_iter().chain([key_id.0.as_slice()]) {
            out.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            out.extend_from_slice(part);
        }
        out
    }
}

/// A sealed value that does not open: another key, another place, or changed bytes. Which one is not told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DoesNotOpen;

/// Seals and opens under one master key.
pub(super) struct Sealer {
    cipher: XChaCha20Poly1305,
    key_id: KeyId,
}

impl Sealer {
    pub(super) fn new(key: &MasterKey) -> Self {
        Self { cipher: XChaCha20Poly1305::new((&*key.0).into()), key_id: key.id() }
    }

    pub(super) const fn key_id(&self) -> KeyId {
        self.key_id
    }

    pub(super) fn seal(&self, label: Label<'_>, secret: &[u8], rng: &dyn Rng) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        rng.fill(&mut nonce);
        let payload = Payload { msg: secret, aad: &label.associated_data(self.key_id) };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload);
        // Fails only for messages beyond 256 GiB.
        let sealed = sealed.expect("secrets are far shorter than the cipher's limit");
        [&[VERSION], self.key_id.0.as_slice(), &nonce, &sealed].concat()
    }

    pub(super) fn open(&self, label: Label<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
        let sealed = sealed.strip_prefix(&[VERSION]).ok_or(DoesNotOpen)?;
        let sealed = sealed.strip_prefix(self.key_id.0.as_slice()).ok_or(DoesNotOpen)?;
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE>().ok_or(DoesNotOpen)?;
        let payload = Payload { msg: ciphertext, aad: &label.associated_data(self.key_id) };
        self.cipher.decrypt(&XNonce::from(*nonce), payload).map(Zeroizing::new).map_err(|_| DoesNotOpen)
    }

    /// The value by which a store recognises its key.
    pub(super) fn key_check(&self, rng: &dyn Rng) -> Vec<u8> {
        self.seal(key_check_label(), KEY_CHECK, rng)
    }

    /// Whether a store with this check value was sealed with this key.
    pub(super) fn fits(&self, key_check: &[u8]) -> bool {
        self.open(key_check_label(), key_check).is_ok_and(|opened| opened.as_slice() == KEY_CHECK)
    }
}

/// The id of the key that a value was sealed with; none if it is no sealed value.
pub(super) fn sealed_with(sealed: &[u8]) -> Option<KeyId> {
    sealed.strip_prefix(&[VERSION])?.first_chunk().copied().map(KeyId)
}

const KEY_CHECK: &[u8] = b"sigpost";

fn key_check_label() -> Label<'static> {
    const NOBODY: TenantUid = TenantUid::new([0; 16]);
    Label { tenant: &NOBODY, kind: "meta", id: 0, field: "key_check" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::SeededRng;

    const TENANT: TenantUid = TenantUid::new([7; 16]);

    fn label() -> Label<'static> {
        Label { tenant: &TENANT, kind: "webhook", id: 1, field: "secret" }
    }

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&MasterKey::new([byte; 32]))
    }

    #[test]
    fn a_sealed_secret_opens_under_its_own_label_and_key_only() {
        let rng = SeededRng::new(1);
        let sealed = sealer(1).seal(label(), b"s3cret", &rng);
        assert_eq!(sealer(1).open(label(), &sealed).unwrap().as_slice(), b"s3cret");
        assert_eq!(sealer(2).open(label(), &sealed), Err(DoesNotOpen));
        let other = TenantUid::new([8; 16]);
        for wrong in [
            Label { tenant: &other, ..label() },
            Label { kind: "token", ..label() },
            Label { id: 2, ..label() },
            Label { field: "next", ..label() },
        ] {
            assert_eq!(sealer(1).open(wrong, &sealed), Err(DoesNotOpen));
        }
    }

    #[test]
    fn a_changed_bit_anywhere_keeps_a_sealed_secret_shut() {
        let sealed = sealer(1).seal(label(), b"s3cret", &SeededRng::new(1));
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(sealer(1).open(label(), &changed), Err(DoesNotOpen), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert_eq!(sealer(1).open(label(), &sealed[..length]), Err(DoesNotOpen), "length {length}");
        }
    }

    #[test]
    fn the_same_secret_sealed_twice_looks_different() {
        let rng = SeededRng::new(1);
        assert_ne!(sealer(1).seal(label(), b"s", &rng), sealer(1).seal(label(), b"s", &rng));
    }

    #[test]
    fn a_check_value_tells_whether_the_key_fits() {
        let check = sealer(1).key_check(&SeededRng::new(1));
        assert!(sealer(1).fits(&check));
        assert!(!sealer(2).fits(&check));
        assert!(!sealer(1).fits(b""));
    }

    #[test]
    fn a_sealed_value_names_its_key() {
        let key = MasterKey::new([1; 32]);
        let sealed = sealer(1).seal(label(), b"s", &SeededRng::new(1));
        assert_eq!(sealed_with(&sealed), Some(key.id()));
        assert_eq!(sealed_with(&sealed[..KEY_ID]), None);
        assert_eq!(sealed_with(b"2.............."), None);
    }

    #[test]
    fn a_key_is_read_in_the_form_it_is_written_in_and_in_no_other() {
        let key = MasterKey::draw(&SeededRng::new(3));
        let line = key.to_line();
        let text = line.strip_suffix('\n').unwrap();
        assert_eq!(*MasterKey::parse(&format!(" {}", line.as_str())).unwrap().0, *key.0);
        for bad in ["", "00", &text[1..], &format!("{text}0"), &"g".repeat(64)] {
            assert_eq!(MasterKey::parse(bad).err(), Some(ParseKeyError), "{bad:?}");
        }
    }
}

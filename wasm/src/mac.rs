//! The signatures' side of the border: HMAC and the comparison of tags, and nothing else. Headers, schemes, secrets'
//! forms and ages are TypeScript's, which tests hold to `sigpost_core::signature`.
//!
//! One buffer carries everything. JavaScript writes the first `len` bytes and calls; what is made stands there when
//! the call returns.
//!
//! ```text
//! key ─▶ slot ─┬─▶ start ─▶ update … ─▶ judge      (any number of times)
//!              ├─▶ start ─▶ update … ─▶ tag
//!              └─▶ close
//! ```
//!
//! Nothing here is allocated, and nothing grows: there are [`SLOTS`] keys, and JavaScript decides whose. A key is erased
//! by [`close`], with what computing left on the stack; a computed tag by the call that judges it.

use core::mem::replace;
use core::sync::atomic::{Ordering, compiler_fence};

use hmac::{Hmac, KeyInit as _, Mac as _};
#[cfg(feature = "verify")]
use sha1::Sha1;
#[cfg(feature = "verify")]
use sha2::Sha256;
#[cfg(feature = "sha512")]
use sha2::Sha512;
use subtle::ConstantTimeEq as _;
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroize;

use crate::border::Local;

/// Long enough that a body takes few calls, short enough that it stays in a processor's first cache.
const BUFFER: usize = 16 << 10;
/// The longest tag in bytes.
const MAX_TAG: usize = 64;
/// Keys that are absorbed at a time; more verifiers than these take turns.
const SLOTS: usize = 32;

static STATE: Local<State> =
    Local::new(State { buffer: [0; BUFFER], keys: [const { Slot::Free }; SLOTS], message: Slot::Free });

/// What both sides write to stands first: it is found by the address of all.
#[repr(C)]
struct State {
    buffer: [u8; BUFFER],
    keys: [Slot; SLOTS],
    /// The message that is looked at.
    message: Slot,
}

/// A key, absorbed, and what was signed so far; erased when it is dropped. A free one is zeros, which are no part of the
/// module's file.
#[repr(u8)]
#[derive(Clone)]
#[cfg_attr(
    not(feature = "verify"),
    expect(clippy::large_enum_variant, reason = "the one hash, or nothing: there is no heap to put it on")
)]
enum Slot {
    Free = 0,
    #[cfg(feature = "verify")]
    Sha1(Hmac<Sha1>) = 1,
    #[cfg(feature = "verify")]
    Sha256(Hmac<Sha256>) = 2,
    #[cfg(feature = "sha512")]
    Sha512(Hmac<Sha512>) = 5,
}

impl Slot {
    /// HMAC takes keys of any length, so there is one for every hash that this module has.
    fn new(hash: u32, key: &[u8]) -> Self {
        match hash {
            #[cfg(feature = "verify")]
            1 => Hmac::new_from_slice(key).map_or(Self::Free, Self::Sha1),
            #[cfg(feature = "verify")]
            2 => Hmac::new_from_slice(key).map_or(Self::Free, Self::Sha256),
            #[cfg(feature = "sha512")]
            5 => Hmac::new_from_slice(key).map_or(Self::Free, Self::Sha512),
            _ => Self::Free,
        }
    }

    /// Takes it out, and leaves nothing where it was: dropping erases only what its own variant uses, and moving nothing.
    fn take(&mut self) -> Self {
        let taken = replace(self, Self::Free);
        #[expect(unsafe_code, reason = "no safe way writes to what is no part of a value")]
        // SAFETY: all zeros are `Free`, by its representation, and it has nothing to be dropped.
        unsafe {
            core::ptr::from_mut(self).write_bytes(0, 1);
        }
        compiler_fence(Ordering::SeqCst);
        taken
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Free => {}
            #[cfg(feature = "verify")]
            Self::Sha1(mac) => mac.update(bytes),
            #[cfg(feature = "verify")]
            Self::Sha256(mac) => mac.update(bytes),
            #[cfg(feature = "sha512")]
            Self::Sha512(mac) => mac.update(bytes),
        }
    }

    /// Writes the tag, and returns its length: 0 if nothing was begun.
    fn finish(self, to: &mut [u8]) -> usize {
        match self {
            Self::Free => 0,
            #[cfg(feature = "verify")]
            Self::Sha1(mac) => copy(&mac.finalize().into_bytes(), to),
            #[cfg(feature = "verify")]
            Self::Sha256(mac) => copy(&mac.finalize().into_bytes(), to),
            #[cfg(feature = "sha512")]
            Self::Sha512(mac) => copy(&mac.finalize().into_bytes(), to),
        }
    }
}

/// Where the buffer stands.
#[wasm_bindgen]
#[must_use]
pub fn buffer() -> *mut u8 {
    STATE.address().cast()
}

/// Absorbs the key in the buffer into a slot, and erases it in the buffer. `hash` is 1 for SHA-1, 2 for SHA-256, 5 for
/// SHA-512. Whether this module has it.
#[wasm_bindgen]
#[must_use]
pub fn key(slot: u32, hash: u32, len: u32) -> bool {
    let known = absorb(slot, hash, len);
    scrub();
    known
}

/// In a frame of its own, below the caller's: only so does [`scrub`] reach it.
#[inline(never)]
fn absorb(slot: u32, hash: u32, len: u32) -> bool {
    STATE.with(|State { buffer, keys, .. }| {
        let known = keys.get_mut(index(slot)).is_some_and(|slot| {
            drop(slot.take());
            *slot = Slot::new(hash, first(buffer, len));
            !matches!(slot, Slot::Free)
        });
        buffer.zeroize();
        known
    })
}

/// Erases the key in a slot.
#[wasm_bindgen]
pub fn close(slot: u32) {
    erase(slot);
    scrub();
}

/// In a frame of its own, as [`absorb`].
#[inline(never)]
fn erase(slot: u32) {
    STATE.with(|State { keys, message, .. }| {
        drop(keys.get_mut(index(slot)).map(Slot::take));
        drop(message.take());
    });
}

/// Begins to compute a tag by the key in a slot, of the first `len` bytes of the buffer.
#[wasm_bindgen]
pub fn start(slot: u32, len: u32) {
    STATE.with(|State { buffer, keys, message }| {
        // In place, so that nothing of the key is left elsewhere.
        message.clone_from(keys.get(index(slot)).unwrap_or(&Slot::Free));
        message.update(first(buffer, len));
    });
}

/// Takes in what comes next.
#[wasm_bindgen]
pub fn update(len: u32) {
    STATE.with(|State { buffer, message, .. }| message.update(first(buffer, len)));
}

/// Whether the tag that was computed is one of those that the request claims and that stand in the buffer, `len` bytes in
/// all. They are all erased.
#[wasm_bindgen]
#[must_use]
pub fn judge(len: u32) -> bool {
    STATE.with(|State { buffer, message, .. }| {
        let mut tag = [0; MAX_TAG];
        let size = message.take().finish(&mut tag);
        let (tagged, mut fits) = (tag.get(..size).unwrap_or_default(), false);
        let mut claims = first(buffer, len);
        // All of them, whichever fits.
        while let Some((claim, more)) = claims.split_at_checked(size).filter(|_| size > 0) {
            fits |= bool::from(tagged.ct_eq(claim));
            claims = more;
        }
        buffer.iter_mut().take(index(len)).for_each(|byte| *byte = 0);
        tag.zeroize();
        fits
    })
}

/// Writes the tag that was computed to the buffer.
#[wasm_bindgen]
pub fn tag() {
    STATE.with(|State { buffer, message, .. }| message.take().finish(buffer));
}

fn copy(from: &[u8], to: &mut [u8]) -> usize {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    from.len()
}

/// Overwrites what earlier calls left on the stack below this one: copies of keyed states, of which the compiler keeps
/// no account.
#[inline(never)]
fn scrub() {
    let mut space = [0_u8; BUFFER];
    space.zeroize();
}

/// The first `len` bytes of the buffer; none if there are fewer.
fn first(buffer: &[u8], len: u32) -> &[u8] {
    buffer.get(..index(len)).unwrap_or_default()
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

//! The signatures' side of the border.
//!
//! One buffer carries everything: a scheme, a secret, headers, a piece of a body, a result. JavaScript writes the
//! first `len` bytes and calls; a result stands there when the call returns. A result below 0 is a failure whose
//! negated value is the length of a text in the buffer: a code, a header's name or nothing, and a message, each on a
//! line.
//!
//! ```text
//! scheme ─▶ secret … ─▶ open ─▶ handle ─┬─▶ begin ─▶ update … ─▶ finish    (any number of times)
//!                                       └─▶ close
//! scheme ─▶ secret ─▶ sign_begin ─▶ sign_update … ─▶ sign_finish
//! ```
//!
//! Nothing here grows with a body. Keys are erased by [`close`], with what computing left on the stack. What a call that
//! fails was given is erased by that call: nobody has anything then that could be closed.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use sigpost_core::signature::{
    Check, Genuine, Scheme, Secret, SignError, SignedBody, Signer, Signing, Verifier, VerifyError,
    standard_key,
};
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroize;

use crate::border::{Local, length};

mod input;

use input::{Fields, headers, scheme_of};

/// Long enough that a body takes few calls, short enough that it stays in a processor's first cache.
const BUFFER: usize = 16 << 10;

static SHARED: Local<[u8; BUFFER]> = Local::new([0; BUFFER]);

static STATE: Local<State> = Local::new(State {
    scheme: None,
    secrets: Vec::new(),
    verifiers: Vec::new(),
    check: None,
    signing: None,
    genuine: None,
});

struct State {
    /// The scheme and the secrets that the next verifier or signature is made from.
    scheme: Option<Scheme>,
    secrets: Vec<Secret>,
    /// Boxed, so that closing one leaves nothing behind.
    verifiers: Vec<Option<Box<Verifier>>>,
    check: Option<Check>,
    /// Boxed for the same reason.
    signing: Option<Box<Signing>>,
    /// The request that was verified last.
    genuine: Option<Genuine>,
}

/// Where the buffer stands.
#[wasm_bindgen]
#[must_use]
pub fn buffer() -> *mut u8 {
    SHARED.address().cast()
}

/// How long it is.
#[wasm_bindgen]
#[must_use]
pub fn buffer_length() -> i32 {
    length(BUFFER)
}

/// Takes the scheme that the next verifier or signature is for: the name of a preset, or one of the caller's own.
#[wasm_bindgen]
#[must_use]
pub fn scheme(len: u32) -> i32 {
    STATE.with(|state| {
        state.secrets.clear();
        state.scheme = None;
        match read(len, |fields| scheme_of(Fields::new(fields))) {
            Ok(scheme) => {
                state.scheme = Some(scheme);
                0
            }
            Err(failure) => failure.write(),
        }
    })
}

/// Takes a secret, and erases it in the buffer.
#[wasm_bindgen]
#[must_use]
pub fn secret(len: u32) -> i32 {
    apart(|state| {
        let secret = read(len, |bytes| Secret::new(bytes));
        SHARED.with(Zeroize::zeroize);
        match secret {
            Ok(secret) => {
                state.secrets.push(secret);
                0
            }
            Err(error) => Failure::new("no_secret", error).write(),
        }
    })
}

/// Makes a verifier and returns its handle. `tolerance` is in seconds: below 0 for any age, not a number for the
/// scheme's.
#[wasm_bindgen]
#[must_use]
pub fn open(tolerance: f64) -> i32 {
    apart(|state| {
        let (Some(scheme), secrets) = (state.scheme.take(), core::mem::take(&mut state.secrets)) else {
            return Failure::new("unknown_scheme", "there is no scheme").write();
        };
        if secrets.is_empty() {
            return Failure::of(&VerifyError::NoSecret).write();
        }
        let mut verifier = match Verifier::new(&scheme, &secrets) {
            Ok(verifier) => verifier,
            Err(error) => return Failure::new("invalid_secret", error).write(),
        };
        if !tolerance.is_nan() {
            let seconds = (tolerance >= 0.0).then(|| u32::try_from(whole(tolerance)).unwrap_or(u32::MAX));
            verifier = match verifier.with_tolerance(seconds) {
                Ok(verifier) => verifier,
                Err(error) => return Failure::new("invalid_tolerance", error).write(),
            };
        }
        let free = state.verifiers.iter().position(Option::is_none);
        let handle = free.unwrap_or_else(|| {
            state.verifiers.push(None);
            state.verifiers.len() - 1
        });
        state.verifiers[handle] = Some(Box::new(verifier));
        length(handle)
    })
}

/// Erases a verifier's keys; nothing if it has none any more.
#[wasm_bindgen]
pub fn close(handle: u32) {
    STATE.with(|state| {
        state.check = None;
        if let Some(slot) = usize::try_from(handle).ok().and_then(|handle| state.verifiers.get_mut(handle)) {
            *slot = None;
        }
    });
    scrub();
}

/// Writes the names of the headers that a verifier looks at, each on a line, and returns their length.
#[wasm_bindgen]
#[must_use]
pub fn header_names(handle: u32) -> i32 {
    STATE.with(|state| {
        let Some(verifier) = verifier(&state.verifiers, handle) else { return unknown_handle() };
        let scheme = verifier.scheme();
        let names = [
            Some(scheme.signature_header()),
            scheme.id_header(),
            scheme.timestamp_header(),
            scheme.weaker_header(),
        ];
        write(|text| names.iter().flatten().try_for_each(|name| writeln!(text, "{name}")))
    })
}

/// Whether a verifier's scheme signs the canonical form of the body: 1, or 0. That form is what [`update`] is given.
#[wasm_bindgen]
#[must_use]
pub fn is_canonical(handle: u32) -> i32 {
    STATE.with(|state| match verifier(&state.verifiers, handle) {
        Some(verifier) => i32::from(verifier.scheme().body() == SignedBody::Canonical),
        None => unknown_handle(),
    })
}

/// Whether the scheme given last signs the canonical form of the body: 1, or 0.
#[wasm_bindgen]
#[must_use]
pub fn will_be_canonical() -> i32 {
    STATE.with(|state| {
        i32::from(state.scheme.as_ref().is_some_and(|scheme| scheme.body() == SignedBody::Canonical))
    })
}

/// Starts to verify a request by its headers.
#[wasm_bindgen]
#[must_use]
pub fn begin(handle: u32, len: u32) -> i32 {
    STATE.with(|state| {
        let Some(verifier) = verifier(&state.verifiers, handle) else { return unknown_handle() };
        match read(len, |fields| verifier.begin(headers(Fields::new(fields)))) {
            Ok(check) => {
                state.check = Some(check);
                0
            }
            Err(error) => Failure::of(&error).write(),
        }
    })
}

/// Takes the next piece of the body.
#[wasm_bindgen]
#[must_use]
pub fn update(len: u32) -> i32 {
    STATE.with(|state| match &mut state.check {
        Some(check) => {
            read(len, |piece| check.update(piece));
            0
        }
        None => not_begun(),
    })
}

/// Says which secret the request was signed with, counted from 0. `now` is in milliseconds since 1970.
#[wasm_bindgen]
#[must_use]
pub fn finish(now: f64) -> i32 {
    STATE.with(|state| {
        state.genuine = None;
        let Some(check) = state.check.take() else { return not_begun() };
        match check.finish(whole(now).div_euclid(1_000)) {
            Ok(genuine) => length(state.genuine.insert(genuine).secret),
            Err(error) => Failure::of(&error).write(),
        }
    })
}

/// When the request verified last was signed, in seconds since 1970; below 0 if its scheme does not sign that.
#[wasm_bindgen]
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "a time has fifteen digits at most, which a double holds exactly"
)]
pub fn timestamp() -> f64 {
    STATE.with(|state| {
        state.genuine.as_ref().and_then(|genuine| genuine.timestamp).map_or(-1.0, |time| time as f64)
    })
}

/// Writes the id of the request verified last, and returns its length; 0 if its scheme does not sign one.
#[wasm_bindgen]
#[must_use]
pub fn id_length() -> i32 {
    STATE.with(|state| match state.genuine.as_ref().and_then(|genuine| genuine.id.as_deref()) {
        Some(id) => write(|text| text.write_str(id)),
        None => 0,
    })
}

/// Starts a signature by the scheme and the secret given last. The id stands in the buffer; `timestamp` is in seconds
/// since 1970.
#[wasm_bindgen]
#[must_use]
pub fn sign_begin(len: u32, timestamp: f64) -> i32 {
    apart(|state| {
        let (scheme, secrets) = (state.scheme.take(), core::mem::take(&mut state.secrets));
        let (Some(scheme), Some(secret)) = (scheme, secrets.first()) else {
            return Failure::of(&VerifyError::NoSecret).write();
        };
        let timestamp = timestamp.is_finite().then(|| whole(timestamp));
        let signer = match Signer::new(&scheme, secret) {
            Ok(signer) => signer,
            Err(error) => return Failure::new("invalid_secret", error).write(),
        };
        let signing = read(len, |id| signer.begin(core::str::from_utf8(id).ok(), timestamp));
        match signing {
            Ok(signing) => {
                state.signing = Some(Box::new(signing));
                0
            }
            Err(error) => Failure::of_signing(&error).write(),
        }
    })
}

/// Takes the next piece of the body that is signed.
#[wasm_bindgen]
#[must_use]
pub fn sign_update(len: u32) -> i32 {
    STATE.with(|state| match &mut state.signing {
        Some(signing) => {
            read(len, |piece| signing.update(piece));
            0
        }
        None => not_begun(),
    })
}

/// Writes the headers to send, a name and a value on a line each in turn, and returns their length.
#[wasm_bindgen]
#[must_use]
pub fn sign_finish() -> i32 {
    let written = apart(|state| {
        let Some(signing) = state.signing.take() else { return not_begun() };
        let headers = signing.finish();
        write(|text| headers.iter().try_for_each(|(name, value)| write!(text, "{name}\n{value}\n")))
    });
    scrub();
    written
}

/// Writes the Standard Webhooks form of the secret given last, and returns its length.
#[wasm_bindgen]
#[must_use]
pub fn standard_secret() -> i32 {
    let written = apart(|state| {
        let secrets = core::mem::take(&mut state.secrets);
        let Some(secret) = secrets.first() else { return Failure::of(&VerifyError::NoSecret).write() };
        let shown = standard_key(secret).to_whsec();
        write(|text| text.write_str(&shown))
    });
    scrub();
    written
}

/// Erases the buffer, after a secret stood in it.
#[wasm_bindgen]
pub fn wipe() {
    SHARED.with(Zeroize::zeroize);
}

/// Calls `with`, which handles secrets, in a frame of its own, below the caller's: only so does [`scrub`] reach it. If it
/// fails, all that it was given is erased.
fn apart(with: impl FnOnce(&mut State) -> i32) -> i32 {
    #[inline(never)]
    fn below(with: impl FnOnce(&mut State) -> i32) -> i32 {
        STATE.with(with)
    }
    let result = below(with);
    if result < 0 {
        STATE.with(|state| {
            state.scheme = None;
            state.secrets = Vec::new();
        });
        scrub();
    }
    result
}

/// Overwrites what earlier calls left on the stack below this one: copies of keyed states, of which the compiler keeps
/// no account.
#[inline(never)]
fn scrub() {
    let mut space = [0_u8; BUFFER];
    space.zeroize();
}

fn verifier(verifiers: &[Option<Box<Verifier>>], handle: u32) -> Option<&Verifier> {
    verifiers.get(usize::try_from(handle).ok()?)?.as_deref()
}

/// A number from JavaScript without its fraction; what does not fit becomes the nearest that does.
#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and makes 0 of what is no number")]
fn whole(number: f64) -> i64 {
    number as i64
}

/// Hands the first `len` bytes of the buffer to `with`.
fn read<R>(len: u32, with: impl FnOnce(&[u8]) -> R) -> R {
    SHARED.with(|shared| {
        let len = usize::try_from(len).unwrap_or(usize::MAX).min(BUFFER);
        with(&shared[..len])
    })
}

/// Writes a text to the buffer and returns its length.
fn write(with: impl FnOnce(&mut Text<'_>) -> fmt::Result) -> i32 {
    SHARED.with(|shared| {
        let mut text = Text { buffer: shared, len: 0 };
        // What does not fit is cut: only a message could be that long.
        let _cut = with(&mut text).is_err();
        length(text.len)
    })
}

struct Text<'a> {
    buffer: &'a mut [u8],
    len: usize,
}

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.buffer.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// Why a call failed, as JavaScript is told.
struct Failure {
    code: &'static str,
    header: String,
    message: String,
}

impl Failure {
    fn new(code: &'static str, message: impl fmt::Display) -> Self {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = write!(text, "{message}");
        Self { code, header: String::new(), message: text }
    }

    fn of(error: &VerifyError) -> Self {
        let header = match error {
            VerifyError::MissingHeader(name)
            | VerifyError::DuplicateHeader(name)
            | VerifyError::MalformedHeader(name) => String::from(name.as_ref()),
            _ => String::new(),
        };
        Self { header, ..Self::new(error.code(), error) }
    }

    fn of_signing(error: &SignError) -> Self {
        let code = match error {
            SignError::Id => "invalid_id",
            SignError::Timestamp => "invalid_timestamp",
            _ => "not_json",
        };
        Self::new(code, error)
    }

    /// Writes it to the buffer, and returns the negated length.
    fn write(&self) -> i32 {
        -write(|text| write!(text, "{}\n{}\n{}", self.code, self.header, self.message))
    }
}

fn unknown_handle() -> i32 {
    Failure::new("internal", "there is no such verifier").write()
}

fn not_begun() -> i32 {
    Failure::new("internal", "nothing was begun").write()
}

//! The canonicaliser's side of the border.
//!
//! JavaScript asks for room, writes the text there, has it canonicalised, reads the result where it lies and gives all
//! of it back, in one go: the next call may move everything.
//!
//! Numbers that need their double are JavaScript's to write, as it is there and does it well: to do it here takes more
//! code than all the rest.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use sigpost_core::json::{self, Limits, Numbers, Reason};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::border::{Local, length};

/// The text is not JSON.
const NOT_JSON: i32 = -1;
/// The text is beyond the limits.
const BEYOND_LIMITS: i32 = -2;

struct State {
    /// JavaScript's, up to its capacity.
    text: Vec<u8>,
    /// What was written here: a result that is no part of the text, or what is wrong.
    own: Vec<u8>,
    /// Where the result lies, and how long it is.
    result: (*const u8, usize),
    offset: usize,
}

static STATE: Local<State> =
    Local::new(State { text: Vec::new(), own: Vec::new(), result: (core::ptr::null(), 0), offset: 0 });

#[link(wasm_import_module = "host")]
#[expect(unsafe_code, reason = "a function of JavaScript's is foreign")]
unsafe extern "C" {
    /// Writes the canonical form of the `length` bytes at `text`, which are a number, to `out`, and returns how many
    /// bytes it has, which is fewer than 32; or 0, having written nothing, when it is the same text.
    #[link_name = "number"]
    unsafe fn write_number(text: *const u8, length: usize, out: *mut u8) -> usize;
}

/// Numbers as JavaScript writes them.
struct Host;

impl Numbers for Host {
    fn canonical(&self, number: &str, write: impl FnOnce(&str)) {
        let mut out = [0; 32];
        #[expect(unsafe_code, reason = "a function of JavaScript's is foreign")]
        // SAFETY: it reads the bytes of `number` and writes no more than there is room for: the longest text of a double
        // has 24 characters. Nothing else of this memory does it touch.
        let length = unsafe { write_number(number.as_ptr(), number.len(), out.as_mut_ptr()) };
        write(match out.get(..length) {
            Some(text @ [_, ..]) => core::str::from_utf8(text).unwrap_or_default(),
            _ => number,
        });
    }
}

/// The longest text that is read, in bytes.
#[wasm_bindgen]
#[must_use]
pub fn max_bytes() -> u32 {
    u32::try_from(Limits::default().max_bytes).unwrap_or(u32::MAX)
}

/// Makes room for a text of `len` bytes and says where. What was written to less room before is kept.
#[wasm_bindgen]
#[must_use]
pub fn reserve(len: u32) -> *mut u8 {
    STATE.with(|state| {
        let len = usize::try_from(len.min(max_bytes())).unwrap_or_default();
        state.text.reserve_exact(len);
        state.text.as_mut_ptr()
    })
}

/// Canonicalises the first `len` bytes of that room: the length of the result, -1 if the text is no JSON, -2 if it is
/// beyond the limits.
#[wasm_bindgen]
#[must_use]
pub fn canonicalize(len: u32) -> i32 {
    STATE.with(|state| {
        let len = usize::try_from(len).unwrap_or_default().min(state.text.capacity());
        #[expect(unsafe_code, reason = "the compiler cannot know what JavaScript wrote")]
        // SAFETY: JavaScript has written this many bytes to where `reserve` said, and there is capacity for them.
        unsafe {
            state.text.set_len(len);
        }
        let read = json::canonicalize_by(&state.text, Limits::default(), Host);
        let (status, result) = match read {
            Ok(Cow::Borrowed(part)) => (length(part.len()), part),
            Ok(Cow::Owned(bytes)) => {
                state.own = bytes;
                (length(state.own.len()), &*state.own)
            }
            Err(error) => {
                state.offset = error.offset();
                error.message(|piece| state.own.extend_from_slice(piece.as_bytes()));
                let beyond = matches!(error.reason(), Reason::TooDeep { .. } | Reason::TooLarge { .. });
                (if beyond { BEYOND_LIMITS } else { NOT_JSON }, &*state.own)
            }
        };
        state.result = (result.as_ptr(), result.len());
        status
    })
}

/// Where the result lies, or what is wrong as UTF-8.
#[wasm_bindgen]
#[must_use]
pub fn result() -> *const u8 {
    STATE.with(|state| state.result.0)
}

/// The length of the result, or of what is wrong.
#[wasm_bindgen]
#[must_use]
pub fn result_length() -> i32 {
    STATE.with(|state| length(state.result.1))
}

/// Where the text is wrong, in bytes from its beginning.
#[wasm_bindgen]
#[must_use]
pub fn offset() -> i32 {
    STATE.with(|state| length(state.offset))
}

/// Gives back the text and the result.
#[wasm_bindgen]
pub fn release() {
    STATE.with(|state| {
        state.text = Vec::new();
        state.own = Vec::new();
    });
}

//! The canonicaliser's side of the border.
//!
//! JavaScript asks for room, writes the text there, has it canonicalised and reads the result where it lies, all in
//! one go: the next call may move everything.

use alloc::borrow::Cow;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use sigpost_core::json::{self, Limits, Reason};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::border::{Local, length};

/// Buffers up to this size are kept for the next text.
const KEPT: usize = 256 << 10;

/// The text is not JSON.
const NOT_JSON: i32 = -1;
/// The text is beyond the limits.
const BEYOND_LIMITS: i32 = -2;

struct State {
    text: Vec<u8>,
    output: Output,
    offset: usize,
}

enum Output {
    /// This part of the text is canonical already.
    Input(Range<usize>),
    Bytes(Vec<u8>),
    Message(String),
}

static STATE: Local<State> =
    Local::new(State { text: Vec::new(), output: Output::Bytes(Vec::new()), offset: 0 });

/// The longest text that is read, in bytes.
#[wasm_bindgen]
#[must_use]
pub fn max_bytes() -> u32 {
    u32::try_from(Limits::default().max_bytes).unwrap_or(u32::MAX)
}

/// Makes room for a text of `len` bytes and says where.
#[wasm_bindgen]
#[must_use]
pub fn reserve(len: u32) -> *mut u8 {
    STATE.with(|state| {
        let len = usize::try_from(len.min(max_bytes())).unwrap_or_default();
        state.output = Output::Bytes(Vec::new());
        if len > state.text.len() {
            // Given back first: there is not always room for both.
            state.text = Vec::new();
            state.text = vec![0; len];
        }
        state.text.as_mut_ptr()
    })
}

/// Canonicalises the first `len` bytes of that room: the length of the result, -1 if the text is no JSON, -2 if it is
/// beyond the limits.
#[wasm_bindgen]
#[must_use]
pub fn canonicalize(len: u32) -> i32 {
    STATE.with(|state| {
        let text = usize::try_from(len).ok().and_then(|len| state.text.get(..len)).unwrap_or_default();
        match json::canonicalize(text) {
            Ok(result) => {
                let len = length(result.len());
                state.output = match result {
                    Cow::Borrowed(part) => {
                        let start = part.as_ptr().addr() - text.as_ptr().addr();
                        Output::Input(start..start + part.len())
                    }
                    Cow::Owned(bytes) => Output::Bytes(bytes),
                };
                len
            }
            Err(error) => {
                state.offset = error.offset();
                state.output = Output::Message(error.to_string());
                match error.reason() {
                    Reason::TooDeep { .. } | Reason::TooLarge { .. } => BEYOND_LIMITS,
                    _ => NOT_JSON,
                }
            }
        }
    })
}

/// Where the result lies, or what is wrong as UTF-8.
#[wasm_bindgen]
#[must_use]
pub fn result() -> *const u8 {
    STATE.with(|state| match &state.output {
        Output::Input(part) => state.text[part.clone()].as_ptr(),
        Output::Bytes(bytes) => bytes.as_ptr(),
        Output::Message(message) => message.as_ptr(),
    })
}

/// The length of the result, or of what is wrong.
#[wasm_bindgen]
#[must_use]
pub fn result_length() -> i32 {
    STATE.with(|state| {
        length(match &state.output {
            Output::Input(part) => part.len(),
            Output::Bytes(bytes) => bytes.len(),
            Output::Message(message) => message.len(),
        })
    })
}

/// Where the text is wrong, in bytes from its beginning.
#[wasm_bindgen]
#[must_use]
pub fn offset() -> i32 {
    STATE.with(|state| length(state.offset))
}

/// Gives back what a long text took.
#[wasm_bindgen]
pub fn release() {
    STATE.with(|state| {
        state.output = Output::Bytes(Vec::new());
        if state.text.capacity() > KEPT {
            state.text = Vec::new();
        }
    });
}

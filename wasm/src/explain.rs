//! The explainer's side of the border.
//!
//! JavaScript asks for room, writes the whole question there as fields, has it explained, reads the answer where it
//! lies, and has both erased, all in one go. So nothing stays in memory, and an instance can be thrown away at any time.
//!
//! | field of the question | value |
//! |---|---|
//! | `S` | the scheme, itself as fields |
//! | `K`, `O` | a secret of this webhook, newest first; one of another webhook |
//! | `H`, `V` | the name of a header; the value of the header named before |
//! | `B` | the body |
//!
//! | field of the answer | value |
//! |---|---|
//! | `e`, `m` | why there is no answer: a code, a message |
//! | `v`, `n`, `t` | why the request is refused: a code, a header's name or nothing, a message; none if it is genuine |
//! | `c`, `t`, `f` | for each mistake: its code, what it is, what to do about it |
//! | `h`, `t` | for each hint: its code, what it is |
//! | `x` | not everything was tried |

use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;
use core::str::from_utf8;

use sigpost_core::signature::{
    Effort, Explanation, Question, Scheme, Secret, Verdict, VerifyError, explain as explain_request,
};
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroize as _;

use crate::border::{Local, length};
use crate::fields::{Failure, Fields, scheme_of, write};

/// More of the stack than any call below [`explain`] uses.
const DEPTH: usize = 64 << 10;

static STATE: Local<State> = Local::new(State { question: Vec::new(), answer: Vec::new() });

struct State {
    question: Vec<u8>,
    answer: Vec<u8>,
}

/// Makes room for a question of `len` bytes and says where.
#[wasm_bindgen]
#[must_use]
pub fn question(len: u32) -> *mut u8 {
    STATE.with(|state| {
        state.question = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
        state.question.as_mut_ptr()
    })
}

/// Answers the question that stands there, and returns the length of the answer. `now` is in milliseconds since 1970;
/// the effort that is not a number is the core's own.
#[wasm_bindgen]
#[must_use]
pub fn explain(now: f64, longest_body: f64, hashed_bytes: f64) -> i32 {
    let mut effort = Effort::default();
    if !longest_body.is_nan() {
        effort.longest_body = usize::try_from(whole(longest_body)).unwrap_or(usize::MAX);
    }
    if !hashed_bytes.is_nan() {
        effort.hashed_bytes = u64::try_from(whole(hashed_bytes)).unwrap_or_default();
    }
    let len = below(whole(now).div_euclid(1_000), effort);
    scrub();
    len
}

/// Where the answer lies.
#[wasm_bindgen]
#[must_use]
pub fn answer() -> *const u8 {
    STATE.with(|state| state.answer.as_ptr())
}

/// Erases the question and the answer.
#[wasm_bindgen]
pub fn forget() {
    STATE.with(|state| {
        // The allocator erases what it takes back.
        state.question = Vec::new();
        state.answer = Vec::new();
    });
}

/// In a frame of its own, below the caller's: only so does [`scrub`] reach what is left of the secrets.
#[inline(never)]
fn below(now: i64, effort: Effort) -> i32 {
    STATE.with(|state| {
        let asked = Asked::read(&state.question).and_then(|asked| asked.explain(now, effort));
        state.answer = match asked {
            Ok(explanation) => told(&explanation),
            Err(failure) => {
                let mut answer = Vec::new();
                write(&mut answer, b'e', failure.code);
                write(&mut answer, b'm', &failure.message);
                answer
            }
        };
        length(state.answer.len())
    })
}

/// Overwrites what explaining left on the stack below this call: copies of keyed states, of which the compiler keeps no
/// account.
#[inline(never)]
fn scrub() {
    let mut space = [0_u8; DEPTH];
    space.zeroize();
}

/// A question as it was asked.
struct Asked<'a> {
    scheme: Scheme,
    secrets: Vec<Secret>,
    others: Vec<Secret>,
    headers: Vec<(&'a str, &'a [u8])>,
    body: &'a [u8],
}

impl<'a> Asked<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Failure> {
        let mut scheme = None;
        let (mut secrets, mut others) = (Vec::new(), Vec::new());
        let mut headers = Vec::new();
        let (mut name, mut body) = ("", &[][..]);
        for (letter, value) in Fields::new(bytes) {
            match letter {
                b'S' => scheme = Some(scheme_of(Fields::new(value))?),
                b'K' => secrets.push(secret(value)?),
                b'O' => others.push(secret(value)?),
                // A name that is no text is no name that anybody looks for.
                b'H' => name = from_utf8(value).unwrap_or_default(),
                b'V' => headers.push((name, value)),
                b'B' => body = value,
                _ => return Err(internal("a field is unknown")),
            }
        }
        let scheme = scheme.ok_or_else(|| internal("there is no scheme"))?;
        Ok(Self { scheme, secrets, others, headers, body })
    }

    fn explain(&self, now: i64, effort: Effort) -> Result<Explanation, Failure> {
        if self.secrets.is_empty() {
            return Err(no_secret(&VerifyError::NoSecret));
        }
        Ok(explain_request(Question {
            scheme: &self.scheme,
            secrets: &self.secrets,
            other_secrets: &self.others,
            headers: &self.headers,
            body: self.body,
            now,
            effort,
        }))
    }
}

/// The fields of the answer.
fn told(explanation: &Explanation) -> Vec<u8> {
    let mut out = Vec::new();
    match &explanation.verdict {
        Verdict::Genuine => {}
        Verdict::Refused(error) => {
            write(&mut out, b'v', error.code());
            write(&mut out, b'n', header_of(error));
            write(&mut out, b't', &error.to_string());
        }
        Verdict::Key(error) => {
            write(&mut out, b'v', "invalid_secret");
            write(&mut out, b'n', "");
            write(&mut out, b't', &error.to_string());
        }
    }
    for mistake in &explanation.mistakes {
        write(&mut out, b'c', mistake.code());
        write(&mut out, b't', &mistake.to_string());
        write(&mut out, b'f', mistake.fix());
    }
    for hint in &explanation.hints {
        write(&mut out, b'h', hint.code());
        write(&mut out, b't', &hint.to_string());
    }
    if explanation.exhausted {
        write(&mut out, b'x', "");
    }
    out
}

fn header_of(error: &VerifyError) -> &str {
    match error {
        VerifyError::MissingHeader(name)
        | VerifyError::DuplicateHeader(name)
        | VerifyError::MalformedHeader(name) => name,
        _ => "",
    }
}

fn secret(bytes: &[u8]) -> Result<Secret, Failure> {
    Secret::new(bytes).map_err(|error| no_secret(&error))
}

fn no_secret(error: &dyn core::error::Error) -> Failure {
    Failure { code: "no_secret", message: error.to_string() }
}

fn internal(message: &str) -> Failure {
    Failure { code: "internal", message: String::from(message) }
}

/// A number from JavaScript without its fraction; what does not fit becomes the nearest that does.
#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and makes 0 of what is no number")]
fn whole(number: f64) -> i64 {
    number as i64
}

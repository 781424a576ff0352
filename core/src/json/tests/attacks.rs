//! Documents made to cost more than their length. Where time is the point, the bound is a ratio to a document of equal
//! length that is harmless, or many times what is needed: a quadratic case would take minutes.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use std::time::{Duration, Instant};

use crate::json::{Canonical, Duplicates, Kind, Limits, Reason, canonicalize, canonicalize_with};

const SOON: Duration = Duration::from_secs(60);

/// No bounds but those of the test.
const WIDE: Limits =
    Limits { max_bytes: usize::MAX, max_depth: usize::MAX, duplicates: Duplicates::LastWins };

#[expect(clippy::disallowed_methods, reason = "a test of how long something takes reads the clock")]
fn timed<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    let elapsed = start.elapsed();
    assert!(elapsed < SOON, "took {elapsed:?}");
    result
}

fn joined(members: impl Iterator<Item = String>) -> String {
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

#[test]
fn a_million_open_brackets_overflow_no_stack() {
    let text = "[".repeat(1_000_000);
    let error = canonicalize(text.as_bytes()).unwrap_err();
    assert_eq!((error.offset(), error.reason()), (100_000, Reason::TooDeep { limit: 100_000 }));
    let error = canonicalize_with(text.as_bytes(), WIDE).unwrap_err();
    assert_eq!(error.offset(), 1_000_000);
    let closed = text + &"]".repeat(1_000_000);
    assert_eq!(&*canonicalize_with(closed.as_bytes(), WIDE).unwrap(), closed.as_bytes());
}

/// A text of so many containers inside one another.
fn nested(levels: usize, open: &str, close: &str) -> String {
    format!("{}0{}", open.repeat(levels), close.repeat(levels))
}

/// Runs `work` where a recursion of some thousand levels overflows the stack.
fn on_a_small_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(64 << 10).spawn(work).unwrap().join().unwrap()
}

#[test]
fn what_javascript_writes_at_its_deepest_is_written_by_default() {
    // One level more, and Node 20 throws a RangeError.
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let text = nested(4_105, open, close);
        assert_eq!(&*canonicalize(text.as_bytes()).unwrap(), text.as_bytes());
        let spaced = nested(4_105, &format!("{open} "), &format!("\n{close}"));
        assert_eq!(&*canonicalize(spaced.as_bytes()).unwrap(), text.as_bytes());
    }
}

#[test]
fn a_hundred_thousand_levels_are_read_on_a_small_stack_and_no_more() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("{\"b\":0,\"1\":", "}")] {
        on_a_small_stack(move || {
            let text = nested(100_000, open, close);
            let canonical = Canonical::parse(text.as_bytes(), Limits::default()).unwrap();
            let mut view = canonical.view();
            for _ in 0..5 {
                let inner = match view.kind() {
                    Kind::Array => view.elements().unwrap().next(),
                    _ => view.members().unwrap().next().map(|(_, value)| value),
                };
                view = inner.unwrap();
            }
            let below = nested(99_995, open, close);
            assert_eq!(view.to_canonical(), Canonical::parse(below.as_bytes(), Limits::default()).unwrap());

            let error = canonicalize(nested(100_001, open, close).as_bytes()).unwrap_err();
            let expected = (open.len() * 100_000, Reason::TooDeep { limit: 100_000 });
            assert_eq!((error.offset(), error.reason()), expected);
        });
    }
}

#[test]
fn a_text_of_twenty_mebibytes_is_written_by_default() {
    let element = "{\"b\": 1.50,\"1\":\"\\u00e9\"}";
    let count = (20 << 20) / element.len();
    let text = format!("[{}]", [element].repeat(count).join(","));
    let expected = format!("[{}]", ["{\"1\":\"é\",\"b\":1.5}"].repeat(count).join(","));
    assert!(*timed(|| canonicalize(text.as_bytes()).unwrap()) == *expected.as_bytes());
}

#[test]
fn disorder_at_every_level_costs_no_more_than_its_length() {
    let levels = 200_000;
    let ballast = "x".repeat(1_000_000);
    let text = format!("{}\"{ballast}\"{}", "{\"a\":0,\"1\":".repeat(levels), "}".repeat(levels));
    let expected = format!("{}\"{ballast}\"{}", "{\"1\":".repeat(levels), ",\"a\":0}".repeat(levels));
    let output = timed(|| canonicalize_with(text.as_bytes(), WIDE).unwrap());
    assert!(*output == *expected.as_bytes());
}

#[test]
fn replaced_values_are_never_written_again() {
    let levels = 100_000;
    let text = format!("{}0{}", "{\"a\":".repeat(levels), ",\"a\":1}".repeat(levels));
    let output = timed(|| canonicalize_with(text.as_bytes(), WIDE).unwrap());
    assert_eq!(&*output, br#"{"a":1}"#);
}

#[test]
fn one_key_a_hundred_thousand_times_is_one_member() {
    let text = joined((0..100_000).map(|value| format!("\"a\":{value}")));
    assert_eq!(&*timed(|| canonicalize(text.as_bytes()).unwrap()), br#"{"a":99999}"#);
}

#[test]
fn shuffled_integer_keys_are_sorted_in_time() {
    let count = 50_000_u64;
    // A multiplier without a common divisor visits each once.
    let text = joined((0..count).map(|place| format!("\"{}\":{place}", place * 48_271 % count)));
    let mut values: Vec<(u64, u64)> = (0..count).map(|place| (place * 48_271 % count, place)).collect();
    values.sort_unstable();
    let expected = joined(values.iter().map(|(key, value)| format!("\"{key}\":{value}")));
    let output = timed(|| canonicalize(text.as_bytes()).unwrap());
    assert!(*output == *expected.as_bytes());
}

#[test]
fn a_number_of_a_million_digits_is_read_in_time_and_exactly() {
    let zeros = "0".repeat(1_000_000);
    for (text, expected) in [
        (format!("0.{zeros}1e1000001"), "1"),
        (format!("1{zeros}e-1000000"), "1"),
        (format!("-12{zeros}e-1000001"), "-1.2"),
        (format!("1{zeros}"), "null"),
        (format!("0.{zeros}1"), "0"),
        (format!("-0.{zeros}e1000000"), "0"),
        // Half way between two doubles goes to the even one; one digit more, however far behind, decides otherwise.
        (format!("9007199254740993.{zeros}"), "9007199254740992"),
        (format!("9007199254740993.{zeros}1"), "9007199254740994"),
        (format!("1e-{zeros}5"), "0.00001"),
    ] {
        let output = timed(|| canonicalize(text.as_bytes()).unwrap());
        assert_eq!(&*output, expected.as_bytes(), "{} bytes", text.len());
    }
}

#[test]
fn a_text_beyond_the_limit_is_refused_unread() {
    let limits = Limits { max_bytes: 4, ..Limits::default() };
    assert!(canonicalize_with(b"1234", limits).is_ok());
    let error = canonicalize_with(b"\xff\xff\xff\xff\xff", limits).unwrap_err();
    assert_eq!(error.reason(), Reason::TooLarge { limit: 4 });
    assert_eq!(error.to_string(), "larger than 4 bytes");
}

#[test]
fn the_depth_limit_counts_arrays_and_objects() {
    let limits = |max_depth| Limits { max_depth, ..Limits::default() };
    assert!(canonicalize_with(b"1", limits(0)).is_ok());
    assert!(canonicalize_with(b"[]", limits(0)).is_err());
    assert!(canonicalize_with(br#"[{"a":[]},{"b":[]}]"#, limits(3)).is_ok());
    let error = canonicalize_with(br#"[{"a":[]}]"#, limits(2)).unwrap_err();
    assert_eq!((error.offset(), error.reason()), (6, Reason::TooDeep { limit: 2 }));
}

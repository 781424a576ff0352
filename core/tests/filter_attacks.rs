//! Texts that are made to hurt: they are refused, or handled, with little stack and little work.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use sigpost_core::filter::{Filter, MAX_BYTES, MAX_COMPARISONS, MAX_DEPTH, Reason};

const MIB: usize = 1 << 20;
/// A recursion of a few dozen bytes a level would not get through [`MIB`] levels, nor through [`MAX_BYTES`].
const STACK: usize = 128 << 10;

fn with_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(STACK).spawn(work).unwrap().join().unwrap();
}

/// The pieces that attacks are made of, one after another up to the length.
fn attacks(length: usize) -> impl Iterator<Item = String> {
    let pieces = [
        "(",
        ")",
        "()",
        "( ",
        "\"",
        "\\",
        "\\\"",
        "id eq \"a\" or ",
        "id eq \"a\" and (",
        "(id eq \"a\") or ",
        "((id eq \"a\") and ",
        "not ",
        "not(",
        "id",
        "id eq ",
        "and ",
        "[",
        " ",
        "\u{e9}",
        "id eq \"\\u00e9",
        "\\ud800",
    ];
    let starts = ["", "id eq \"", "id eq \"a\" or "];
    pieces.into_iter().flat_map(move |piece| {
        starts.map(move |start| start.to_owned() + &piece.repeat((length - start.len()) / piece.len()))
    })
}

#[test]
fn a_mebibyte_of_anything_is_refused_before_it_is_read() {
    with_small_stack(|| {
        for text in attacks(MIB) {
            let error = Filter::parse(&text).unwrap_err();
            let position = text.floor_char_boundary(MAX_BYTES);
            assert_eq!((error.reason(), error.position()), (&Reason::TooLong, position));
        }
    });
}

#[test]
fn the_longest_attacks_that_are_read_are_refused_without_recursion() {
    with_small_stack(|| {
        for text in attacks(MAX_BYTES) {
            let error = Filter::parse(&text).unwrap_err();
            assert_ne!(error.reason(), &Reason::TooLong, "{error}");
            assert!(error.to_string().len() < 200, "{error}");
        }
    });
}

/// The deepest filter of parentheses that all count, and as many comparisons as there may be.
fn largest() -> String {
    let mut text = String::new();
    for place in 0..MAX_COMPARISONS {
        match place {
            0 => {}
            _ if place > 2 * MAX_DEPTH => text.push_str(" or "),
            _ => text.push_str(if place % 2 == 1 { " and (" } else { " or " }),
        }
        text.push_str(&format!("id ne \"{place}\""));
    }
    text.push_str(&")".repeat(MAX_DEPTH));
    text
}

#[test]
fn the_largest_filter_is_read_printed_compared_and_dropped_without_recursion() {
    with_small_stack(|| {
        let text = largest();
        let filter = Filter::parse(&text).unwrap();
        assert_eq!(filter.to_string(), text);
        assert_eq!(filter.clone(), filter);
        assert!(format!("{filter:?}").len() > text.len());
        assert!(filter.matches(|_| None));
        assert!(!filter.matches(|_| Some("0".into())));
    });
}

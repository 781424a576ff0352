//! Takes what panics would say out of a module.
//!
//! A panic ends a module as a trap, and nobody reads what it says (`wasm/src/border.rs`). The optimiser finds that out
//! and drops the code, but not the data. So texts of the standard library's panics, the names of source files, and where
//! in them a panic would be, become zeros in their places, which take no room when they are compressed: a twentieth of
//! the canonicaliser.

use std::ops::Range;

use walrus::ir::Value;
use walrus::{ConstExpr, Data, DataKind, Module};

/// How the names of source files begin, in the form that the compiler is told to give them.
const SOURCES: [&[u8]; 4] = [b"core/src/", b"wasm/src/", b"cargo/", b"/rustc/"];

/// Panics of the standard library that have a text.
const TEXTS: [&[u8]; 11] = [
    b"slice index starts at ",
    b" but ends at ",
    b"index out of bounds: the len is ",
    b" but the index is ",
    b"range start index ",
    b"range end index ",
    b" out of range for slice of length ",
    b"copy_from_slice: source slice length (",
    b") does not match destination slice length (",
    b"attempt to divide by zero",
    b"capacity overflow",
];

/// `file`, its length, the line and the column: `core::panic::Location`, as it lies in memory.
const LOCATION: usize = 16;

/// Silences a module's panics.
pub(crate) fn silence(module: &mut Module) {
    let segments: Vec<_> = module.data.iter().map(Data::id).collect();
    let mut files = Vec::new();
    for segment in &segments {
        let data = module.data.get_mut(*segment);
        let Some(start) = address(data) else { continue };
        for range in sources(&data.value) {
            data.value[range.clone()].fill(0);
            files.push(start + range.start..start + range.end);
        }
        for text in TEXTS {
            for at in find(&data.value, text) {
                data.value[at..at + text.len()].fill(0);
            }
        }
    }
    for segment in segments {
        let data = module.data.get_mut(segment);
        let Some(start) = address(data) else { continue };
        let first = start.next_multiple_of(4) - start;
        let mut at = first;
        while at + LOCATION <= data.value.len() {
            if is_location(&data.value[at..at + LOCATION], &files) {
                data.value[at..at + LOCATION].fill(0);
                at += LOCATION;
            } else {
                at += 4;
            }
        }
    }
}

/// Where a segment lies in memory.
fn address(data: &Data) -> Option<usize> {
    match &data.kind {
        DataKind::Active { offset: ConstExpr::Value(Value::I32(start)), .. } => usize::try_from(*start).ok(),
        _ => None,
    }
}

/// The names of source files.
fn sources(bytes: &[u8]) -> Vec<Range<usize>> {
    let begins = SOURCES.iter().flat_map(|prefix| find(bytes, prefix));
    let ends = begins.filter_map(|start| {
        let is_path = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+".contains(byte);
        let len = bytes[start..].iter().take_while(|byte| is_path(byte)).count();
        let end = find(&bytes[start..start + len], b".rs").into_iter().next()?;
        Some(start..start + end + b".rs".len())
    });
    ends.collect()
}

fn find(bytes: &[u8], text: &[u8]) -> Vec<usize> {
    bytes.windows(text.len()).enumerate().filter(|(_, window)| *window == text).map(|(at, _)| at).collect()
}

fn is_location(bytes: &[u8], files: &[Range<usize>]) -> bool {
    let mut words = bytes.chunks_exact(4).map(|word| {
        let word = word.try_into().map_or(0, u32::from_le_bytes);
        usize::try_from(word).unwrap_or(usize::MAX)
    });
    let (Some(start), Some(len)) = (words.next(), words.next()) else { return false };
    files.iter().any(|file| file.start == start && file.len() == len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_source_files_are_found_and_nothing_else() {
        let bytes =
            b"unexpected endcore/src/json/sort.rsa key or '}'cargo/hmac-0.13.0/src/utils.rs\0cargo of rs";
        let found: Vec<_> = sources(bytes).into_iter().map(|range| &bytes[range]).collect();
        assert_eq!(found, [&b"core/src/json/sort.rs"[..], b"cargo/hmac-0.13.0/src/utils.rs"]);
    }

    #[test]
    fn a_location_names_a_file_from_its_beginning_to_its_end() {
        let location = |start: u32, len: u32| {
            [start, len, 7, 3].iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>()
        };
        let files = [Range { start: 1000, end: 1021 }];
        assert!(is_location(&location(1000, 21), &files));
        assert!(!is_location(&location(1000, 20), &files));
        assert!(!is_location(&location(1001, 21), &files));
    }
}

//! Looking for canaries: values that must not be found where they are not kept, in any spelling.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memmem::Finder;

/// A value and the spellings it is looked for in.
pub(super) struct Canary {
    pub(super) name: &'static str,
    spellings: Vec<(&'static str, Finder<'static>)>,
}

impl Canary {
    /// A value of at least eight bytes: as it is, in hexadecimal and base64, and what it decodes to if it is base64 with a
    /// prefix as secrets have it.
    pub(super) fn new(name: &'static str, value: &str) -> Self {
        let finder = |bytes: &[u8]| Finder::new(bytes).into_owned();
        let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
        let mut spellings =
            vec![("as it is", finder(value.as_bytes())), ("in hexadecimal", finder(hex.as_bytes()))];
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            // Within something longer it may begin at any of three bits; the outermost characters are then others.
            for skipped in 0..3 {
                let text = engine.encode(&value.as_bytes()[skipped..]);
                spellings.push(("in base64", finder(text[..text.len() - 2].as_bytes())));
            }
        }
        if let Some(key) = value.strip_prefix("whsec_").and_then(|text| STANDARD_NO_PAD.decode(text).ok()) {
            spellings.push(("decoded", finder(&key)));
        }
        Self { name, spellings }
    }

    /// The spelling in which it stands in these bytes, and where.
    pub(super) fn find(&self, bytes: &[u8]) -> Option<(&'static str, usize)> {
        self.spellings.iter().find_map(|(spelling, finder)| Some((*spelling, finder.find(bytes)?)))
    }
}

/// What was found where, in words.
pub(super) fn in_bytes(canaries: &[Canary], place: &str, bytes: &[u8]) -> Vec<String> {
    let found = canaries.iter().filter_map(|canary| {
        let (spelling, at) = canary.find(bytes)?;
        Some(format!("{} {spelling} in {place} at {at}", canary.name))
    });
    found.collect()
}

/// In every file below a folder but those with these names.
pub(super) fn in_files(canaries: &[Canary], folder: &Path, except: &[&str]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(in_files(canaries, &path, except)?);
        } else if !except.contains(&name.as_str()) {
            found.extend(in_bytes(canaries, &name, &std::fs::read(&path)?));
        }
    }
    Ok(found)
}

/// A piece of memory read at once, and how much of it is read again with the next, so that nothing is missed between.
const PIECE: usize = 4 << 20;
const OVERLAP: usize = 4 << 10;

/// In all memory that a process has written.
pub(super) fn in_memory(canaries: &[Canary], process: u32) -> Result<Vec<String>> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps"))?;
    let memory = File::open(format!("/proc/{process}/mem")).context("reading the memory of the server")?;
    let mut found = Vec::new();
    let mut piece = vec![0; PIECE];
    for line in maps.lines() {
        let mut parts = line.split_whitespace();
        let (range, rights) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let place = parts.nth(3).unwrap_or("anonymous memory");
        if !rights.starts_with("rw") {
            continue;
        }
        let (start, end) = range.split_once('-').context("a range in /proc/…/maps")?;
        let (mut at, end) = (u64::from_str_radix(start, 16)?, u64::from_str_radix(end, 16)?);
        while at < end {
            let length = usize::try_from(end - at)?.min(PIECE);
            // Some of what is mapped cannot be read, or is gone by now.
            if memory.read_exact_at(&mut piece[..length], at).is_ok() {
                found.extend(in_bytes(canaries, &format!("{place} {at:x}"), &piece[..length]));
            }
            at += u64::try_from(if length > OVERLAP { length - OVERLAP } else { length })?;
            if length <= OVERLAP {
                break;
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_is_found_in_every_spelling_wherever_it_stands() {
        let canary = Canary::new("a", "whsec_c2l4dGVlbiBieXRlcyEhIQ");
        for before in ["", "x", "xy"] {
            let text = format!("{before}whsec_c2l4dGVlbiBieXRlcyEhIQ after");
            for spelt in [text.clone(), STANDARD_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                assert!(canary.find(spelt.as_bytes()).is_some(), "{spelt}");
            }
        }
        assert_eq!(canary.find(b"..sixteen bytes!!!").unwrap(), ("decoded", 2));
        assert!(canary.find(b"whsec_c2l4dGVlbiBieXRlcyEhIX").is_none());
    }

    #[test]
    fn what_this_process_holds_is_found_in_its_memory() {
        let held = String::from("a value that only this test holds in its memory");
        let canaries = [Canary::new("held", &held), Canary::new("other", &held.to_uppercase().repeat(2))];
        // The finder of the other is there too, and finds itself.
        let found = in_memory(&canaries, std::process::id()).unwrap();
        assert!(found.iter().any(|found| found.starts_with("held as it is")), "{found:?}");
    }
}

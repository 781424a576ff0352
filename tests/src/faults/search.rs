//! Looking for canaries: values that must not be found where they are not kept, in any spelling.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use aho_corasick::AhoCorasick;
use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// A value and the spellings it is looked for in.
pub(super) struct Canary {
    name: &'static str,
    spellings: Vec<(&'static str, Vec<u8>)>,
}

impl Canary {
    /// A value of at least eight bytes: as it is, in hexadecimal and base64, and what it decodes to if it is base64 with a
    /// prefix as secrets have it.
    pub(super) fn new(name: &'static str, value: &str) -> Self {
        let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
        let mut spellings =
            vec![("as it is", value.as_bytes().to_vec()), ("in hexadecimal", hex.into_bytes())];
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            // Within something longer it may begin at any of three bits; the outermost characters are then others.
            for skipped in 0..3 {
                let text = engine.encode(&value.as_bytes()[skipped..]);
                spellings.push(("in base64", text.as_bytes()[..text.len() - 2].to_vec()));
            }
        }
        if let Some(key) = value.strip_prefix("whsec_").and_then(|text| STANDARD_NO_PAD.decode(text).ok()) {
            spellings.push(("decoded", key));
        }
        Self { name, spellings }
    }

    /// Bytes that are a key, in no other spelling than in hexadecimal and base64.
    pub(super) fn key(name: &'static str, bytes: &[u8]) -> Self {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let text = STANDARD_NO_PAD.encode(bytes);
        let spellings = vec![
            ("as it is", bytes.to_vec()),
            ("in hexadecimal", hex.into_bytes()),
            ("in base64", text.into_bytes()),
        ];
        Self { name, spellings }
    }
}

/// A canary where it should not be.
pub(super) struct Found {
    pub(super) name: &'static str,
    pub(super) spelling: &'static str,
    /// Whether what stands before or after it is that of a request or an answer: a header, or a string of JSON.
    pub(super) as_sent: bool,
    place: String,
    at: usize,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} in {} at {}", self.name, self.spelling, self.place, self.at)
    }
}

fn is_as_sent(before: &[u8], after: &[u8]) -> bool {
    let end = after.iter().position(|byte| *byte != b'=').unwrap_or(after.len());
    let after = &after[end..];
    [&b"\":\""[..], b"Bearer "].iter().any(|text| before.ends_with(text))
        || [&b"\"}"[..], b"\",", b"\r\n"].iter().any(|text| after.starts_with(text))
}

/// All canaries, looked for at once.
pub(super) struct Search {
    automaton: AhoCorasick,
    /// Whose spelling each pattern is.
    patterns: Vec<(&'static str, &'static str)>,
}

impl Search {
    pub(super) fn new(canaries: &[Canary]) -> Result<Self> {
        let all = || {
            canaries
                .iter()
                .flat_map(|canary| canary.spellings.iter().map(move |spelling| (canary.name, spelling)))
        };
        Ok(Self {
            automaton: AhoCorasick::new(all().map(|(_, (_, bytes))| bytes)).context("so many canaries")?,
            patterns: all().map(|(name, (spelling, _))| (name, *spelling)).collect(),
        })
    }

    /// What was found where: each canary once in each spelling, as sent and otherwise.
    pub(super) fn in_bytes(&self, place: &str, bytes: &[u8]) -> Vec<Found> {
        let found = self.automaton.find_iter(bytes).map(|found| {
            let as_sent = is_as_sent(&bytes[..found.start()], &bytes[found.end()..]);
            ((found.pattern(), as_sent), found.start())
        });
        let found: BTreeMap<_, _> = found.collect();
        let found = found.into_iter().map(|((pattern, as_sent), at)| {
            let (name, spelling) = self.patterns[pattern.as_usize()];
            Found { name, spelling, as_sent, place: place.to_owned(), at }
        });
        found.collect()
    }

    /// In every file below a folder but those with these names.
    pub(super) fn in_files(&self, folder: &Path, except: &[&str]) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                found.extend(self.in_files(&path, except)?);
            } else if !except.contains(&name.as_str()) {
                found.extend(self.in_bytes(&name, &std::fs::read(&path)?));
            }
        }
        Ok(found)
    }

    /// In all memory that a process has written, and how many bytes that was.
    pub(super) fn in_memory(&self, process: u32) -> Result<(Vec<Found>, u64)> {
        let maps = std::fs::read_to_string(format!("/proc/{process}/maps"))?;
        let memory =
            File::open(format!("/proc/{process}/mem")).context("reading the memory of the server")?;
        let (mut found, mut size) = (Vec::new(), 0);
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
                    found.extend(self.in_bytes(&format!("{place} {at:x}"), &piece[..length]));
                    size += length as u64;
                }
                if length <= OVERLAP {
                    break;
                }
                at += u64::try_from(length - OVERLAP)?;
            }
        }
        Ok((found, size))
    }
}

/// A piece of memory read at once, and how much of it is read again with the next, so that nothing is missed between.
const PIECE: usize = 1 << 20;
const OVERLAP: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_is_found_in_every_spelling_wherever_it_stands() {
        let search = Search::new(&[Canary::new("a", "whsec_c2l4dGVlbiBieXRlcyEhIQ")]).unwrap();
        for before in ["", "x", "xy"] {
            let text = format!("{before}whsec_c2l4dGVlbiBieXRlcyEhIQ after");
            for spelt in [text.clone(), STANDARD_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                assert!(!search.in_bytes("", spelt.as_bytes()).is_empty(), "{spelt}");
            }
        }
        let found = search.in_bytes("a text", b"..sixteen bytes!!!");
        assert_eq!(found.iter().map(Found::to_string).collect::<Vec<_>>(), ["a decoded in a text at 2"]);
        assert!(search.in_bytes("", b"whsec_c2l4dGVlbiBieXRlcyEhIX").is_empty());
    }

    #[test]
    fn what_was_sent_is_told_from_what_was_made_of_it() {
        let search = Search::new(&[Canary::key("a", b"sixteen bytes!!!")]).unwrap();
        let as_sent = |text: &[u8]| search.in_bytes("", text).iter().map(|f| f.as_sent).collect::<Vec<_>>();
        assert_eq!(as_sent(b"{\"secret\":\"sixteen bytes!!!="), [true]);
        assert_eq!(as_sent(b"sixteen bytes!!!=\"}"), [true]);
        assert_eq!(as_sent(b"authorization: Bearer sixteen bytes!!!\r\n"), [true]);
        assert_eq!(as_sent(b"sixteen bytes!!!\0 \":\"sixteen bytes!!!\0 sixteen bytes!!!"), [false, true]);
    }

    #[test]
    fn what_a_process_holds_is_found_in_its_memory() {
        let held = String::from("a value that only this test holds in its memory");
        let search = Search::new(&[Canary::new("held", &held)]).unwrap();
        let (found, size) = search.in_memory(std::process::id()).unwrap();
        assert!(found.iter().any(|found| (found.name, found.spelling) == ("held", "as it is")));
        assert!(size > 0);
    }
}

//! Random documents: what is known to be hard, more often than it is in the world.
//!
//! Numbers at and beside the points half way between two doubles, padded with zeros, with exponents of any size; strings
//! that change where a machine word or a vector of it ends; lone surrogates, keys that are the same in other words,
//! array indices up to 2³² and beyond; white space of every kind; objects from none to thousands of members, inside one
//! another; and now and then something that makes the whole no JSON: a wrong byte, a text cut short, bytes that are no
//! UTF-8, a byte order mark.

mod pieces;

use std::fmt::Write as _;

use pieces::{
    AT_EDGES, BAD_NUMBERS, BAD_SPACES, BAD_STRINGS, BITS_OF_JSON, EDGES, KEYS, NOT_UTF8, NUMBERS, SPACES,
    STRINGS,
};

/// Values at this depth are scalars.
const MAX_DEPTH: u32 = 9;

/// Writes one document from a seed by the generator `SplitMix64`.
pub struct Documents {
    state: u64,
    out: Vec<u8>,
    /// Values that may still be written.
    budget: u32,
    /// How often white space stands between tokens, of 100.
    space: u64,
}

impl Documents {
    /// Starts; the seed decides everything.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0xd134_2543_de82_ef95), out: Vec::new(), budget: 60, space: 0 }
    }

    /// A document, which may or may not be JSON.
    #[must_use]
    pub fn document(mut self) -> Vec<u8> {
        self.space = if self.one_in(2) { 0 } else { self.below(60) };
        if self.one_in(300) {
            self.write("\u{feff}");
        }
        self.value(0);
        if self.one_in(4) { self.mutated() } else { self.out }
    }

    /// Another document that is made of this one.
    #[must_use]
    pub fn made_of(mut self, document: &[u8]) -> Vec<u8> {
        self.out = document.to_vec();
        self.mutated()
    }

    fn mutated(mut self) -> Vec<u8> {
        for _ in 0..=self.below(3) {
            self.mutate();
        }
        self.out
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn place(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).expect("lengths fit 64 bits");
        usize::try_from(self.below(limit)).expect("it is less than a length")
    }

    fn digit(&mut self) -> char {
        char::from_digit(u32::try_from(self.below(10)).expect("it is less than 10"), 10)
            .expect("it is a digit")
    }

    fn one_in(&mut self, odds: u64) -> bool {
        self.below(odds) == 0
    }

    fn any<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.place(choices.len())]
    }

    fn write(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn space(&mut self) {
        if self.below(100) < self.space {
            match self.below(400) {
                0 => {
                    let space = self.any(BAD_SPACES);
                    self.write(space);
                }
                1..8 => {
                    let run = " ".repeat(self.edge());
                    self.write(&run);
                }
                _ => {
                    let space = self.any(SPACES);
                    self.write(space);
                }
            }
            if self.one_in(20) {
                let indentation = format!("\n{}", " ".repeat(self.place(40)));
                self.write(&indentation);
            }
        }
    }

    fn value(&mut self, depth: u32) {
        self.space();
        self.budget = self.budget.saturating_sub(1);
        // A document that is one scalar is soon tried in every form.
        let (kind, deep) = (self.below(100), depth >= MAX_DEPTH || self.budget == 0);
        match kind {
            0..50 if !deep && (depth == 0 || kind < 30) => self.object(depth),
            0..70 if !deep && (depth == 0 || kind < 45) => self.array(depth),
            71 if !deep => self.ladder(depth),
            0..80 => self.number(),
            80..95 => self.string(),
            _ => {
                let literal =
                    self.any(&["true", "false", "null", "null", "true", "nul", "True", "undefined"]);
                let literal = if self.one_in(3) { literal } else { "null" };
                self.write(literal);
            }
        }
        self.space();
    }

    fn array(&mut self, depth: u32) {
        self.write("[");
        self.space();
        for element in 0..self.below(6) {
            if element > 0 {
                self.write(",");
            }
            self.value(depth + 1);
        }
        let end = if self.one_in(300) { ",]" } else { "]" };
        self.write(end);
    }

    fn object(&mut self, depth: u32) {
        self.write("{");
        self.space();
        // Small objects and large ones are searched for duplicates in two ways.
        let members = match self.below(800) {
            0 => 200 + self.below(2_000),
            1..40 => 10 + self.below(60),
            _ => self.below(9),
        };
        for member in 0..members {
            if member > 0 {
                self.write(",");
            }
            self.space();
            self.key(members);
            self.space();
            self.write(":");
            if members > 9 && !self.one_in(12) {
                let number = member.to_string();
                self.write(&number);
            } else {
                self.value(depth + 1);
            }
        }
        let end = if self.one_in(300) { ",}" } else { "}" };
        self.write(end);
    }

    fn key(&mut self, members: u64) {
        let key = match self.below(12) {
            0..5 => self.any(KEYS).to_owned(),
            5 | 6 => self.below(members * 2).to_string(),
            7 => (self.next() >> (20 + self.below(40))).to_string(),
            // Where array indices end: 2³² - 2 is one, 2³² - 1 is none.
            8 => (4_294_967_290 + self.below(10)).to_string(),
            9 => format!("key {}", self.below(members * 2)),
            // As above, so that some are the same in the end.
            10 => format!("{:>width$}", self.below(3), width = self.edge()),
            _ => return self.string(),
        };
        let key = if self.one_in(6) { self.escaped(&key) } else { key };
        self.write(&format!("\"{key}\""));
    }

    /// The same in other words: some of its plain characters as escapes.
    fn escaped(&mut self, text: &str) -> String {
        let mut escaped = String::new();
        let mut literal = false;
        for c in text.chars() {
            // What follows a backslash is an escape already.
            literal |= c == '\\';
            if !literal && c.is_ascii() && self.one_in(3) {
                write!(escaped, "\\u{:04x}", u32::from(c)).expect("a string takes everything");
            } else {
                escaped.push(c);
            }
        }
        escaped
    }

    /// Many levels, each with one neighbour: sometimes more than Node can write.
    fn ladder(&mut self, depth: u32) {
        let long = self.one_in(20);
        let levels = self.below(if long { 6_000 } else { 12 });
        let mut ends = Vec::new();
        for _ in 0..levels {
            let (open, close) = match self.below(4) {
                0 => ("[", "]"),
                1 => ("{\"a\":0,\"1\":", "}"),
                2 => ("{\"b\":", ",\"0\":1}"),
                _ => ("{\"a\":0,\"a\":", "}"),
            };
            self.write(open);
            ends.push(close);
        }
        self.value(if long { MAX_DEPTH } else { depth + 1 });
        for end in ends.into_iter().rev() {
            self.write(end);
        }
    }

    fn string(&mut self) {
        self.write("\"");
        let pieces = if self.one_in(6) { self.at_an_edge() } else { self.below(10) };
        for _ in 0..pieces {
            match self.below(200) {
                0 if self.one_in(20) => {
                    let bad = self.any(BAD_STRINGS);
                    self.write(bad);
                }
                0 if self.one_in(20) => self.no_utf8(),
                1..40 => {
                    let unit = self.next() >> 48;
                    let unit = if self.one_in(2) { 0xd700 + unit % 0xa00 } else { unit };
                    let escape =
                        if self.one_in(2) { format!("\\u{unit:04x}") } else { format!("\\u{unit:04X}") };
                    self.write(&escape);
                }
                40..50 => self.write("a longer run of ordinary text, "),
                // Text is read and copied several bytes at a time.
                50..60 => {
                    let run = "x".repeat(self.place(70));
                    self.write(&run);
                }
                _ => {
                    let piece = self.any(STRINGS);
                    self.write(piece);
                }
            }
        }
        self.write("\"");
    }

    fn edge(&mut self) -> usize {
        EDGES[self.place(EDGES.len())]
    }

    /// Plain text up to an edge, then what is not plain, and perhaps the same again. Says how much more may follow.
    fn at_an_edge(&mut self) -> u64 {
        for _ in 0..=self.below(2) {
            // Its first byte before the edge, upon it, or behind it; counted from here or from the document's start.
            let edge = self.edge() + if self.one_in(2) { 0 } else { 64 - self.out.len() % 64 };
            let plain = edge - self.place(4);
            self.write(&"x".repeat(plain));
            match self.below(150) {
                0 => {
                    let bad = self.any(BAD_STRINGS);
                    self.write(bad);
                }
                1 => self.no_utf8(),
                _ => {
                    let piece = self.any(AT_EDGES);
                    self.write(piece);
                }
            }
        }
        if self.one_in(3) { self.below(3) } else { 0 }
    }

    fn no_utf8(&mut self) {
        let bytes = NOT_UTF8[self.place(NOT_UTF8.len())];
        self.out.extend_from_slice(bytes);
    }

    fn number(&mut self) {
        let text = match self.below(14) {
            0..4 if self.one_in(200) => self.any(BAD_NUMBERS).to_owned(),
            0..4 => self.any(NUMBERS).to_owned(),
            4 => format!("{}", f64::from_bits(self.next())),
            5 => format!("{:e}", f64::from_bits(self.next())),
            // Between a double and the next, exactly half way or a digit beside.
            6 => self.half_way(),
            7 => self.below(1 << 54).to_string(),
            8 => format!("{}", self.below(1 << 53) / 1_000),
            9 | 10 => self.padded(),
            _ => self.digits(),
        };
        // What f64 writes for infinity and NaN is no JSON.
        let text = if text.ends_with(['f', 'N']) && !self.one_in(100) { "1e309".to_owned() } else { text };
        self.write(&text);
        if self.one_in(3_000) {
            let zeros = self.place(3_000);
            let text = format!(",0.{}1e{}", "0".repeat(zeros), zeros + 1);
            self.write(&text);
        }
    }

    /// A number by its grammar, of any length.
    fn digits(&mut self) -> String {
        let mut text = if self.one_in(3) { "-".to_owned() } else { String::new() };
        let zeros = |many: &mut Self| if many.one_in(3) { "0".repeat(many.place(8)) } else { String::new() };
        let run = |many: &mut Self| -> String {
            let length = many.below(18);
            (0..length).map(|_| many.digit()).collect()
        };
        let integer = run(self);
        let integer = integer.trim_start_matches('0');
        text.push_str(if integer.is_empty() { "0" } else { integer });
        if self.one_in(2) {
            text.push('.');
            let more = zeros(self);
            text.push_str(&more);
            let fraction = run(self);
            text.push_str(if fraction.is_empty() { "0" } else { &fraction });
            let more = zeros(self);
            text.push_str(&more);
        }
        if self.one_in(3) {
            text.push(if self.one_in(2) { 'e' } else { 'E' });
            text.push_str(self.any(&["", "+", "-", "-", "-0"]));
            let limit = if self.one_in(2) { 25 } else { 400 };
            text.push_str(&self.below(limit).to_string());
        }
        text
    }

    /// About as many digits as a double holds, with zeros before and behind them and a point anywhere.
    fn padded(&mut self) -> String {
        let significant = 14 + self.below(5);
        let mut digits: String = (0..significant).map(|_| self.digit()).collect();
        if self.one_in(2) {
            // Ends in nines or zeros: what rounds far.
            let keep = self.place(digits.len());
            digits.replace_range(keep.., &self.any(&["9", "0"]).repeat(digits.len() - keep));
        }
        digits.push_str(&"0".repeat(self.place(8)));
        let point = self.place(digits.len() + 1);
        let (whole, fraction) = digits.split_at(point);
        let whole = whole.trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        let mut text = format!("{}{whole}", if self.one_in(4) { "-" } else { "" });
        if !fraction.is_empty() {
            let zeros = if self.one_in(4) { "0".repeat(self.place(9)) } else { String::new() };
            write!(text, ".{zeros}{fraction}").expect("a string takes everything");
        }
        if self.one_in(4) {
            // From the smallest numbers to the largest, and where the written form changes.
            let exponent = if self.one_in(2) { self.below(30) } else { 280 + self.below(60) };
            let sign = self.any(&["", "+", "-"]);
            write!(text, "e{sign}{exponent}").expect("a string takes everything");
        }
        text
    }

    fn half_way(&mut self) -> String {
        // Sixty-four bits show one half exactly below 2^63, where doubles are whole numbers.
        let exponent = 1 + self.below(9);
        let double = (1 << 53) + self.below(1 << 53);
        let middle = (double << exponent) + (1 << (exponent - 1));
        let tail = self.any(&["", ".0", ".00000000000000000000000000000000001", "e0", "0e-1"]);
        let middle = middle - u64::from(self.one_in(3));
        if self.one_in(8) { self.small_half_way() } else { format!("{middle}{tail}") }
    }

    /// All digits of a point half way between two doubles below one: up to some 770 of them.
    fn small_half_way(&mut self) -> String {
        let bits = self.next() >> 2;
        let (low, high) = (f64::from_bits(bits), f64::from_bits(bits + 1));
        let exact = format!("{low:.1100}");
        let upper = format!("{high:.1100}");
        // The sum of two decimals of equal form, halved: one digit more.
        let mut rest = 0;
        let mut halves = String::new();
        let sum = add(exact.as_bytes(), upper.as_bytes());
        for digit in sum {
            if digit == b'.' {
                halves.push('.');
                continue;
            }
            let value = rest * 10 + (digit - b'0');
            halves.push(char::from(b'0' + value / 2));
            rest = value % 2;
        }
        halves.push(if rest == 1 { '5' } else { '0' });
        let whole = halves.trim_start_matches('0');
        let mut text = if whole.starts_with('.') { format!("0{whole}") } else { whole.to_owned() };
        match self.below(6) {
            0 => text.push('1'),
            1 => text = text.trim_end_matches('0').to_owned(),
            // So many digits that it is hard to tell on which side it lies.
            2 | 3 => {
                let zeros = text.len() - text.trim_start_matches(['0', '.']).len();
                text.truncate(zeros + 15 + self.place(40));
            }
            _ => {}
        }
        text
    }

    /// Changes a few bytes, without regard for what they mean.
    fn mutate(&mut self) {
        let length = self.out.len();
        let at = self.place(length + 1);
        match self.below(8) {
            0 => self.out.truncate(at),
            1 if at < length => {
                self.out.remove(at);
            }
            2 if at < length => self.out[at] ^= 1 << self.below(8),
            3 => {
                let byte = self.next().to_le_bytes()[0];
                self.out.insert(at, byte);
            }
            4 => {
                let bit = self.any(BITS_OF_JSON);
                self.out.splice(at..at, bit.bytes());
            }
            5 if self.one_in(2) => {
                let bytes = NOT_UTF8[self.place(NOT_UTF8.len())];
                self.out.splice(at..at, bytes.iter().copied());
            }
            6 => {
                let end = (at + self.place(12)).min(length);
                let again = self.out[at..end].to_vec();
                self.out.splice(at..at, again);
            }
            _ => {
                let space = if self.one_in(2) { self.any(BAD_SPACES) } else { self.any(SPACES) };
                self.out.splice(at..at, space.bytes());
            }
        }
    }
}

/// Adds two decimals that have as many digits after the point.
fn add(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let mut digits = Vec::new();
    let mut a = a.iter().rev();
    for digit in b.iter().rev() {
        let other = a.next().copied().unwrap_or(b'0');
        if *digit == b'.' {
            digits.push(b'.');
            continue;
        }
        let sum = (digit - b'0') + (other - b'0') + carry;
        digits.push(b'0' + sum % 10);
        carry = sum / 10;
    }
    if carry > 0 {
        digits.push(b'1');
    }
    digits.reverse();
    digits
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn documents(count: u64) -> Vec<Vec<u8>> {
        (0..count).map(|seed| Documents::new(seed).document()).collect()
    }

    /// All in one, to be searched. Each byte is one character: not all of it is UTF-8.
    fn joined(documents: &[Vec<u8>]) -> String {
        documents.concat().into_iter().map(char::from).collect()
    }

    fn bytes(bytes: &[u8]) -> String {
        bytes.iter().copied().map(char::from).collect()
    }

    #[test]
    fn a_seed_brings_its_document_back_and_another_seed_another() {
        let all: HashSet<Vec<u8>> = documents(1_000).into_iter().collect();
        assert!(all.len() > 900, "{}", all.len());
        assert_eq!(Documents::new(7).document(), Documents::new(7).document());
        assert_eq!(Documents::new(7).made_of(b"[1,2,3]"), Documents::new(7).made_of(b"[1,2,3]"));
        assert_ne!(Documents::new(7).made_of(b"[1,2,3]"), b"[1,2,3]");
    }

    #[test]
    fn whatever_is_hard_is_written() {
        let documents = documents(12_000);
        let all = joined(&documents);
        for text in
            ["4294967294\":", "4294967295\":", "__proto__", "\\u0061", "\\ud800", "\\uDE00", "\r", "\t"]
        {
            assert!(all.contains(text), "{text:?}");
        }
        for text in NOT_UTF8 {
            assert!(all.contains(&bytes(text)), "{}", text.escape_ascii());
        }
        for edge in [15, 16, 17, 31, 32, 33, 63, 64, 65] {
            for special in ["\\", "\u{c3}\u{a9}"] {
                let text = format!("\"{}{special}", "x".repeat(edge));
                assert!(all.contains(&text), "{text}");
            }
        }
        let any = |what: fn(&[u8]) -> bool| documents.iter().any(|document| what(document));
        assert!(any(|document| document.starts_with("\u{feff}".as_bytes())), "a byte order mark");
        assert!(any(|document| document.iter().filter(|byte| **byte == b'[').count() > 1_000), "a deep one");
        assert!(
            any(|document| document.iter().filter(|byte| **byte == b':').count() > 1_000),
            "a large object"
        );
    }

    #[test]
    fn a_point_half_way_between_two_doubles_has_every_digit() {
        assert_eq!(add(b"0.50", b"0.75"), b"1.25");
        let lengths = (0..200).map(|seed| Documents::new(seed).small_half_way().len());
        assert!(lengths.max() > Some(700));
    }
}

//! Random documents: what is known to be hard, more often than it is in the world.

const KEYS: &[&str] = &[
    "a",
    "b",
    "a",
    "\\u0061",
    "",
    "__proto__",
    "\\u005f_proto__",
    "constructor",
    "toJSON",
    "length",
    "0",
    "1",
    "2",
    "10",
    "\\u0031",
    "01",
    "-0",
    "-1",
    "1.0",
    "1e1",
    "+1",
    " 1",
    "4294967294",
    "4294967295",
    "4294967296",
    "42949672940",
    "9007199254740991",
    "é",
    "\\u00e9",
    "\\ud800",
    "\\uD800",
    "\\\\",
    "\\\"",
    "\\/",
    "/",
    "\\n",
    "\\u000a",
    "😀",
    "\\ud83d\\ude00",
    "a key that is longer than two words",
    "a key that is longer than two w\\u006frds",
];
const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "-0.0",
    "0e5",
    "1e400",
    "-1e400",
    "1e-400",
    "2e-324",
    "3e-324",
    "2.4703282292062327e-324",
    "2.4703282292062328e-324",
    "1.7976931348623157e308",
    "1.7976931348623158e308",
    "1.7976931348623159e308",
    "1e20",
    "1e21",
    "999999999999999999999",
    "999999999999999934463",
    "999999999999999934465",
    "1000000000000000000000",
    "0.000001",
    "0.0000001",
    "0.00000099999999999999995",
    "1.0",
    "4.50",
    "1E5",
    "1e+5",
    "9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "9007199254740993.0000000000000001",
    "12345678901234567890",
    "123456789012345",
    "1234567890123456",
    "0.1234567890123456",
    "333333333.33333329",
    "2.2250738585072011e-308",
    "9244904400873339.000",
    "5e-324",
    "1e23",
    "8.41e21",
    "9.5e-7",
    "1e0",
    "1e-0",
    "100e-2",
    "0.1e1",
    "1e00000000000005",
    "1e99999999999999999999",
    "0e99999999999999999999",
];
const BAD_NUMBERS: &[&str] =
    &["01", "-", "--1", "+1", ".5", "5.", "1e", "1e+", "1.e5", "0x1", "Infinity", "NaN", "-01", "1_0"];
const STRINGS: &[&str] = &[
    "a",
    "text ",
    "0",
    "é",
    "\u{7f}",
    "\u{2028}",
    "\u{2029}",
    "\u{feff}",
    "😀",
    "中",
    "\u{fffe}",
    "\u{ffff}",
    "\u{10ffff}",
    "\\n",
    "\\r",
    "\\t",
    "\\b",
    "\\f",
    "\\\"",
    "\\\\",
    "\\/",
    "/",
    "'",
    "\\u0000",
    "\\u000a",
    "\\u000B",
    "\\u001F",
    "\\u0020",
    "\\u0022",
    "\\u005c",
    "\\u007F",
    "\\u00e9",
    "\\u2028",
    "\\uD83D",
    "\\uDE00",
    "\\ud83d\\ude00",
    "\\uD83D\\uDE00",
    "\\udbff\\udfff",
    "\\uDC00",
    "\\ud800",
    "\\uFFFF",
    "\\u0041",
];
const BAD_STRINGS: &[&str] =
    &["\t", "\n", "\0", "\u{1f}", "\\x41", "\\u12", "\\u12g4", "\\u", "\\", "\"", "\\U0041", "\\0"];
const SPACES: &[&str] = &[" ", "  ", "\n", "\r\n", "\t", "\n    "];
const BAD_SPACES: &[&str] =
    &["\u{a0}", "\u{c}", "\u{b}", "\u{feff}", "\u{2028}", "//\n", "/**/", "\0", "\u{85}"];
const BITS_OF_JSON: &[&str] =
    &["{", "}", "[", "]", ",", ":", "\"", "\\", "null", "tru", "1", "-", "e", ".", "\\u", " "];

/// Values at this depth are scalars.
const MAX_DEPTH: u32 = 9;

/// Writes one document from a seed by the generator `SplitMix64`.
pub(super) struct Documents {
    state: u64,
    out: Vec<u8>,
    /// Values that may still be written.
    budget: u32,
    /// How often white space stands between tokens, of 100.
    space: u64,
}

impl Documents {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0xd134_2543_de82_ef95), out: Vec::new(), budget: 60, space: 0 }
    }

    pub(super) fn document(mut self) -> Vec<u8> {
        self.space = if self.one_in(2) { 0 } else { self.below(60) };
        self.value(0);
        if self.one_in(4) {
            for _ in 0..=self.below(3) {
                self.mutate();
            }
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
            let space = if self.one_in(400) { self.any(BAD_SPACES) } else { self.any(SPACES) };
            self.write(space);
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
        let members = if self.one_in(20) { 10 + self.below(60) } else { self.below(9) };
        for member in 0..members {
            if member > 0 {
                self.write(",");
            }
            self.space();
            self.key(members);
            self.space();
            self.write(":");
            if members > 9 {
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
        match self.below(10) {
            0..5 => {
                let key = self.any(KEYS);
                self.write(&format!("\"{key}\""));
            }
            5 | 6 => {
                let index = self.below(members * 2);
                self.write(&format!("\"{index}\""));
            }
            7 => {
                let index = self.next() >> (20 + self.below(40));
                self.write(&format!("\"{index}\""));
            }
            8 => {
                let letter = self.below(members * 2);
                self.write(&format!("\"key {letter}\""));
            }
            _ => self.string(),
        }
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
        for _ in 0..self.below(10) {
            match self.below(200) {
                0 if self.one_in(20) => {
                    let bad = self.any(BAD_STRINGS);
                    self.write(bad);
                }
                1..40 => {
                    let unit = self.next() >> 48;
                    let unit = if self.one_in(2) { 0xd700 + unit % 0xa00 } else { unit };
                    let escape =
                        if self.one_in(2) { format!("\\u{unit:04x}") } else { format!("\\u{unit:04X}") };
                    self.write(&escape);
                }
                40..50 => self.write("a longer run of ordinary text, "),
                _ => {
                    let piece = self.any(STRINGS);
                    self.write(piece);
                }
            }
        }
        self.write("\"");
    }

    fn number(&mut self) {
        let text = match self.below(12) {
            0..4 if self.one_in(200) => self.any(BAD_NUMBERS).to_owned(),
            0..4 => self.any(NUMBERS).to_owned(),
            4 => format!("{}", f64::from_bits(self.next())),
            5 => format!("{:e}", f64::from_bits(self.next())),
            // Between a double and the next, exactly half way or a digit beside.
            6 => self.half_way(),
            7 => self.below(1 << 54).to_string(),
            8 => format!("{}", self.below(1 << 53) / 1_000),
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
        match self.below(4) {
            0 => text.push('1'),
            1 => text = text.trim_end_matches('0').to_owned(),
            _ => {}
        }
        text
    }

    /// Changes a few bytes, without regard for what they mean.
    fn mutate(&mut self) {
        let length = self.out.len();
        let at = self.place(length + 1);
        match self.below(7) {
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
            5 => {
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

//! How other languages write JSON: what a sender may have signed when the receiver holds another form of it.
//!
//! A style is applied to canonical text, character by character and without looking ahead further than one, so it costs
//! no more than the text is long. Numbers and the order of members stay JavaScript's: what a parser lost is lost.

use alloc::string::String;
use core::fmt::{self, Write as _};

use crate::json::Canonical;

/// A form in which JSON is commonly written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonStyle {
    /// `JSON.stringify(x)`, and whatever else writes no white space and escapes no more than it must.
    Compact,
    /// `JSON.stringify(x, null, 2)`, or `indent=2` in Python.
    Indented2,
    /// `JSON.stringify(x, null, 4)`, or `indent=4` in Python.
    Indented4,
    /// `JSON.stringify(x, null, "\t")`.
    IndentedByTabs,
    /// `json.dumps(x)` in Python: a space after commas and colons, everything but ASCII escaped.
    Python,
    /// `json.dumps(x, ensure_ascii=False)` in Python.
    PythonUnicode,
    /// `json.dumps(x, separators=(",", ":"))` in Python: everything but ASCII escaped.
    CompactAscii,
    /// `json_encode($x)` in PHP: slashes and everything but ASCII escaped.
    Php,
    /// `json.Marshal(x)` in Go: `<`, `>` and `&` escaped.
    Go,
    /// `JsonSerializer.Serialize(x)` in .NET: everything but ASCII and what means something in HTML escaped, in capitals.
    DotNet,
}

impl JsonStyle {
    pub(super) const ALL: [Self; 10] = [
        Self::Compact,
        Self::Indented2,
        Self::Indented4,
        Self::IndentedByTabs,
        Self::Python,
        Self::PythonUnicode,
        Self::CompactAscii,
        Self::Php,
        Self::Go,
        Self::DotNet,
    ];

    const fn describe(self) -> &'static str {
        match self {
            Self::Compact => "compact, as JavaScript's JSON.stringify writes it",
            Self::Indented2 => "indented by two spaces",
            Self::Indented4 => "indented by four spaces",
            Self::IndentedByTabs => "indented by tabs",
            Self::Python => "as Python's json.dumps writes it",
            Self::PythonUnicode => "as Python's json.dumps(ensure_ascii=False) writes it",
            Self::CompactAscii => "compact, with everything but ASCII escaped",
            Self::Php => "as PHP's json_encode writes it",
            Self::Go => "as Go's json.Marshal writes it",
            Self::DotNet => "as .NET's JsonSerializer writes it",
        }
    }

    const fn indent(self) -> Option<&'static str> {
        match self {
            Self::Indented2 => Some("  "),
            Self::Indented4 => Some("    "),
            Self::IndentedByTabs => Some("\t"),
            _ => None,
        }
    }

    const fn after_comma(self) -> &'static str {
        if matches!(self, Self::Python | Self::PythonUnicode) { " " } else { "" }
    }

    const fn after_colon(self) -> &'static str {
        if self.indent().is_some() { " " } else { self.after_comma() }
    }

    fn escapes(self, character: char) -> bool {
        match self {
            Self::Python | Self::CompactAscii => character > '~',
            Self::Php => character > '\u{7f}',
            Self::Go => matches!(character, '<' | '>' | '&' | '\u{2028}' | '\u{2029}'),
            Self::DotNet => character > '~' || "<>&'+`".contains(character),
            _ => false,
        }
    }

    /// The text as this style has it; no longer than `limit`.
    pub(super) fn write(self, json: &Canonical, limit: usize) -> Option<String> {
        let mut out = String::with_capacity(json.as_str().len());
        let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
        let mut characters = json.as_str().chars().peekable();
        while let Some(character) = characters.next() {
            if out.len() > limit {
                return None;
            }
            if in_string {
                in_string = escaped || character != '"';
                if self == Self::DotNet && escaped && character == '"' {
                    out.push_str("u0022");
                    escaped = false;
                    continue;
                }
                escaped = !escaped && character == '\\';
                self.string_character(&mut out, character);
                continue;
            }
            in_string = character == '"';
            if matches!(character, '}' | ']') {
                depth = depth.saturating_sub(1);
                if !out.ends_with(['{', '[']) {
                    self.new_line(&mut out, depth);
                }
            }
            out.push(character);
            match character {
                '{' | '[' => {
                    depth += 1;
                    if !matches!(characters.peek(), Some('}' | ']')) {
                        self.new_line(&mut out, depth);
                    }
                }
                ',' => {
                    out.push_str(self.after_comma());
                    self.new_line(&mut out, depth);
                }
                ':' => out.push_str(self.after_colon()),
                _ => {}
            }
        }
        Some(out)
    }

    fn string_character(self, out: &mut String, character: char) {
        if self == Self::Php && character == '/' {
            out.push_str("\\/");
        } else if self.escapes(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a String does not fail.
                let _ = match self {
                    Self::DotNet => write!(out, "\\u{unit:04X}"),
                    _ => write!(out, "\\u{unit:04x}"),
                };
            }
        } else {
            out.push(character);
        }
    }

    fn new_line(self, out: &mut String, depth: usize) {
        if let Some(indent) = self.indent() {
            out.push('\n');
            (0..depth).for_each(|_| out.push_str(indent));
        }
    }
}

impl fmt::Display for JsonStyle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.describe())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Limits;

    #[test]
    fn every_style_is_what_its_language_writes() {
        let json =
            r#"{"a":[],"b":{},"c":[1,{"d":"é/\"\\< \u007f😀"}],"e":null}"#.replace("\\u007f", "\u{7f}");
        let json = Canonical::parse(json.as_bytes(), Limits::default()).unwrap();
        for (style, expected) in [
            (JsonStyle::Compact, "{\"a\":[],\"b\":{},\"c\":[1,{\"d\":\"é/\\\"\\\\< \u{7f}😀\"}],\"e\":null}"),
            // node -e 'console.log(JSON.stringify(x, null, 2))'
            (
                JsonStyle::Indented2,
                "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n      \"d\": \"é/\\\"\\\\< \u{7f}😀\"\n    }\n  ],\n  \"e\": null\n}",
            ),
            // python3 -c 'print(json.dumps(x))'
            (
                JsonStyle::Python,
                "{\"a\": [], \"b\": {}, \"c\": [1, {\"d\": \"\\u00e9/\\\"\\\\< \\u007f\\ud83d\\ude00\"}], \"e\": null}",
            ),
            // php -r 'echo json_encode($x);'
            (
                JsonStyle::Php,
                "{\"a\":[],\"b\":{},\"c\":[1,{\"d\":\"\\u00e9\\/\\\"\\\\< \u{7f}\\ud83d\\ude00\"}],\"e\":null}",
            ),
            // json.Marshal
            (
                JsonStyle::Go,
                "{\"a\":[],\"b\":{},\"c\":[1,{\"d\":\"é/\\\"\\\\\\u003c \u{7f}😀\"}],\"e\":null}",
            ),
            // JsonSerializer.Serialize(x)
            (
                JsonStyle::DotNet,
                "{\"a\":[],\"b\":{},\"c\":[1,{\"d\":\"\\u00E9/\\u0022\\\\\\u003C \\u007F\\uD83D\\uDE00\"}],\"e\":null}",
            ),
        ] {
            assert_eq!(style.write(&json, 1_000).as_deref(), Some(expected), "{style}");
        }
        assert_eq!(JsonStyle::Indented4.write(&json, 10), None);
    }

    #[test]
    fn a_style_changes_no_value() {
        let json = r#"{"":["\\","\\\"",{"x{":"]}, :"}],"y":[[[]]]}"#;
        let json = Canonical::parse(json.as_bytes(), Limits::default()).unwrap();
        for style in JsonStyle::ALL {
            let text = style.write(&json, 1_000).unwrap();
            assert_eq!(Canonical::parse(text.as_bytes(), Limits::default()).unwrap(), json, "{style}");
        }
    }
}

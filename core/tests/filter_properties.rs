//! What holds for every filter: it means what the tree means that it was written from, whichever way it was written.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use proptest::collection::vec;
use proptest::prelude::*;
use sigpost_core::filter::{Attribute, Filter, MAX_BYTES};

#[derive(Clone, Debug)]
enum Tree {
    Compare { attribute: Attribute, equal: bool, value: String },
    And(Vec<Tree>),
    Or(Vec<Tree>),
}

/// What an event says of the attributes, in the order of [`Attribute::ALL`].
type Event = [Option<String>; 4];

fn value_of(event: &Event, attribute: Attribute) -> Option<&str> {
    let place = Attribute::ALL.iter().position(|one| *one == attribute).unwrap();
    event[place].as_deref()
}

impl Tree {
    fn evaluate(&self, event: &Event) -> bool {
        match self {
            Self::Compare { attribute, equal, value } => match value_of(event, *attribute) {
                Some(actual) => (actual == value) == *equal,
                None => !equal,
            },
            Self::And(parts) => parts.iter().all(|part| part.evaluate(event)),
            Self::Or(parts) => parts.iter().any(|part| part.evaluate(event)),
        }
    }

    /// Writes it with the needed parentheses and with needless ones, in any case, with any white space.
    fn write(&self, out: &mut String, chance: &mut Chance, in_and: bool) {
        let parentheses = usize::from(in_and && matches!(self, Self::Or(_))) + chance.below(8) / 7;
        for _ in 0..parentheses {
            out.push('(');
            chance.space(out, 0);
        }
        match self {
            Self::Compare { attribute, equal, value } => {
                chance.word(out, attribute.name());
                chance.space(out, 1);
                chance.word(out, if *equal { "eq" } else { "ne" });
                chance.space(out, 1);
                chance.string(out, value);
            }
            Self::And(parts) | Self::Or(parts) => {
                let and = matches!(self, Self::And(_));
                for (place, part) in parts.iter().enumerate() {
                    if place > 0 {
                        chance.space(out, 1);
                        chance.word(out, if and { "and" } else { "or" });
                        chance.space(out, 1);
                    }
                    part.write(out, chance, and);
                }
            }
        }
        for _ in 0..parentheses {
            chance.space(out, 0);
            out.push(')');
        }
    }
}

/// Choices, drawn from a list that proptest can shrink; the list comes again when it is used up.
struct Chance {
    choices: Vec<u8>,
    next: usize,
}

impl Chance {
    fn below(&mut self, limit: u8) -> usize {
        let choice = self.choices[self.next % self.choices.len()];
        self.next += 1;
        usize::from(choice % limit)
    }

    fn space(&mut self, out: &mut String, at_least: usize) {
        for _ in 0..at_least + self.below(6) / 4 {
            out.push([' ', ' ', ' ', '\t', '\n', '\r'][self.below(6)]);
        }
    }

    fn word(&mut self, out: &mut String, word: &str) {
        for c in word.chars() {
            out.push(if self.below(3) == 0 { c.to_ascii_uppercase() } else { c });
        }
    }

    fn string(&mut self, out: &mut String, value: &str) {
        out.push('"');
        for c in value.chars() {
            if c.is_control() || matches!(c, '"' | '\\') || self.below(3) == 0 {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            } else {
                out.push(c);
            }
        }
        out.push('"');
    }
}

/// Few values, so that they meet.
fn value() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", "a", "A", "é😀", "\"\\\n", ") or ("]).prop_map(str::to_owned)
}

fn tree() -> impl Strategy<Value = Tree> {
    let comparison = (prop::sample::select(&Attribute::ALL[..]), any::<bool>(), value())
        .prop_map(|(attribute, equal, value)| Tree::Compare { attribute, equal, value });
    comparison.prop_recursive(6, 40, 4, |inner| {
        prop_oneof![vec(inner.clone(), 2..5).prop_map(Tree::And), vec(inner, 2..5).prop_map(Tree::Or)]
    })
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    vec(prop::array::uniform4(prop::option::of(value())), 1..16)
}

fn written(tree: &Tree, choices: Vec<u8>) -> String {
    let mut text = String::new();
    tree.write(&mut text, &mut Chance { choices, next: 0 }, false);
    text
}

fn passes(filter: &Filter, event: &Event) -> bool {
    filter.matches(|attribute| value_of(event, attribute).map(Into::into))
}

/// The places of parentheses that belong together, outside of strings.
fn parentheses(normal: &str) -> Vec<(usize, usize)> {
    let (mut open, mut pairs, mut quoted, mut escaped) = (Vec::new(), Vec::new(), false, false);
    for (place, byte) in normal.bytes().enumerate() {
        match byte {
            b'"' if !escaped => quoted = !quoted,
            b'(' if !quoted => open.push(place),
            b')' if !quoted => pairs.push((open.pop().unwrap(), place)),
            _ => {}
        }
        escaped = byte == b'\\' && !escaped;
    }
    pairs
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_filter_means_what_its_tree_means(tree in tree(), events in events(), choices in vec(any::<u8>(), 64)) {
        let text = written(&tree, choices);
        prop_assume!(text.len() <= MAX_BYTES);
        let filter = Filter::parse(&text).unwrap();
        for event in &events {
            prop_assert_eq!(passes(&filter, event), tree.evaluate(event), "{} {:?}", text, event);
        }
    }

    #[test]
    fn the_normal_form_parses_to_an_equal_filter_and_is_never_longer(
        tree in tree(),
        choices in vec(any::<u8>(), 64),
    ) {
        let text = written(&tree, choices);
        prop_assume!(text.len() <= MAX_BYTES);
        let filter = Filter::parse(&text).unwrap();
        let normal = filter.to_string();
        prop_assert!(normal.len() <= text.len(), "{} from {}", normal, text);
        let again = Filter::parse(&normal).unwrap();
        prop_assert_eq!(again.to_string(), normal);
        prop_assert_eq!(again, filter);
    }

    #[test]
    fn how_a_filter_is_written_does_not_matter(
        tree in tree(),
        one in vec(any::<u8>(), 64),
        other in vec(any::<u8>(), 64),
    ) {
        let (one, other) = (written(&tree, one), written(&tree, other));
        prop_assume!(one.len().max(other.len()) <= MAX_BYTES);
        prop_assert_eq!(Filter::parse(&one).unwrap(), Filter::parse(&other).unwrap());
    }

    #[test]
    fn no_parenthesis_of_the_normal_form_can_go(tree in tree()) {
        let filter = Filter::parse(&written(&tree, vec![0])).unwrap();
        let normal = filter.to_string();
        for (open, close) in parentheses(&normal) {
            let mut fewer = normal.clone();
            fewer.remove(close);
            fewer.remove(open);
            prop_assert_ne!(Filter::parse(&fewer).unwrap(), filter.clone(), "{} without {}", normal, open);
        }
    }

    #[test]
    fn an_attribute_is_asked_for_at_most_once_and_only_if_the_filter_names_it(
        tree in tree(),
        event in prop::array::uniform4(prop::option::of(value())),
    ) {
        let filter = Filter::parse(&written(&tree, vec![1])).unwrap();
        let mut left: Vec<Attribute> = filter.attributes().collect();
        filter.matches(|attribute| {
            let place = left.iter().position(|one| *one == attribute).expect("named, and not asked for before");
            left.remove(place);
            value_of(&event, attribute).map(Into::into)
        });
    }

    #[test]
    fn any_text_is_read_or_refused_at_a_place_in_it(text in "\\PC{0,40}") {
        if let Err(error) = Filter::parse(&text) {
            prop_assert!(text.is_char_boundary(error.position()), "{}", error);
        }
    }

    #[test]
    fn any_parts_are_read_or_refused_at_a_place_in_them(
        parts in vec(prop::sample::select(vec![
            "id", "SPACEID", "eq", "Ne", "pr", "and", "OR", "not", "(", ")", "[", "\"", "\"a\"", "\"\\", "\\u", "\\ud800",
            "😀", " ", " ", " ", "\t", "1", "true",
        ]), 0..24),
    ) {
        let text = parts.concat();
        match Filter::parse(&text) {
            Ok(filter) => prop_assert_eq!(&Filter::parse(&filter.to_string()).unwrap(), &filter),
            Err(error) => prop_assert!(text.is_char_boundary(error.position()), "{}: {}", text, error),
        }
    }
}

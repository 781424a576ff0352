//! Names of tests: a sentence that says what holds, so that the list of tests reads as a description.

use syn::visit::{self, Visit};

use super::{Source, Violation};

/// Judges the name of every Rust test: three words at least, and none of them to say that it is a test.
#[must_use]
pub fn check(sources: &[Source]) -> Vec<Violation> {
    sources.iter().filter(|source| source.has_extension(&["rs"])).flat_map(judge).collect()
}

fn judge(source: &Source) -> Vec<Violation> {
    struct Finder<'s>(&'s Source, Vec<Violation>);
    impl<'ast> Visit<'ast> for Finder<'_> {
        fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
            let name = item.sig.ident.to_string();
            let is_test = item.attrs.iter().any(|attribute| {
                attribute.path().segments.last().is_some_and(|segment| segment.ident == "test")
            });
            if is_test && !is_sentence(&name) {
                let line = item.sig.ident.span().start().line;
                let problem = format!("test `{name}` is not a sentence");
                self.1.push(Violation::new(
                    self.0,
                    line,
                    problem,
                    "say what holds: `a_truncated_tag_never_verifies`",
                ));
            }
            visit::visit_item_fn(self, item);
        }
    }
    let mut finder = Finder(source, Vec::new());
    match syn::parse_file(&source.text) {
        Ok(file) => finder.visit_file(&file),
        Err(error) => return vec![Violation::unreadable(source, &error)],
    }
    finder.1
}

fn is_sentence(name: &str) -> bool {
    name.split('_').filter(|word| !word.is_empty()).count() >= 3 && !name.starts_with("test_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> usize {
        check(&[Source::new("a.rs", text)]).len()
    }

    #[test]
    fn a_test_named_after_a_function_is_refused() {
        assert_eq!(count("#[test] fn canonicalize() {}"), 1);
        assert_eq!(count("#[test] fn test_of_the_parser() {}"), 1);
        assert_eq!(count("mod tests { #[tokio::test] async fn it_works() {} }"), 1);
    }

    #[test]
    fn a_sentence_and_a_helper_are_allowed() {
        assert_eq!(count("#[test] fn a_truncated_tag_never_verifies() {} fn helper() {}"), 0);
    }
}

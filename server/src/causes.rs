//! An error with its causes, as one line for people and logs.
//!
//! Errors here say what they add and keep their cause as a source. A log in JSON writes the outermost alone when it is given
//! an error, so errors are given to it as this.

use core::error::Error;
use core::fmt;

use tracing::field::{DisplayValue, display};

/// An error with its causes, as the value of a field.
pub(crate) fn causes<'a>(error: &'a (dyn Error + 'static)) -> DisplayValue<Causes<'a>> {
    display(Causes(error))
}

/// Displays an error, then each cause after a colon. A cause that its error repeats already is left out.
pub(crate) struct Causes<'a>(pub(crate) &'a (dyn Error + 'static));

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = self.0.to_string();
        f.write_str(&told)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !told.ends_with(&text) {
                write!(f, ": {text}")?;
                told = text;
            }
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{told}")]
    struct Outer {
        told: &'static str,
        source: io::Error,
    }

    #[test]
    fn causes_follow_and_none_is_told_twice() {
        let error = |told| Outer { told, source: io::Error::other("the disk is full") };
        assert_eq!(Causes(&error("cannot commit")).to_string(), "cannot commit: the disk is full");
        assert_eq!(Causes(&error("no: the disk is full")).to_string(), "no: the disk is full");
    }
}

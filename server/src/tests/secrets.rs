//! What is secret has no text: neither `Debug` nor `Display`, by which it would end up in a log sooner or later.

use core::fmt::{Debug, Display};

use sigpost_core::signature::Secret;

use crate::domain::profile::qlik::HeaderSecret;
use crate::storage::sqlite::MasterKey;

/// What `I` stands for can be told where only one of these is implemented.
trait Textless<I> {
    fn holds() {}
}

impl<T: ?Sized> Textless<()> for T {}

struct ByDebug;
impl<T: ?Sized + Debug> Textless<ByDebug> for T {}

struct ByDisplay;
impl<T: ?Sized + Display> Textless<ByDisplay> for T {}

#[test]
fn no_secret_has_a_text() {
    // This compiles, which is the test: with a text there are two implementations to choose from.
    <Secret as Textless<_>>::holds();
    <MasterKey as Textless<_>>::holds();
    <HeaderSecret as Textless<_>>::holds();
}

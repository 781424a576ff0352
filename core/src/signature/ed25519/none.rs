use super::super::keyed::KeyError;
use super::super::mac::MAX_TAG;
use super::super::secret::Secret;

/// There is none.
#[derive(Clone)]
pub(in super::super) enum Private {}

/// There is none.
#[derive(Clone)]
pub(in super::super) enum Public {}

impl Private {
    pub(in super::super) const fn new(_: &Secret) -> Result<Self, KeyError> {
        Err(KeyError::NotEd25519)
    }

    pub(in super::super) const fn sign(&self, _: &[u8]) -> [u8; MAX_TAG] {
        match *self {}
    }
}

impl Public {
    pub(in super::super) const fn new(_: &Secret) -> Result<Self, KeyError> {
        Err(KeyError::NotEd25519)
    }

    pub(in super::super) const fn verifies(&self, _: &[u8], _: &[u8]) -> bool {
        match *self {}
    }
}

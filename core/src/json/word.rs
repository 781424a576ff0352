//! Eight bytes at a time: a word holds them in order, the first lowest, and a search sets the high bit of each byte
//! that it has found.

/// Bytes in a word.
pub(super) const LANES: usize = size_of::<u64>();

/// The word that begins at `at`. None when fewer bytes are left.
#[inline(always)]
pub(super) fn load(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|chunk| u64::from_le_bytes(*chunk))
}

/// The word that has this byte everywhere.
pub(super) const fn all(byte: u8) -> u64 {
    u64::from_le_bytes([byte; LANES])
}

/// Of the bytes that have some bit set, the place of the first; [`LANES`] when there is none.
#[inline(always)]
pub(super) const fn first(found: u64) -> usize {
    // At most 64: it fits.
    (found.trailing_zeros() / u8::BITS) as usize
}

//! Randomness, as a parameter. [`SystemRng`] is the only reader of the operating system's.

/// Draws random bytes.
pub trait Rng: Send + Sync + 'static {
    /// Fills the buffer with bytes that nobody can foresee.
    fn fill(&self, bytes: &mut [u8]);
}

/// Draws a number in `0..=u32::MAX`.
pub fn draw_u32(rng: &dyn Rng) -> u32 {
    let mut bytes = [0; 4];
    rng.fill(&mut bytes);
    u32::from_le_bytes(bytes)
}

/// The operating system's randomness.
#[derive(Debug, Default)]
pub struct SystemRng;

impl Rng for SystemRng {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads ambient randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        // Without randomness there are no unguessable tokens or nonces; going on would be worse than stopping.
        getrandom::fill(bytes).expect("the operating system always gives randomness once it has booted");
    }
}

/// A seeded sequence, the same in every run: for tests and simulations, never for secrets.
#[derive(Debug)]
pub struct SeededRng {
    state: core::sync::atomic::AtomicU64,
}

impl SeededRng {
    /// Starts the sequence of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed.into() }
    }
}

impl Rng for SeededRng {
    /// `SplitMix64` (Steele, Lea, Flood 2014).
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let gamma = 0x9e37_79b9_7f4a_7c15_u64;
            let state = self.state.fetch_add(gamma, core::sync::atomic::Ordering::SeqCst).wrapping_add(gamma);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let mixed = mixed ^ (mixed >> 31);
            chunk.copy_from_slice(&mixed.to_le_bytes()[..chunk.len()]);
        }
    }
}

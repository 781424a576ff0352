//! Verifying a raw body allocates nothing: counted, not promised.

mod common;

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicUsize, Ordering};
use std::alloc::System;

use sigpost_core::signature::{Scheme, SignInput, Signer, Verifier};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

#[expect(unsafe_code, reason = "only an allocator can count allocations")]
// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One test in this file, so that no other thread allocates meanwhile.
#[test]
fn verifying_a_raw_body_allocates_nothing() {
    let body = vec![b'a'; 100_000];
    // Ed25519 keeps the message: it reads it twice.
    for scheme in Scheme::presets().iter().filter(|scheme| scheme.algorithm().name() != "ed25519") {
        let [newer, secret] = [b"newer".as_slice(), b"secret"].map(|key| common::secret(scheme, key));
        let input = SignInput { body: &body, id: Some("id"), timestamp: Some(7) };
        let headers = Signer::new(scheme, &secret).unwrap().sign(input).unwrap();
        let verifier = Verifier::new(scheme, &[newer, secret]).unwrap();
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        let pairs = headers.iter().map(|(name, value)| (&**name, value.as_bytes()));
        let verified = verifier.verify(pairs, &body, 7);
        let after = ALLOCATIONS.load(Ordering::Relaxed);
        assert!(verified.is_ok(), "{}", scheme.name());
        assert_eq!(after - before, 0, "{}", scheme.name());
    }
}

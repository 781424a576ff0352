//! What both modules share: state without threads, an allocator, and an end for panics.
//!
//! Numbers are all that crosses the border. Texts and bytes lie in memory that both sides see, at an address that Rust
//! names and for as long as Rust says. A result below 0 is a failure.

#[cfg(not(feature = "canonical"))]
use core::alloc::{GlobalAlloc, Layout};
use core::cell::RefCell;
use core::panic::PanicInfo;

#[cfg(feature = "canonical")]
use dlmalloc::GlobalDlmalloc;

#[cfg(feature = "canonical")]
#[global_allocator]
static ALLOCATOR: GlobalDlmalloc = GlobalDlmalloc;

#[cfg(not(feature = "canonical"))]
#[global_allocator]
static ALLOCATOR: Nothing = Nothing;

/// Allocates nothing: what keys go through has no heap on which anything of them could stay.
#[cfg(not(feature = "canonical"))]
struct Nothing;

#[cfg(not(feature = "canonical"))]
#[expect(unsafe_code, reason = "an allocator is unsafe by nature")]
// SAFETY: that there is no memory is an answer that any allocation may be given.
unsafe impl GlobalAlloc for Nothing {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

/// A value that only one thread can ever see, because there is only one.
///
/// The inner [`RefCell`] makes sure of what is left: a call that begins inside another one panics, which ends the
/// instance.
pub(crate) struct Local<T>(RefCell<T>);

#[expect(unsafe_code, reason = "a static asks for Sync, and where there is one thread everything is")]
// SAFETY: this module is compiled for wasm32-unknown-unknown without atomics alone: no second thread can exist in the
// instance, and each instance has a memory of its own, so the value is never shared between threads.
unsafe impl<T> Sync for Local<T> {}

#[cfg(target_feature = "atomics")]
compile_error!("Local is sound only where there are no threads");

impl<T> Local<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(RefCell::new(value))
    }

    /// Calls `with` with the value.
    pub(crate) fn with<R>(&self, with: impl FnOnce(&mut T) -> R) -> R {
        with(&mut self.0.borrow_mut())
    }

    /// Where the value stands. It stays there.
    #[cfg(feature = "mac")]
    pub(crate) fn address(&self) -> *mut T {
        self.0.as_ptr()
    }
}

/// A length as it crosses the border. All fit: where pointers have 32 bits no allocation is longer than `i32::MAX`.
#[cfg(feature = "canonical")]
pub(crate) fn length(len: usize) -> i32 {
    i32::try_from(len).unwrap_or(i32::MAX)
}

/// A panic is a defect. It ends as a trap: JavaScript throws the instance away, fails closed and starts anew.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

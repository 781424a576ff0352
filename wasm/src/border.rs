//! What the modules share: state without threads, an allocator, and an end for panics.
//!
//! Numbers are all that crosses the border. Texts and bytes lie in memory that both sides see, at an address that Rust
//! names and for as long as Rust says. A result below 0 is a failure.

#[cfg(any(feature = "explain", not(feature = "canonical")))]
use core::alloc::{GlobalAlloc, Layout};
use core::cell::RefCell;
use core::panic::PanicInfo;
#[cfg(feature = "explain")]
use core::sync::atomic::{Ordering, compiler_fence};

#[cfg(feature = "explain")]
use dlmalloc::GlobalDlmalloc;

#[cfg(all(feature = "canonical", not(feature = "explain")))]
#[global_allocator]
static ALLOCATOR: crate::arena::Arena = crate::arena::Arena::new();

#[cfg(feature = "explain")]
#[global_allocator]
static ALLOCATOR: Erasing = Erasing;

/// Erases what it takes back. Types that erase themselves are not enough: moving a value copies its padding too, in
/// which words of an earlier key may stand.
#[cfg(feature = "explain")]
struct Erasing;

#[cfg(feature = "explain")]
#[expect(unsafe_code, reason = "an allocator is unsafe by nature")]
// SAFETY: every call is handed on to dlmalloc as it came, under the caller's own promises. What is added writes zeroes
// to memory that is being given back, in its whole length and no further.
unsafe impl GlobalAlloc for Erasing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those that dlmalloc asks for.
        unsafe { GlobalDlmalloc.alloc(layout) }
    }

    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        // SAFETY: the caller promises that `address` was allocated with this layout, so that many bytes are ours to
        // write, and that nobody reads them again. The fence keeps the writes, as in the zeroize crate.
        unsafe {
            address.write_bytes(0, layout.size());
            compiler_fence(Ordering::SeqCst);
            GlobalDlmalloc.dealloc(address, layout);
        }
    }
    // `realloc` is the one that comes with the trait: a new allocation, a copy, and `dealloc`.
}

#[cfg(not(any(feature = "explain", feature = "canonical")))]
#[global_allocator]
static ALLOCATOR: Nothing = Nothing;

/// Allocates nothing: what keys go through has no heap on which anything of them could stay.
#[cfg(not(any(feature = "explain", feature = "canonical")))]
struct Nothing;

#[cfg(not(any(feature = "explain", feature = "canonical")))]
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
#[cfg(any(feature = "explain", feature = "canonical"))]
pub(crate) fn length(len: usize) -> i32 {
    i32::try_from(len).unwrap_or(i32::MAX)
}

/// A panic is a defect. It ends as a trap: JavaScript throws the instance away, fails closed and starts anew.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

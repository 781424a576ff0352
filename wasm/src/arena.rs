//! The canonicaliser's allocator: one block behind the other, and all memory free again once nothing is held.
//!
//! Every call of the canonicaliser allocates a handful of buffers and gives all of them back before the next, so there
//! is nothing to manage in between, and a general allocator would be a third of the module. The last block grows and
//! shrinks where it lies; another that grows leaves its old place behind, which is less than its new one as buffers
//! double.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::cell::Cell;
use core::ptr;

const PAGE: usize = 64 << 10;

/// See the [module](self).
pub(crate) struct Arena {
    /// Where the next block may begin; 0 before the first.
    next: Cell<usize>,
    /// The end of the memory that is ours: what others may have asked for behind it is left to them.
    end: Cell<usize>,
    /// Blocks that are held.
    held: Cell<usize>,
}

#[expect(unsafe_code, reason = "a static asks for Sync, and where there is one thread everything is")]
// SAFETY: as for `border::Local`: this module is compiled without atomics alone, so there is no second thread.
unsafe impl Sync for Arena {}

impl Arena {
    pub(crate) const fn new() -> Self {
        Self { next: Cell::new(0), end: Cell::new(0), held: Cell::new(0) }
    }

    /// Sees to it that there is memory for a block of this size, and makes it the last. Whether there is.
    fn extend(&self, start: usize, size: usize) -> bool {
        let Some(next) = start.checked_add(size) else { return false };
        if self.end.get() == 0 {
            self.end.set(memory_size::<0>() * PAGE);
        }
        if let Some(missing) = next.checked_sub(self.end.get()).filter(|missing| *missing > 0) {
            let pages = missing.div_ceil(PAGE);
            // In front of what is new lies what was there before, or it is all there is and its number no address.
            if memory_grow::<0>(pages).checked_mul(PAGE) != Some(self.end.get()) {
                return false;
            }
            self.end.set(self.end.get() + pages * PAGE);
        }
        self.next.set(next);
        true
    }

    /// Whether the block is the last.
    fn is_last(&self, block: *mut u8, size: usize) -> bool {
        block.addr() + size == self.next.get()
    }
}

/// Where the linker's own data and the stack end.
fn base() -> usize {
    #[expect(unsafe_code, reason = "the linker's symbols are foreign")]
    // SAFETY: every linker of WebAssembly defines it. It is never read, only its address is taken.
    unsafe extern "C" {
        static __heap_base: u8;
    }
    (&raw const __heap_base).expose_provenance()
}

#[expect(unsafe_code, reason = "an allocator is unsafe by nature")]
// SAFETY: a block reaches from `next`, aligned, to the new `next`, and `extend` has made sure that there is memory up to
// it. `next` goes back only to the beginning of the last block when that is given back, or to the base when nothing is
// held: so no two blocks that are held overlap, and as `base` is behind all that the linker placed, nothing else does.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let from = self.next.get().max(base());
        let Some(start) = from.checked_next_multiple_of(layout.align()) else { return ptr::null_mut() };
        if !self.extend(start, layout.size()) {
            return ptr::null_mut();
        }
        self.held.set(self.held.get() + 1);
        ptr::with_exposed_provenance_mut(start)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        self.held.set(self.held.get() - 1);
        if self.held.get() == 0 {
            self.next.set(0);
        } else if self.is_last(block, layout.size()) {
            self.next.set(block.addr());
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if self.is_last(block, layout.size()) {
            return if self.extend(block.addr(), size) { block } else { ptr::null_mut() };
        }
        // SAFETY: the caller promises that `size` makes a layout, and that `block` holds as many bytes as its own says.
        // The new block is not the old one, which is still held.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                ptr::copy_nonoverlapping(block, moved, size.min(layout.size()));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}

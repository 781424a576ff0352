//! The `sigpost` binary.

use std::process::ExitCode;

/// Faster and steadier than the system's for many small, short-lived buffers.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    sigpost_server::cli::run()
}

//! How long this disk needs to make something durable, in this minute.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use sigpost_tests::time::now;

const TIMES: usize = 200;

/// Median and 99th percentile of a `fdatasync` after 16 KiB were written.
pub(crate) fn fdatasync(folder: &Path) -> Result<(Duration, Duration)> {
    let path = folder.join("fdatasync");
    let mut file = File::create(&path)?;
    let mut took = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&[7; 16 << 10])?;
        let start = now();
        file.sync_data()?;
        took.push(start.elapsed());
    }
    std::fs::remove_file(&path)?;
    took.sort_unstable();
    Ok((took[TIMES / 2], took[TIMES * 99 / 100]))
}

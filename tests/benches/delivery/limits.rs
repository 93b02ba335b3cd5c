//! What the machine can do at all: no server on it is faster.

use std::fs::File;
use std::io::Write as _;
use std::time::Duration;

use crate::client::{Numbered, payload, request};
use crate::load::closed_loop;
use crate::now;
use crate::sink::Sink;

const SYNC_TIME: Duration = Duration::from_secs(2);
const POSTS: usize = 40_000;

/// Appends of 4 KiB that are on the disk, one after the other, a second.
pub(crate) fn syncs_a_second() -> anyhow::Result<f64> {
    let directory = tempfile::tempdir()?;
    let mut file = File::create(directory.path().join("appended"))?;
    let begin = now();
    let mut syncs = 0;
    while begin.elapsed() < SYNC_TIME {
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        syncs += 1;
    }
    Ok(f64::from(syncs) / begin.elapsed().as_secs_f64())
}

/// Requests from this client to this sink a second, nothing between them.
pub(crate) async fn posts_a_second(sink: &Sink, connections: usize) -> anyhow::Result<f64> {
    let post = request("POST", "/endpoints/0", sink.address, "none", &payload());
    let posted = closed_loop(&[sink.address], &Numbered::new(post)?, POSTS, connections).await?;
    sink.take();
    Ok(posted.rate())
}

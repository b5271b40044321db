//! What a piece of work costs: time of the processor, so that other processes of the machine count for nothing.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The smallest cost of so many runs, all threads of this process together.
pub fn best(runs: usize, mut run: impl FnMut()) -> Duration {
    (0..runs)
        .map(|_| {
            let start = spent();
            run();
            spent().saturating_sub(start)
        })
        .min()
        .unwrap_or_default()
}

/// What this process has cost until now.
fn spent() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let (seconds, nanoseconds) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.unwrap_or_default(), nanoseconds.unwrap_or_default())
}

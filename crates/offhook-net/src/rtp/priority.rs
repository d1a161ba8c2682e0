//! Lets pacing threads go before all others.

/// Asks the system to run the calling thread before others that are ready: a packet that is due does not wait for a
/// Python worker that computes on the same core (MED-14). A system that does not allow it is told of once, and the
/// thread goes on as it is.
#[cfg(target_os = "linux")]
pub(super) fn raise() {
    use std::sync::Once;

    static REFUSED: Once = Once::new();
    // Without a number, Linux means the calling thread alone.
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        REFUSED.call_once(|| {
            tracing::info!(
                %error,
                "media threads run at the usual priority; CAP_SYS_NICE or LimitNICE=-10 lets them go before others"
            );
        });
    }
}

/// Elsewhere the same call would mean the whole process.
#[cfg(not(target_os = "linux"))]
pub(super) fn raise() {}

/// About ten times the share of a thread at 0, and the right to go first when it wakes.
#[cfg(target_os = "linux")]
const NICE: i32 = -10;

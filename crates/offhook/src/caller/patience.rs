//! People who end a call by themselves.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::OutCall;

/// Ends a call that is not answered in time, or so long after its answer.
pub(super) async fn end_in_time(
    call: OutCall,
    give_up_after: Option<Duration>,
    hang_up_after: Option<Duration>,
) {
    let answered = match give_up_after {
        Some(limit) => timeout(limit, call.answered()).await,
        None => Ok(call.answered().await),
    };
    match (answered, hang_up_after) {
        (Err(_), _) => call.hang_up(),
        (Ok(true), Some(time)) => {
            sleep(time).await;
            call.hang_up();
        }
        (Ok(_), _) => {}
    }
}

//! A letter that came back, handed in or found in the Maildir: its reader is not reached, and whoever stands in is written to.

use tracing::{error, info, warn};

use crate::mail::read_bounce;
use crate::state::AppState;
use crate::store::{Bounced, StoreError};

/// Takes up a mail that came back. What is no report about one of our letters changes nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn bounced(shared: &AppState, mail: &[u8]) -> Result<Bounced, StoreError> {
    let Some(bounce) = read_bounce(mail) else { return Ok(Bounced::NotOurs) };
    let now = shared.clock.now();
    let mut outcome = Bounced::NotOurs;
    for address in &bounce.to {
        outcome = shared.store.bounced(address, bounce.outcome.as_ref(), &bounce.text, now).await?;
        if outcome != Bounced::NotOurs {
            break;
        }
    }
    match outcome {
        Bounced::NotOurs | Bounced::Known => {}
        Bounced::Noted => info!(report = bounce.text, "a letter is on its way for longer"),
        Bounced::StandInCalled => {
            warn!(report = bounce.text, "a letter came back; whoever stands in is written to");
            shared.wake_lanes();
        }
        Bounced::NobodyLeft => error!(report = bounce.text, "a letter came back, and nobody stands in"),
    }
    Ok(outcome)
}

//! Whoever never got the letter of an open notice is written to: an address was corrected, or somebody else has taken over.

use tracing::info;

use crate::model::{Party, Side};
use crate::store::{Reader, StoreError};

use super::letters::Desk;
use super::shared::Shared;

/// Writes to everybody who owns a side of an open notice by the configuration at work now, was never written to about it, and
/// whose side has not answered. Returns how many letters were written.
///
/// # Errors
/// When the database does not answer.
pub async fn retell_due(shared: &Shared) -> Result<usize, StoreError> {
    let live = shared.now_live();
    let mut written = 0;
    for told in shared.store.readers().await? {
        let Some((integration, api)) = live.find(&told.key) else { continue };
        let plays = match told.side {
            Side::Provider => api.provider == told.party,
            Side::Consumer => api.is_called_by(&told.party),
        };
        let party = integration.party(&told.party).filter(|_| plays);
        if !party.is_some_and(|party| was_never_reached(party, &told)) {
            continue;
        }
        let Some(standing) = shared.store.standing(&told.notice).await? else { continue };
        let desk = Desk { shared, live: &live, key: &told.key, integration, api, now: shared.clock.now() };
        let Some(letter) = desk.again(&standing, (told.side, &told.party)) else { continue };
        let text = format!(
            "{} <{}> is written to about notice {}: nobody there had its letter",
            letter.name, letter.recipient, told.notice
        );
        info!(notice = told.notice, side = told.side.name(), party = told.party, "{text}");
        written += usize::from(shared.store.write_again(&told, letter, &text, desk.now).await?);
    }
    Ok(written)
}

/// Whether the owner of the side has no letter and was never tried, while nobody there has one or nobody has answered.
fn was_never_reached(party: &Party, told: &Reader) -> bool {
    let Some((_, contact)) = party.owner(told.side) else { return false };
    let is_known = told.tried.iter().any(|address| address.eq_ignore_ascii_case(&contact.person.email));
    !is_known && !told.has_answered
}

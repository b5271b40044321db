//! Whoever never got the letter of an open notice is written to: an address was corrected, or somebody else has taken over.

use tracing::info;

use crate::mail::masked;
use crate::model::Party;
use crate::notice::is_still_open;
use crate::state::AppState;
use crate::store::{Reader, StoreError};

use super::writer::LetterWriter;

/// Writes to everybody who answers for a side of an open notice by the active configuration, was never written to about
/// it, and whose side has not answered. Returns how many letters were written.
///
/// # Errors
/// When the database does not answer.
pub async fn missed_letters_due(shared: &AppState) -> Result<usize, StoreError> {
    let active = shared.active();
    let mut written = 0;
    for told in shared.store.readers().await? {
        let Some((integration, api)) = active.find(&told.key) else { continue };
        let party = integration.party(&told.party).filter(|_| api.has(told.side, &told.party));
        if !party.is_some_and(|party| is_missing(party, &active.config.mail.operator, &told)) {
            continue;
        }
        let open = match shared.store.open_notice(&told.notice).await {
            Ok(open) => open,
            // Status tells of a damaged row, and the next reader has a letter all the same.
            Err(problem) if problem.is_one_row() => continue,
            Err(problem) => return Err(problem),
        };
        let Some(open) = open.filter(|open| is_still_open(open, told.side, &told.party)) else { continue };
        let writer = LetterWriter { shared, active: &active, key: &told.key, integration, api, now: shared.clock.now() };
        let Some(letter) = writer.again(&open, &told) else { continue };
        let text = format!(
            "{} <{}> is written to about notice {}: no letter of it was written to this address before",
            letter.name, letter.recipient, told.notice
        );
        let to = masked(&letter.recipient);
        info!(notice = told.notice, side = told.side.name(), party = told.party, to, "whoever got no letter of it is written to");
        written += usize::from(shared.store.write_again(&told, letter, &text, writer.now).await?);
    }
    Ok(written)
}

/// Whether somebody is still to be written to: the owner of the side whenever he is new, and whoever stands in where nobody
/// there could be reached.
fn is_missing(party: &Party, operator: &str, told: &Reader) -> bool {
    let Some((_, contact)) = party.owner(told.side).filter(|_| !told.has_answered) else { return false };
    let is_new = |email: &str| !told.has_tried(email);
    is_new(&contact.person.email)
        || (!is_reached(party, operator, &told.reached) && contact.deputy.iter().any(|deputy| is_new(&deputy.email)))
}

/// Whether one of these addresses is somebody's of the party: the operator stands in last, and answers for nobody there.
pub fn is_reached(party: &Party, operator: &str, addresses: &[String]) -> bool {
    let is = |address: &str, known: &str| address.eq_ignore_ascii_case(known);
    let people = || party.contacts.values().flat_map(|contact| std::iter::once(&contact.person).chain(&contact.deputy));
    addresses.iter().any(|address| !is(address, operator) || people().any(|person| is(address, &person.email)))
}

//! All that is wrong with driftd itself: what its parts have said, and what the outbox shows.

use crate::correspondence::is_reached;
use crate::state::{AppState, TroubleNote, TroublePart};
use crate::store::Overview;

/// Everything that is wrong.
pub(super) fn troubles(shared: &AppState, overview: &Overview) -> Vec<TroubleNote> {
    let active = shared.active();
    let delivery = &overview.trouble;
    let mut all = shared.trouble.all();
    all.extend(overview.damage.iter().map(|damage| TroubleNote {
        part: TroublePart::Database,
        since: shared.started_at,
        what: damage.clone(),
    }));
    if let Some(mail) = &delivery.mail {
        let letters = if mail.count == 1 {
            "1 letter is not leaving".to_owned()
        } else {
            format!("{} letters are not leaving", mail.count)
        };
        all.push(TroubleNote { part: TroublePart::Mail, since: mail.since, what: format!("{letters}: {}", mail.reply) });
    }
    for unreached in &delivery.unreached {
        let integration = active.config.integrations.iter().find(|known| known.id == unreached.integration);
        let party = integration.and_then(|known| known.party(&unreached.party));
        // What the operator got in their place, none of them has.
        if party.is_none_or(|party| is_reached(party, &active.config.mail.operator, &unreached.instead)) {
            continue;
        }
        let name = party.map_or(unreached.party.as_str(), |party| party.name.as_str());
        let what = format!(
            "notice {} reaches nobody at {name} ({}): {}; correct the address and reload, or `driftd resend {}`",
            unreached.notice,
            unreached.side.name(),
            unreached.reply,
            unreached.notice
        );
        all.push(TroubleNote { part: TroublePart::Letters, since: unreached.since, what });
    }
    // Who hears of outages must be there.
    let operator = &active.config.mail.operator;
    if let Some(letter) = overview.dead.iter().find(|letter| letter.recipient.eq_ignore_ascii_case(operator)) {
        let reply = letter.last_reply.as_deref().unwrap_or_default();
        let what = format!("the operator cannot be written to ({operator}): {reply}; correct `mail.operator` and reload");
        all.push(TroubleNote { part: TroublePart::Operator, since: letter.created_at, what });
    }
    // A channel that was taken out of the configuration is missed by nobody.
    for channel in delivery.channels.iter().filter(|channel| active.channel(&channel.channel).is_some()) {
        let how = if channel.is_final { "does not take notices" } else { "does not take notices now; they are tried again" };
        let part = TroublePart::Channel(channel.channel.clone());
        all.push(TroubleNote { part, since: channel.since, what: format!("{how}: {}", channel.reply) });
    }
    all
}

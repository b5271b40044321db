//! The ends of a notice: who owns it there, what was said and agreed, and by when an answer is due, as the ladder counts it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::model::{Answer, Api, Integration, LadderPlace, LetterQuestion, NoticeKind, PendingAnswer, Role, Side};
use crate::notice::open_question;
use crate::render::{clean, without_credentials};
use crate::store::{AnswerRow, DeliveryRow, NoticeRow, ProposalRow};

use super::view::{ContactView, LetterStatus, SideView};

/// Times that an end has passed a notice on, as far as they are shown.
const PASSED_ON: usize = 2;

/// Each end of a notice that was written to, consumers first, with the key of its party.
pub(in crate::http) fn side_views(
    row: &NoticeRow,
    integration: Option<&Integration>,
    now: DateTime<Utc>,
) -> Vec<(Side, String, SideView)> {
    let ends: BTreeSet<(Side, &str)> = row.deliveries.iter().map(|letter| (letter.side, letter.party.as_str())).collect();
    let views = ends.into_iter().map(|(side, party)| (side, party.to_owned(), End { row, side, party, integration }.view(now)));
    views.collect()
}

/// One end of a notice.
struct End<'e> {
    row: &'e NoticeRow,
    side: Side,
    party: &'e str,
    integration: Option<&'e Integration>,
}

impl<'e> End<'e> {
    fn letters(&self) -> impl Iterator<Item = &'e DeliveryRow> {
        let (side, party) = (self.side, self.party);
        self.row.deliveries.iter().filter(move |letter| letter.side == side && letter.party == party)
    }

    /// When the letters were written of which this is so.
    fn written(&self, is_so: impl Fn(&DeliveryRow) -> bool) -> BTreeSet<DateTime<Utc>> {
        self.letters().filter(|letter| is_so(letter)).map(|letter| letter.created_at).collect()
    }

    /// When each letter was written that asks for an answer, oldest first. What was over here and began again begins anew.
    fn asked(&self) -> Vec<DateTime<Utc>> {
        let over = self.written(|letter| letter.question == LetterQuestion::Nothing).last().copied();
        let asked = self.written(|letter| letter.question == LetterQuestion::Asked);
        asked.into_iter().filter(|at| over.is_none_or(|over| *at > over)).collect()
    }

    /// What was answered since it was last over here.
    fn answer(&self) -> Option<&'e AnswerRow> {
        let over = self.written(|letter| letter.kind == NoticeKind::Resolved.name()).last().copied();
        let mut own = self.row.answers.iter().filter(|answer| answer.side == self.side && answer.party == self.party);
        own.find(|answer| over.is_none_or(|over| answer.letter_at > over))
    }

    /// When an answer is due: as the ladder counts it.
    fn due(&self, asked: Vec<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        let integration = self.integration?;
        let is_here = |api: &&Api| api.id == self.row.key.api && api.has(self.side, self.party);
        // Who was taken out of the configuration is asked nothing.
        integration.apis.iter().find(is_here)?;
        let answer = self.answer();
        let pending = PendingAnswer {
            side: self.side,
            party: self.party.to_owned(),
            asked,
            answer: answer.map(|row| (row.acknowledgement.clone(), row.letter_at)),
            steps_taken: Vec::new(),
        };
        open_question(&pending, integration).map(|question| question.due_at)
    }

    /// What was said beside an answer: a request for time, and who was named instead.
    fn said(&self) -> Vec<String> {
        let own = |row: &&ProposalRow| row.proposal.side == self.side && row.proposal.party == self.party;
        let mut said: Vec<String> = Vec::new();
        // Another day takes the place of the one asked for before.
        if let Some(ProposalRow { proposal, .. }) = self.row.proposals.iter().rfind(own) {
            let until = proposal.until;
            let note = if proposal.note.is_empty() { String::new() } else { format!(": {}", clean(&proposal.note, 300)) };
            said.push(match proposal.decided {
                None => format!("{} asks for time until {until}, not decided yet{note}", clean(&proposal.by, 120)),
                Some((true, _)) => format!("time until {until} was asked for and agreed{note}"),
                Some((false, _)) => format!("time until {until} was asked for and not agreed{note}"),
            });
        }
        let steps = self.row.steps.iter().filter(|step| step.side == self.side && step.party == self.party);
        let named = steps.filter_map(|step| match step.place {
            LadderPlace::Named(target) => Some((target, step.at)),
            LadderPlace::Step(_) | LadderPlace::NobodyLeft(_) => None,
        });
        for (target, at) in named.collect::<Vec<_>>().into_iter().rev().take(PASSED_ON) {
            let person = self.integration.and_then(|known| known.party(self.party)).and_then(|party| party.on(self.side, target));
            let who = person.map_or_else(String::new, |person| format!(" {}", person.name));
            said.push(format!("not us, ask{who} ({}): asked on {}", target.name(), at.date_naive()));
        }
        said
    }

    fn view(&self, now: DateTime<Utc>) -> SideView {
        let known = self.integration.and_then(|integration| integration.party(self.party));
        let reach = self.integration.and_then(|integration| owner_of(integration, self.side, self.party));
        let asked = self.asked();
        let newest = self.written(|letter| NoticeKind::tells_more(&letter.kind)).last().copied();
        // Who took it on still has it; who accepted has accepted no more than the letter said.
        let is_of_all = |answer: &&AnswerRow| {
            answer.acknowledgement.answer == Answer::Ours || newest.is_none_or(|newest| answer.letter_at >= newest)
        };
        let answer = self.answer().filter(is_of_all).map(|answer| &answer.acknowledgement);
        let due = self.due(asked);
        SideView {
            side: self.side,
            party: known.map_or_else(|| self.party.to_owned(), |party| party.name.clone()),
            owner: answer
                .map(|answer| clean(&answer.owner, 120))
                .or_else(|| reach.as_ref().map(|contact| contact.name.clone()))
                .unwrap_or_else(|| "nobody".to_owned()),
            contact: reach.as_ref().map_or_else(
                || "no longer in the configuration".to_owned(),
                |contact| {
                    let phone = contact.phone.as_ref().map(|phone| format!(", {phone}")).unwrap_or_default();
                    format!("{} <{}>{phone}", contact.name, contact.email)
                },
            ),
            reach,
            answer: answer.map(|answer| {
                let by = answer.fix_by.map(|date| format!(", done by {date}")).unwrap_or_default();
                let note = if answer.note.is_empty() { String::new() } else { format!(": {}", clean(&answer.note, 300)) };
                format!("{}{by}{note}", answer.answer.name())
            }),
            said: self.said(),
            due,
            overdue_days: due.filter(|due| *due < now).map(|due| (now - due).num_days()),
            letters: self.letters().map(letter_view).collect(),
        }
    }
}

/// Who owns an end of an integration.
pub(super) fn owner_of(integration: &Integration, side: Side, party: &str) -> Option<ContactView> {
    let party = integration.party(party)?;
    let (role, contact) = party.owner(side)?;
    Some(contact_view(side, &party.name, role, &contact.person))
}

/// Whom to call at an end of an integration: who is on call there, else who owns it.
pub(super) fn on_call_of(integration: &Integration, side: Side, party: &str) -> Option<ContactView> {
    let known = integration.party(party)?;
    let on_call = known.contacts.get(&Role::OnCall);
    on_call.map_or_else(
        || owner_of(integration, side, party),
        |contact| Some(contact_view(side, &known.name, Role::OnCall, &contact.person)),
    )
}

fn contact_view(side: Side, party: &str, role: Role, person: &crate::model::Person) -> ContactView {
    ContactView {
        side,
        party: party.to_owned(),
        role: role.name().to_owned(),
        name: person.name.clone(),
        email: person.email.clone(),
        phone: person.phone.clone(),
    }
}

/// A letter, with what the server said.
pub(super) fn letter_view(row: &DeliveryRow) -> LetterStatus {
    LetterStatus {
        kind: row.kind.clone(),
        to: format!("{} <{}>", row.name, row.recipient),
        state: row.state,
        written_at: row.created_at,
        sent_at: row.sent_at,
        tries: row.attempts,
        last_reply: row.last_reply.as_ref().map(|reply| clean(&without_credentials(reply), 300)),
    }
}

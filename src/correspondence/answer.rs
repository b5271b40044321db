//! What a person answers, and the letters that follow from it.

use chrono::NaiveDate;

use crate::model::{
    Acknowledgement, Answer, DateKind, Day, EscalationTarget, LadderPlace, LastTold, LedgerStep, OpenNotice, Origin, Party,
    Person, Proposal, Reply, Side, Statement, Surface, follow,
};
use crate::notice::{MessageCard, is_still_open};
use crate::state::AppState;
use crate::store::{
    AnswerOutcome, Closing, EscalationCommit, ExtensionRequest, OpenLetter, PlannedDelivery, ProposalVerdict, StoreError,
};

use super::writer::LetterWriter;

/// Records an answer. Sending it twice is the same as sending it once.
///
/// # Errors
/// When the database does not answer; then nothing has changed.
pub async fn answer(shared: &AppState, token: &str, reply: &Reply) -> Result<AnswerOutcome, StoreError> {
    let Some(letter) = shared.store.letter(token).await? else { return Ok(AnswerOutcome::Unknown) };
    if letter.closed_at.is_some() {
        return Ok(AnswerOutcome::Closed);
    }
    let active = shared.active();
    let Some((integration, api)) = active.find(&letter.key) else { return Ok(AnswerOutcome::NotWatched) };
    let Some(open) = shared.store.open_notice(&letter.notice).await? else { return Ok(AnswerOutcome::Closed) };
    let writer = LetterWriter { shared, active: &active, key: &letter.key, integration, api, now: shared.clock.now() };
    let answering = AnswerInProgress { writer: &writer, letter: &letter, open: &open };
    let answered = match reply {
        Reply::Acknowledge(acknowledgement) => {
            let is_accepted = acknowledgement.answer == Answer::Accepted;
            if is_accepted && letter.key.surface == Surface::Live && !is_still_open(&open, letter.side, &letter.party) {
                return Ok(AnswerOutcome::Gone);
            }
            let letters = answering.conflict(acknowledgement);
            // Written before it is known whether this is the last acceptance that was missing.
            let closing = Closing {
                letters: if is_accepted { writer.accepted(&open, &answering.name()) } else { Vec::new() },
                consumers: api.consumers.iter().map(|consumer| consumer.party.as_str()).collect(),
            };
            shared.store.acknowledge(token, acknowledgement, letters, closing, writer.now).await?
        }
        Reply::NotUs { by, ask } => answering.named(by, *ask).await?,
        Reply::Extend { by, until, note } => {
            let letters = answering.proposal(by, *until, note);
            let request = ExtensionRequest { by, until: *until, note };
            shared.store.propose(&letter, request, letters, writer.now).await?
        }
        Reply::Decide { by, proposal, agreed } => answering.decision(by, *proposal, *agreed).await?,
    };
    shared.wake_lanes();
    shared.wake_watch.notify_one();
    Ok(answered)
}

/// One answer and everything around it.
struct AnswerInProgress<'e> {
    writer: &'e LetterWriter<'e>,
    letter: &'e OpenLetter,
    open: &'e OpenNotice,
}

impl AnswerInProgress<'_> {
    fn party(&self) -> Option<&Party> {
        self.writer.integration.party(&self.letter.party)
    }

    fn name(&self) -> String {
        self.writer.integration.name_of(&self.letter.party).to_owned()
    }

    /// The first day on which something takes effect for whoever answers; none where it has already.
    fn effective(&self) -> Option<NaiveDate> {
        let told = self.open.told.iter().find(|told| told.side == self.letter.side && told.party == self.letter.party)?;
        let theirs = self.open.findings.iter().filter(|finding| told.findings.contains_key(&finding.identity));
        theirs.filter_map(|finding| finding.day.as_ref()).map(|day| day.on).min()
    }

    /// Everybody at the other end: the provider for a consumer, the consumers that were told for a provider.
    fn others(&self) -> Vec<(Side, &Party)> {
        let told = self.open.told.iter().filter(|told| told.side != self.letter.side);
        told.filter_map(|told| Some((told.side, self.writer.integration.party(&told.party)?))).collect()
    }

    fn tell(&self, side: Side, party: &Party, to: &Person, card: MessageCard) -> Option<PlannedDelivery> {
        self.writer.message_to_counterpart(self.open, side, &party.id, to, card)
    }

    /// A plan that ends after the day is a conflict, and the managers of both sides hear of it.
    fn conflict(&self, answer: &Acknowledgement) -> Vec<PlannedDelivery> {
        let (Some(fix_by), Some(effective)) = (answer.fix_by.filter(|_| answer.answer == Answer::Ours), self.effective()) else {
            return Vec::new();
        };
        if fix_by <= effective {
            return Vec::new();
        }
        let days = (fix_by - effective).num_days();
        let card = MessageCard {
            tag: "plan comes too late",
            heading: format!("{} will be ready {days} days after the change", self.name()),
            lines: vec![
                format!("{} answered for {}: done by {fix_by}. It takes effect on {effective}.", answer.owner, self.name()),
                "Somebody has to move: agree on another day, or on what happens in between.".to_owned(),
                answer.note.clone(),
            ],
            asks: false,
        };
        let own = self.party().map(|party| (self.letter.side, party));
        let parties = own.into_iter().chain(self.others());
        parties.filter_map(|(side, party)| self.tell(side, party, party.manager(side)?, card.clone())).collect()
    }

    /// "Not us, ask …": whoever is named is asked at once. The ladder goes on climbing.
    async fn named(&self, by: &str, ask: EscalationTarget) -> Result<AnswerOutcome, StoreError> {
        let Some(party) = self.party() else { return Ok(AnswerOutcome::NotWatched) };
        let Some(person) = party.on(self.letter.side, ask) else { return Ok(AnswerOutcome::NobodyThere) };
        let card = MessageCard {
            tag: "you are named",
            heading: format!("{by} says that you know who takes this on"),
            lines: vec![format!("{by} answered for {}: not us, ask {} ({}).", party.name, person.name, ask.name())],
            asks: false,
        };
        let step = EscalationCommit {
            notice: self.letter.notice.clone(),
            key: self.letter.key.clone(),
            side: self.letter.side,
            party: party.id.clone(),
            // Each letter may be handed on once to each role.
            asked_at: self.letter.written_at,
            place: LadderPlace::Named(ask),
            letters: self.tell(self.letter.side, party, person, card).into_iter().collect(),
            text: format!("{by} answered for {}: not us, ask {} ({})", party.name, person.name, ask.name()),
        };
        self.writer.shared.store.record_escalation(vec![step], self.writer.now).await?;
        Ok(AnswerOutcome::Recorded)
    }

    fn proposal(&self, by: &str, until: NaiveDate, note: &str) -> Vec<PlannedDelivery> {
        let card = MessageCard {
            tag: "asks for time",
            heading: format!("{} asks for time until {until}", self.name()),
            lines: vec![
                format!("{by} asks for {}: keep things as they are until {until}.", self.name()),
                note.to_owned(),
                "Until you agree, nothing is agreed.".to_owned(),
            ],
            asks: true,
        };
        let others = self.others().into_iter();
        others.filter_map(|(side, party)| self.tell(side, party, owner(side, party)?, card.clone())).collect()
    }

    async fn decision(&self, by: &str, id: i64, agreed: bool) -> Result<AnswerOutcome, StoreError> {
        let store = &self.writer.shared.store;
        let proposals = store.proposals(&self.letter.notice).await?;
        let open = proposals.iter().find(|known| known.id == id && known.decided.is_none() && known.side != self.letter.side);
        let Some(proposal) = open else { return Ok(AnswerOutcome::Decided) };
        let word = if agreed { "agrees" } else { "does not agree" };
        let card = MessageCard {
            tag: if agreed { "agreed" } else { "declined" },
            heading: format!("{} {word} to {}", self.name(), proposal.until),
            lines: vec![format!(
                "{by} answered for {}: {word} to keep things as they are until {}.",
                self.name(),
                proposal.until
            )],
            asks: false,
        };
        let asker = self.writer.integration.party(&proposal.party);
        let letters = asker.and_then(|party| self.tell(proposal.side, party, owner(proposal.side, party)?, card));
        let steps = if agreed { self.moved(by, proposal).await? } else { Vec::new() };
        store
            .decide(
                self.letter,
                ProposalVerdict { proposal: id, by, agreed },
                steps,
                letters.into_iter().collect(),
                self.writer.now,
            )
            .await
    }

    /// What is agreed is a word of both sides: it counts before all others, for what the asker was told of and is to come.
    async fn moved(&self, by: &str, proposal: &Proposal) -> Result<Vec<LedgerStep>, StoreError> {
        if self.letter.key.surface != Surface::Ledger {
            return Ok(Vec::new());
        }
        let is_askers = |told: &&LastTold| told.side == proposal.side && told.party == proposal.party;
        let Some(told) = self.open.told.iter().find(is_askers) else { return Ok(Vec::new()) };
        let today = self.writer.now.date_naive();
        let theirs = self.open.findings.iter().filter(|finding| told.findings.contains_key(&finding.identity));
        let days: Vec<&Day> = theirs.filter_map(|finding| finding.day.as_ref()).filter(|day| day.on > today).collect();
        let entries = self.writer.shared.store.ledger(&self.letter.key.integration, &self.letter.key.api).await?;
        let mut said: Vec<Statement> = Vec::new();
        for entry in entries.iter().filter(|entry| entry.ended_at.is_none()) {
            let statement = &entry.statement;
            let is_asked = days.iter().any(|day| day.subject == statement.subject && Some(day.on) == statement.date);
            if is_asked && statement.mark != DateKind::Deprecation && statement.date.is_some_and(|date| date < proposal.until) {
                said.push(Statement {
                    origin: Origin::Agreement,
                    date: Some(proposal.until),
                    place: format!("{by}, asked by {}", proposal.by),
                    verbatim: format!("agreed: {}", proposal.until),
                    odd: None,
                    ..statement.clone()
                });
            }
        }
        Ok(follow(&entries, said, |_| false))
    }
}

fn owner(side: Side, party: &Party) -> Option<&Person> {
    party.owner(side).map(|(_, contact)| &contact.person)
}

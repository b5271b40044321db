//! From what is open to finished letters: decide, plan, render, compose. Nothing here is sent or stored.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::mail::{Letter, compose};
use crate::model::{Api, Integration, Notice, NoticeKind, OpenFinding, Person, WatchKey};
use crate::notice::{Circumstances, Decision, LetterPlan, Links, decide, plan};
use crate::store::{Claim, NoticeStep, PlannedDelivery};

use super::shared::{Live, Shared, hex, link_token};

/// Decides whether anything is to be said, and writes the letters.
#[expect(clippy::too_many_arguments, reason = "the two states, their circumstances and the evidence, each needed once")]
pub(super) fn tell(
    shared: &Shared,
    live: &Live,
    claim: &Claim,
    (integration, api): (&Integration, &Api),
    now: DateTime<Utc>,
    previous: &[OpenFinding],
    current: &[OpenFinding],
    evidence: Option<(&str, &str)>,
) -> NoticeStep {
    let name = || notice_id(&claim.key, now, current);
    let (notice, kind, findings) = match decide(previous, current, &api.consumers, claim.notice.as_ref(), now, name) {
        Decision::Keep => return NoticeStep::Keep,
        Decision::Tell { notice, kind } => (notice, kind, current),
        Decision::Close(notice) => (notice, NoticeKind::Resolved, previous),
    };
    let links = Links { rules: format!("{}/rules/", shared.external_url) };
    let about = Circumstances {
        integration,
        api,
        surface: claim.key.surface,
        notice: &notice,
        kind,
        findings,
        links,
        evidence: evidence.map(|(before, after)| (before.to_owned(), after.to_owned())),
        catalogue: &shared.catalogue,
    };
    let mut deliveries = Vec::new();
    for letter in plan(&about) {
        match written(shared, live, &claim.key, &notice, now, &letter) {
            Ok(delivery) => deliveries.push(delivery),
            Err(problem) => {
                // Configuration has checked every address and tests every template: this is ours.
                let problem = format!("{problem:#}");
                tracing::error!(notice = notice.id, to = letter.to.person.email, problem, "a letter could not be written");
                shared.trouble.set("letters", now, problem);
            }
        }
    }
    match kind {
        NoticeKind::Resolved => {
            NoticeStep::Close { id: notice.id, why: "nothing differs from the baseline any more".to_owned(), deliveries }
        }
        _ => NoticeStep::Tell { notice, deliveries },
    }
}

/// The id both letters share: from facts, so that a check done again after a crash gives it again.
fn notice_id(key: &WatchKey, now: DateTime<Utc>, findings: &[OpenFinding]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(format!("{key} {}", now.timestamp_millis()));
    for finding in findings {
        hasher.update(&finding.content);
    }
    format!("N-{}", hex(hasher.finalize().get(..4).unwrap_or_default()))
}

/// The letter to its reader, with the same letter to whoever stands in.
fn written(
    shared: &Shared,
    live: &Live,
    key: &WatchKey,
    notice: &Notice,
    now: DateTime<Utc>,
    letter: &LetterPlan,
) -> anyhow::Result<PlannedDelivery> {
    let operator = Person { name: "driftd operator".to_owned(), email: live.config.mail.operator.clone(), phone: None };
    let readers = std::iter::once(&letter.to.person).chain(&letter.to.deputy).chain([&operator]);
    let mut chain: Vec<PlannedDelivery> = Vec::new();
    for person in readers {
        if chain.iter().any(|known| known.recipient == person.email) {
            continue;
        }
        chain.push(one(shared, live, key, notice, now, letter, person)?);
    }
    let mut chain = chain.into_iter();
    let mut first = chain.next().ok_or_else(|| anyhow::anyhow!("nobody to write to"))?;
    first.stand_ins = chain.collect();
    Ok(first)
}

fn one(
    shared: &Shared,
    live: &Live,
    key: &WatchKey,
    notice: &Notice,
    now: DateTime<Utc>,
    letter: &LetterPlan,
    person: &Person,
) -> anyhow::Result<PlannedDelivery> {
    let side = letter.to.side;
    let stamp = now.timestamp_millis().to_string();
    let parts = [notice.id.as_str(), side.name(), letter.to.party.as_str(), person.email.as_str(), stamp.as_str()];
    let token = link_token(&shared.link_key, &parts);
    let mut view = letter.view.clone();
    let answerable = view.kind != NoticeKind::Resolved;
    if answerable {
        view.answer_url = Some(format!("{}/answer/{token}", shared.external_url));
    }
    let rendered = shared.renderer.letter(&view)?;
    let from = live.config.mail.from.clone();
    let sender = from.rsplit('<').next().unwrap_or(&from).trim_end_matches('>').trim().to_owned();
    let message = compose(&Letter {
        from,
        to: (person.name.clone(), person.email.clone()),
        reply_to: letter.reply_to.as_ref().map(|person| (person.name.clone(), person.email.clone())),
        subject: rendered.subject.clone(),
        text: rendered.text,
        html: rendered.html,
        date: now,
        id: format!(
            "{}.{}.{}.{}",
            notice.id.to_ascii_lowercase(),
            view.kind.name(),
            side.name(),
            token.get(..8).unwrap_or(&token)
        ),
        thread: format!("{}.thread", notice.id.to_ascii_lowercase()),
        list: format!("{}.{}", slug(&key.api), slug(&key.integration)),
        notice: notice.id.clone(),
    })?;
    Ok(PlannedDelivery {
        kind: view.kind,
        side,
        party: letter.to.party.clone(),
        name: person.name.clone(),
        recipient: person.email.clone(),
        sender,
        subject: rendered.subject,
        message,
        token: answerable.then_some(token),
        stand_ins: Vec::new(),
    })
}

fn slug(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}

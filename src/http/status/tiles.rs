//! Three answers at a glance: is it alive, is it checking, does its mail leave?

use crate::mail::SmtpServer;
use crate::model::ApiState;
use crate::render::{clean, without_credentials};
use crate::state::TroublePart;
use crate::store::Overview;

use super::sections::{Sections, is_unjudged};
use super::view::{ApiView, StatusState, StatusView, Tile};
use super::words::{ago, moment, plural};

/// Longest detail of a tile, characters.
const LONGEST: usize = 240;

/// The answers, of a whole status.
pub(super) fn tiles(status: &StatusView, overview: &Overview, server: &SmtpServer) -> Vec<Tile> {
    vec![alive(status), checking(status), mail(status, overview, server)]
}

fn tile(name: &str, state: StatusState, headline: String, detail: &str) -> Tile {
    Tile { name: name.to_owned(), state, headline, detail: clean(&without_credentials(detail), LONGEST) }
}

fn alive(status: &StatusView) -> Tile {
    let up = format!("up {}", ago(status.at - status.started_at));
    // What keeps letters from leaving stands on the tile of the mail.
    let own = status.trouble.iter().find(|trouble| trouble.part != TroublePart::Mail.to_string());
    if let Some(trouble) = own {
        return tile("alive", StatusState::Trouble, format!("Needs help: {}", trouble.part), &trouble.what);
    }
    let failed = status.loops.iter().find_map(|run| Some((run.name, run.last_error.as_ref()?)));
    match failed {
        Some((name, why)) => {
            tile("alive", StatusState::Trouble, format!("The loop `{}` fails", name.as_str()), &format!("{why}; {up}"))
        }
        None => tile("alive", StatusState::Ok, "Alive".to_owned(), &up),
    }
}

fn checking(status: &StatusView) -> Tile {
    let all = &status.checking;
    let fine = all.iter().filter(|api| api.state == ApiState::Verified && !api.overdue).count();
    let headline = if all.is_empty() { "Nothing is watched".to_owned() } else { format!("{fine} of {} fine", all.len()) };
    let last = all.iter().filter_map(|api| api.last_success).max();
    let is_ours = |api: &ApiView| api.state == ApiState::Blind || api.overdue;
    let worst = Sections::of(status).unjudged.first().copied();
    match worst {
        Some(worst) => {
            let state = if all.iter().all(is_ours) { StatusState::Trouble } else { StatusState::Action };
            let long = worst.since.map(|since| format!(" for {}", ago(status.at - since))).unwrap_or_default();
            let how = if is_unjudged(worst.state) { worst.state.name() } else { "overdue" };
            tile("checking", state, headline, &format!("{} ({}) is {how}{long}", worst.name, worst.integration))
        }
        None => {
            let changed = all.iter().filter(|api| api.state == ApiState::Changed).count();
            let changed = if changed == 0 { String::new() } else { format!("{changed} changed and told; ") };
            let read = last.map_or_else(|| "nothing read yet".to_owned(), |at| format!("last read {} ago", ago(status.at - at)));
            let state = if fine == all.len() { StatusState::Ok } else { StatusState::Action };
            tile("checking", state, headline, &format!("{changed}{read}"))
        }
    }
}

fn mail(status: &StatusView, overview: &Overview, server: &SmtpServer) -> Tile {
    let server = format!("{}:{}", server.host, server.port);
    if let Some(trouble) = &overview.trouble.mail {
        let count = usize::try_from(trouble.count).unwrap_or(usize::MAX);
        let headline =
            format!("{} not leaving", if count == 1 { "1 letter is".to_owned() } else { format!("{count} letters are") });
        let detail = format!("the oldest written {}; {server}: {}", moment(trouble.since, status.at), trouble.reply);
        return tile("mail", StatusState::Trouble, headline, &detail);
    }
    let pending = status.telling.letters.get("pending").copied().and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
    let wait = |count: usize| format!("{} {}", plural(count, "letter"), if count == 1 { "waits" } else { "wait" });
    match (pending, overview.oldest_undelivered) {
        (0, _) | (_, None) => tile("mail", StatusState::Ok, "No letter waits".to_owned(), &format!("through {server}")),
        (count, Some(until)) if until > status.at => {
            tile("mail", StatusState::Ok, wait(count), &format!("for the end of quiet hours, {}", moment(until, status.at)))
        }
        (count, Some(oldest)) => {
            tile("mail", StatusState::Ok, wait(count), &format!("the oldest written {}, for {server}", moment(oldest, status.at)))
        }
    }
}

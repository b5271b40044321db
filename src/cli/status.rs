//! `driftd status`: what a running daemon knows, for a terminal, in the order of its page.

use std::fmt::Write as _;

use clap::Args;
use url::form_urlencoded;

use crate::http::{ApiView, ContactView, OpenView, Sections, StatusState, StatusView};
use crate::model::{ApiState, DeliveryState, Surface};
use crate::render::{escaped_json, without_commands};

use super::colours::{self, Paint, Tone};
use super::daemon_address::DaemonArgs;
use super::daemon_client::{get, parsed};
use super::exit::{self, CommandError};
use super::output::{local, say};

/// Width of the first column.
const WIDTH: usize = 12;

/// Findings and exceptions of one notice or description that are printed.
const PRINTED: usize = 5;

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    at: DaemonArgs,
    /// A line for each thing that needs somebody now, and no more.
    #[arg(long, conflicts_with = "json")]
    short: bool,
    /// Print the JSON object instead of text.
    #[arg(long)]
    json: bool,
    /// Only descriptions in this state, and what is about them: down, undecidable, blind, held, changed, new or verified.
    #[arg(long, value_parser = state)]
    only: Option<ApiState>,
    /// Only this integration.
    #[arg(long, value_name = "ID")]
    integration: Option<String>,
    /// Which page, where there is more than one holds.
    #[arg(long, value_name = "N", default_value_t = 1)]
    page: usize,
}

fn state(word: &str) -> Result<ApiState, String> {
    ApiState::named(word).ok_or_else(|| format!("there are {}", ApiState::ALL.map(ApiState::name).join(", ")))
}

pub(super) async fn run(args: &StatusArgs) -> u8 {
    print(args).await.unwrap_or_else(|error| error.report())
}

async fn print(args: &StatusArgs) -> Result<u8, CommandError> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(args.only.map(|state| ("state", state.name())));
    query.extend_pairs(args.integration.as_ref().map(|id| ("integration", id)));
    query.append_pair("page", &args.page.to_string());
    let text = get(&args.at, &format!("/status?{}", query.finish())).await?;
    let status: StatusView = parsed(&text)?;
    if args.json {
        sayln!("{}", escaped_json(&text));
    } else {
        let printed = Printed { status: &status, paint: Paint { is_on: colours::is_wanted() }, is_short: args.short };
        say(&without_commands(&printed.text()));
    }
    Ok(if status.state == StatusState::Ok { 0 } else { exit::FINDINGS })
}

/// A status, and how it is printed.
struct Printed<'p> {
    status: &'p StatusView,
    paint: Paint,
    is_short: bool,
}

const fn tone_of(state: StatusState) -> Tone {
    match state {
        StatusState::Ok => Tone::Good,
        StatusState::Action => Tone::Doubtful,
        StatusState::Trouble => Tone::Bad,
    }
}

fn tone_of_api(api: &ApiView) -> Tone {
    match api.state {
        ApiState::Down | ApiState::Blind => Tone::Bad,
        ApiState::Verified if !api.overdue => Tone::Good,
        ApiState::New => Tone::Soft,
        _ => Tone::Doubtful,
    }
}

fn tone_of_letter(state: DeliveryState) -> Tone {
    match state {
        DeliveryState::Sent => Tone::Good,
        DeliveryState::DeadAddress | DeliveryState::Refused => Tone::Bad,
        _ => Tone::Doubtful,
    }
}

impl Printed<'_> {
    fn text(&self) -> String {
        let (status, paint) = (self.status, self.paint);
        let sections = Sections::of(status);
        let state = paint.word(tone_of(status.state), &status.state.to_string().to_uppercase());
        let mut out = format!("{state}: {}\n", status.verdict);
        for tile in &status.tiles {
            let detail = if tile.detail.is_empty() { String::new() } else { format!("; {}", tile.detail) };
            let name = paint.column(tone_of(tile.state), &tile.name, WIDTH);
            let _ = writeln!(out, "  {name}{}{detail}", tile.headline);
        }
        self.needs_somebody(&mut out, &sections);
        if self.is_short {
            return out;
        }
        self.heading(&mut out, "Open notices", sections.open.len());
        for open in &sections.open {
            self.notice(&mut out, open);
        }
        self.heading(&mut out, "Descriptions that need nobody", sections.rest.len());
        for api in &sections.rest {
            self.description(&mut out, api);
        }
        self.heading(&mut out, "Later days and promises", sections.later.len());
        for date in &sections.later {
            let day = date.on.map_or_else(|| "-".to_owned(), |day| day.to_string());
            let _ = writeln!(out, "{day:<WIDTH$}{}/{}: {}", date.integration, date.api, date.finding.message);
        }
        if let Some(oldest) = status.telling.oldest_undelivered {
            let _ = writeln!(out, "\nThe oldest letter that has not left was written {}.", local(oldest));
        }
        let extent = &status.extent;
        if extent.pages > 1 {
            let (page, pages) = (extent.page, extent.pages);
            let _ = writeln!(
                out,
                "\nPage {page} of {pages}, the worst first: {} descriptions, {} open notices, {} days. `--page {}` shows the next.",
                extent.descriptions,
                extent.open,
                extent.dates,
                (page + 1).min(pages)
            );
        }
        let _ = writeln!(
            out,
            "\ndriftd {}, up since {}, configuration of {}",
            status.version,
            local(status.started_at),
            local(status.config_loaded_at)
        );
        out
    }

    fn heading(&self, out: &mut String, title: &str, count: usize) {
        if count > 0 {
            let _ = writeln!(out, "\n{}", self.paint.word(Tone::Soft, title));
        }
    }

    fn needs_somebody(&self, out: &mut String, sections: &Sections<'_>) {
        let (status, paint) = (self.status, self.paint);
        let mut lines = String::new();
        for trouble in &status.trouble {
            let tag = paint.column(Tone::Bad, "TROUBLE", WIDTH);
            let _ = writeln!(lines, "{tag}{} since {}: {}", trouble.part, local(trouble.since), trouble.what);
        }
        for api in &sections.unjudged {
            self.unjudged(&mut lines, api);
        }
        for open in &sections.overdue {
            self.notice(&mut lines, open);
        }
        for date in &sections.near {
            let day = date.on.map(|day| day.to_string()).unwrap_or_default();
            let tag = paint.column(Tone::Doubtful, &day, WIDTH);
            let _ = writeln!(lines, "{tag}{}/{}: {}", date.integration, date.api, date.finding.message);
        }
        for gap in status.gaps.iter().filter(|gap| gap.is_orphan) {
            let tag = paint.column(Tone::Bad, "ORPHAN", WIDTH);
            let _ = writeln!(lines, "{tag}{}: {} {}", gap.integration, gap.party, gap.what);
        }
        let unmatched = status.checking.iter().flat_map(|api| &api.unmatched_uses);
        for what in status.empty_exceptions.iter().chain(unmatched) {
            let _ = writeln!(lines, "{}{what}", paint.column(Tone::Doubtful, "check", WIDTH));
        }
        if !lines.is_empty() {
            let _ = write!(out, "\n{}\n{lines}", paint.word(Tone::Soft, "Needs you now"));
        }
    }

    /// A description that somebody has to look at: since when, why, whom to call.
    fn unjudged(&self, out: &mut String, api: &ApiView) {
        let since = api.since.map(|since| format!(", since {}", local(since))).unwrap_or_default();
        let late = if api.overdue { ", its check is overdue" } else { "" };
        let tag = self.paint.column(tone_of_api(api), &api.state.name().to_uppercase(), WIDTH);
        let _ = writeln!(out, "{tag}{}{since}{late}: {}", name_of(api), api.detail);
        if self.is_short {
            return;
        }
        for ContactView { side, party, name, email, phone, .. } in &api.contacts {
            let phone = phone.as_ref().map(|phone| format!(", {phone}")).unwrap_or_default();
            let _ = writeln!(out, "{:WIDTH$}call {name} of {party} ({}): {email}{phone}", "", side.name());
        }
    }

    fn notice(&self, out: &mut String, open: &OpenView) {
        let paint = self.paint;
        let (tag, late) = match open.overdue_days {
            Some(days) => (
                paint.column(Tone::Bad, "OVERDUE", WIDTH),
                format!(", {days} {} overdue", if days == 1 { "day" } else { "days" }),
            ),
            None => {
                let due = open.answer_by.map(|due| format!(", to be answered by {}", local(due))).unwrap_or_default();
                (paint.column(Tone::Doubtful, "open", WIDTH), due)
            }
        };
        let _ = writeln!(out, "{tag}{} {} ({}){late}: {}", open.notice, open.api_name, open.integration_name, open.headline);
        for side in &open.sides {
            let answer = side.answer.as_deref().unwrap_or("no answer yet");
            let said: String = side.said.iter().map(|said| format!("; {said}")).collect();
            let reach = if self.is_short { side.owner.clone() } else { format!("{} ({})", side.owner, side.contact) };
            let _ = writeln!(out, "{:WIDTH$}{} {}: {reach}: {answer}{said}", "", side.side.name(), side.party);
            if self.is_short {
                continue;
            }
            for letter in &side.letters {
                let state = paint.word(tone_of_letter(letter.state), letter.state.name());
                let reply = letter.last_reply.as_deref().unwrap_or("not tried yet");
                let tries = if letter.tries == 1 { "1 try".to_owned() } else { format!("{} tries", letter.tries) };
                let _ = writeln!(out, "{:WIDTH$}  {state}: {} letter to {}, {tries}: {reply}", "", letter.kind, letter.to);
            }
        }
        if self.is_short {
            return;
        }
        for finding in open.findings.iter().take(PRINTED) {
            let place = finding.used_by.first().map(|place| format!("{place}: ")).unwrap_or_default();
            let _ = writeln!(out, "{:WIDTH$}  {:<8}  {place}{}", "", finding.severity, finding.message);
        }
        if open.findings.len() > PRINTED {
            let _ = writeln!(out, "{:WIDTH$}  and {} more", "", open.findings.len() - PRINTED);
        }
    }

    fn description(&self, out: &mut String, api: &ApiView) {
        let read = api.last_success.map_or_else(|| "never".to_owned(), local);
        let verified = api.last_verified_unchanged.map_or_else(|| "never".to_owned(), local);
        let tag = self.paint.column(tone_of_api(api), api.state.name(), WIDTH);
        let _ = writeln!(
            out,
            "{tag}{}: {}; read {read}, verified unchanged {verified}, next {}",
            name_of(api),
            api.detail,
            local(api.next_check)
        );
        let excepted = api.messages.iter().filter_map(|finding| Some((finding, finding.exception.as_ref()?)));
        for (finding, note) in excepted.take(PRINTED) {
            let _ = writeln!(out, "{:WIDTH$}{} until {}, {}: {}", "", note.to.name(), note.until, note.owner, finding.message);
        }
    }
}

fn name_of(api: &ApiView) -> String {
    let upcoming = if api.surface == Surface::Upcoming { " (upcoming)" } else { "" };
    format!("{}/{}{upcoming}", api.integration, api.api)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A status with everything that needs somebody, as a daemon tells it.
    fn status() -> StatusView {
        let finding = serde_json::json!({
            "severity": "breaking", "rule": "r", "contents": [], "message": "the field `a` is gone", "used_by": [],
            "since": "2026-03-02T09:00:00Z", "concerns_somebody": true, "exception": null, "given": null,
        });
        let letter = serde_json::json!({
            "kind": "opened", "to": "Eve Engineer <dev@shop.example>", "state": "sent", "written_at": "2026-03-02T09:00:00Z",
            "sent_at": "2026-03-02T09:00:01Z", "tries": 1, "last_reply": "250 2.0.0 taken",
        });
        let api = |name: &str, state: &str| {
            serde_json::json!({
                "integration": "shop", "api": name, "surface": "live", "name": name, "source": "", "state": state, "detail": "why",
                "since": "2026-03-02T09:00:00Z", "contacts": [{"side": "provider", "party": "Pay", "role": "on-call",
                "name": "Olga", "email": "o@pay.example", "phone": "+49 30 12"}],
                "last_check": null, "last_success": null, "last_verified_unchanged": null, "last_changed": null,
                "next_check": "2026-03-02T09:00:00Z", "overdue": false, "failures": 3, "snapshot": null, "baseline": null,
                "unmatched_uses": [], "findings": {}, "messages": [],
            })
        };
        let open = |notice: &str, days: Option<i64>| {
            serde_json::json!({
                "notice": notice, "integration": "shop", "integration_name": "Payments", "api": "pay", "api_name": "Pay API",
                "surface": "live", "opened_at": "2026-03-02T09:00:00Z", "age_hours": 90, "answer_by": "2026-03-04T09:00:00Z",
                "overdue_days": days, "headline": "1 breaking: gone", "findings": [finding],
                "sides": [{"side": "consumer", "party": "Shop", "owner": "Eve Engineer", "contact": "Eve Engineer <dev@shop.example>",
                    "answer": null, "said": ["time until 2026-05-04 was asked for and agreed"], "letters": [letter]}],
            })
        };
        serde_json::from_value(serde_json::json!({
            "state": "action", "verdict": "2 notices open.", "at": "2026-03-09T09:00:00Z", "version": "0.1.0",
            "started_at": "2026-03-02T09:00:00Z", "config_loaded_at": "2026-03-02T09:00:00Z",
            "tiles": [{"name": "mail", "state": "ok", "headline": "No letter waits", "detail": ""}],
            "trouble": [], "checking": [api("fine", "verified"), api("gone", "down")], "dates": [], "gaps": [], "unconfirmed": [],
            "telling": {"oldest_undelivered": null, "letters": {}, "undeliverable": [], "dead_contacts": []},
            "open": [open("N-waits", None), open("N-late", Some(5))],
        }))
        .expect("a status")
    }

    fn printed(is_on: bool, is_short: bool) -> String {
        Printed { status: &status(), paint: Paint { is_on }, is_short }.text()
    }

    #[test]
    fn it_is_in_the_order_of_the_page_and_names_the_person_and_the_state_of_each_letter() {
        let text = printed(false, false);
        let words = [
            "ACTION: 2 notices open.",
            "  mail        No letter waits",
            "Needs you now",
            "DOWN        shop/gone, since",
            "call Olga of Pay (provider): o@pay.example, +49 30 12",
            "OVERDUE     N-late Pay API (Payments), 5 days overdue: 1 breaking: gone",
            "consumer Shop: Eve Engineer (Eve Engineer <dev@shop.example>): no answer yet; time until 2026-05-04 was asked for and agreed",
            "sent: opened letter to Eve Engineer <dev@shop.example>, 1 try: 250 2.0.0 taken",
            "Open notices",
            "open        N-waits",
            "Descriptions that need nobody",
            "verified    shop/fine: why",
        ];
        let mut rest = text.as_str();
        for word in words {
            rest = rest.split_once(word).unwrap_or_else(|| panic!("{word:?} does not come next in\n{text}")).1;
        }
    }

    #[test]
    fn in_short_it_is_what_needs_somebody_and_colour_changes_no_column() {
        let short = printed(false, true);
        assert!(short.contains("DOWN        shop/gone") && short.contains("OVERDUE     N-late"), "{short}");
        for word in ["N-waits", "shop/fine", "250", "call Olga", "\u{1b}"] {
            assert!(!short.contains(word), "{word} stands in\n{short}");
        }
        let coloured = printed(true, false);
        assert!(coloured.contains("\u{1b}[1;31mOVERDUE     \u{1b}[0mN-late"), "{coloured}");
        let mut plain = coloured;
        for code in ["1;31", "33", "32", "2", "0"] {
            plain = plain.replace(&format!("\u{1b}[{code}m"), "");
        }
        assert_eq!(plain, printed(false, false));
    }
}

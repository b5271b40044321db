//! Commands that ask a running daemon through its endpoint.

use chrono::{DateTime, Local, NaiveDate, Utc};
use clap::Args;
use serde::Deserialize;

use crate::http::{StatusState, StatusView};
use crate::render::{clean, escaped_json, without_commands};

use super::place::{Where, client, ended, get, parsed};
use super::say;

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    at: Where,
    /// Print the JSON object instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    #[command(flatten)]
    at: Where,
    /// How far to look back.
    #[arg(long, default_value_t = 30)]
    days: u32,
}

#[derive(Debug, Args)]
pub(super) struct AckArgs {
    /// The answer link from the letter.
    link: String,
    /// Who owns it from now on.
    #[arg(long)]
    owner: String,
    /// When it will be done: 2026-12-31.
    #[arg(long, required_unless_present_any = ["accept", "not_us", "extend", "agree", "refuse"])]
    fix_by: Option<NaiveDate>,
    /// Anything the other side should know.
    #[arg(long, default_value = "")]
    note: String,
    /// The consumer has adapted: compare with the new description from now on.
    #[arg(long, conflicts_with_all = ["fix_by", "not_us", "extend", "agree", "refuse"])]
    accept: bool,
    /// It is somebody else's on this side: "deputy" or a role such as "on-call".
    #[arg(long, value_name = "ROLE", conflicts_with_all = ["fix_by", "extend", "agree", "refuse"])]
    not_us: Option<String>,
    /// Ask the other side to keep things as they are until a day.
    #[arg(long, value_name = "DAY", conflicts_with_all = ["fix_by", "agree", "refuse"])]
    extend: Option<NaiveDate>,
    /// Agree to a proposal of the other side, by its number.
    #[arg(long, value_name = "PROPOSAL", conflicts_with_all = ["fix_by", "refuse"])]
    agree: Option<i64>,
    /// Do not agree to it.
    #[arg(long, value_name = "PROPOSAL", conflicts_with = "fix_by")]
    refuse: Option<i64>,
}

pub(super) async fn status(args: &StatusArgs) -> u8 {
    let read = async {
        let text = get(&args.at, "/status").await?;
        Ok((parsed::<StatusView>(&text).map_err(|problem| (65, problem))?, text))
    };
    let (status, text) = match read.await {
        Ok(read) => read,
        Err(failure) => return ended(Err(failure)),
    };
    if args.json {
        sayln!("{}", escaped_json(&text));
    } else {
        say(&without_commands(&in_words(&status)));
    }
    u8::from(status.state != StatusState::Ok)
}

fn local(time: DateTime<Utc>) -> String {
    time.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S").to_string()
}

fn in_words(status: &StatusView) -> String {
    use std::fmt::Write as _;
    let mut out = format!("{}: {}\n", status.state.to_string().to_uppercase(), status.verdict);
    let _ = writeln!(
        out,
        "driftd {}, up since {}, configuration of {}",
        status.version,
        local(status.started_at),
        local(status.config_loaded_at)
    );
    for trouble in &status.trouble {
        let _ = writeln!(out, "\n! {} since {}: {}", trouble.part, local(trouble.since), trouble.what);
    }
    for open in &status.open {
        let _ = writeln!(
            out,
            "\n{}  {} ({}), {} h old, to be answered by {}",
            open.notice,
            open.api_name,
            open.integration_name,
            open.age_hours,
            local(open.answer_by)
        );
        for finding in open.findings.iter().take(5) {
            let _ = writeln!(out, "    {:<8}  {}", finding.severity, finding.message);
        }
        if open.findings.len() > 5 {
            let _ = writeln!(out, "    and {} more", open.findings.len() - 5);
        }
        for side in &open.sides {
            let answer = side.answer.as_deref().unwrap_or("no answer yet");
            let _ = writeln!(out, "  {:<8}  {}: {} ({}); {answer}", side.side.name(), side.party, side.owner, side.contact);
            for letter in &side.letters {
                let reply = letter.last_reply.as_deref().unwrap_or("not tried yet");
                let _ =
                    writeln!(out, "            {} letter {} ({} tries): {reply}", letter.kind, letter.state.name(), letter.tries);
            }
        }
    }
    out.push('\n');
    for api in &status.checking {
        let read = api.last_success.map_or_else(|| "never".to_owned(), local);
        let verified = api.last_verified_unchanged.map_or_else(|| "never".to_owned(), local);
        let name = if api.surface == crate::model::Surface::Upcoming {
            format!("{}/{} (upcoming)", api.integration, api.api)
        } else {
            format!("{}/{}", api.integration, api.api)
        };
        let _ = writeln!(out, "{:<11}  {name}: {}", api.state.name(), api.detail);
        if api.overdue {
            let _ = writeln!(out, "{:<11}  its check is overdue", "overdue");
        }
        for unmatched in &api.unmatched_uses {
            let _ = writeln!(out, "{:<11}  {unmatched}", "check");
        }
        let _ = writeln!(out, "             read {read}, verified unchanged {verified}, next {}", local(api.next_check));
    }
    for exception in &status.empty_exceptions {
        let _ = writeln!(out, "{:<11}  {exception}", "check");
    }
    if let Some(oldest) = status.telling.oldest_undelivered {
        let _ = writeln!(out, "\nThe oldest letter that has not left was written {}.", local(oldest));
    }
    out
}

#[derive(Deserialize)]
struct History {
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    at: DateTime<Utc>,
    kind: String,
    text: String,
}

pub(super) async fn history(args: &HistoryArgs) -> u8 {
    let read = async {
        let text = get(&args.at, &format!("/history?days={}&limit=10000", args.days)).await?;
        parsed::<History>(&text).map_err(|problem| (65, problem))
    };
    ended(read.await.map(|history| {
        for event in history.events {
            sayln!("{}  {:<13}  {}", local(event.at), event.kind, event.text);
        }
    }))
}

/// What the daemon says of an answer that it did not record.
#[derive(Default, Deserialize)]
struct Said {
    title: String,
    text: String,
}

pub(super) async fn ack(args: &AckArgs) -> u8 {
    let is_link =
        url::Url::parse(&args.link).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.path().contains("/answer/"));
    if !is_link {
        eprintln!("driftd: {:?} is not an answer link; copy it from the letter, it contains /answer/", args.link);
        return 2;
    }
    let answer = match (args.accept, &args.not_us, args.extend, args.agree, args.refuse) {
        (true, ..) => "accepted",
        (_, Some(_), ..) => "not-us",
        (_, _, Some(_), ..) => "extend",
        (_, _, _, Some(_), _) => "agreed",
        (.., Some(_)) => "refused",
        _ => "ours",
    };
    let date = args.fix_by.or(args.extend).map(|date| date.to_string()).unwrap_or_default();
    let proposal = args.agree.or(args.refuse).map(|id| id.to_string()).unwrap_or_default();
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("owner", &args.owner)
        .append_pair("answer", answer)
        .append_pair("fix_by", &date)
        .append_pair("ask", args.not_us.as_deref().unwrap_or_default())
        .append_pair("proposal", &proposal)
        .append_pair("note", &args.note)
        .finish();
    let sent = match client() {
        Ok(client) => {
            let post = client.post(&args.link).header("Content-Type", "application/x-www-form-urlencoded");
            post.header("Accept", "application/json").body(form).send().await
        }
        Err(problem) => {
            eprintln!("driftd: {problem}");
            return 74;
        }
    };
    match sent {
        Ok(response) if response.status().is_success() => {
            sayln!(
                "Recorded: {} answered {answer}{}.",
                args.owner,
                args.fix_by.map(|date| format!(", done by {date}")).unwrap_or_default()
            );
            0
        }
        Ok(response) => {
            let status = response.status();
            // The daemon says which of its reasons it is.
            let said = response.text().await.unwrap_or_default();
            let said: Said = serde_json::from_str(&said).unwrap_or_default();
            let why = if said.title.is_empty() {
                format!("the daemon answered {status}")
            } else {
                clean(&format!("{}. {}", said.title, said.text), 1000)
            };
            eprintln!("driftd: {why}");
            match status.as_u16() {
                429 => 75,
                400..=499 if !said.title.is_empty() => 65,
                _ => 69,
            }
        }
        Err(_) => {
            eprintln!("driftd: nobody answers at {}", args.link);
            69
        }
    }
}

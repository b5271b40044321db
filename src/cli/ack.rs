//! `driftd ack`.

use chrono::NaiveDate;
use clap::Args;
use serde::Deserialize;

use crate::render::clean;

use super::daemon_client::client;
use super::exit;

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

/// What the daemon says of an answer that it did not record.
#[derive(Default, Deserialize)]
struct RefusedAnswer {
    title: String,
    text: String,
}

pub(super) async fn run(args: &AckArgs) -> u8 {
    let is_link =
        url::Url::parse(&args.link).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.path().contains("/answer/"));
    if !is_link {
        eprintln!("driftd: {:?} is not an answer link; copy it from the letter, it contains /answer/", args.link);
        return exit::USAGE;
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
        Err(error) => return error.report(),
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
            let said: RefusedAnswer = serde_json::from_str(&said).unwrap_or_default();
            let why = if said.title.is_empty() {
                format!("the daemon answered {status}")
            } else {
                clean(&format!("{}. {}", said.title, said.text), 1000)
            };
            eprintln!("driftd: {why}");
            match status.as_u16() {
                429 => exit::TRY_LATER,
                400..=499 if !said.title.is_empty() => exit::BAD_DATA,
                _ => exit::UNREACHABLE,
            }
        }
        Err(_) => {
            eprintln!("driftd: no daemon answers at {}", args.link);
            exit::UNREACHABLE
        }
    }
}

//! `driftd ledger`.

use clap::Args;
use serde::Deserialize;

use crate::model::LedgerEntry;
use crate::render::escaped_json;

use super::daemon_address::DaemonArgs;
use super::daemon_client::{api_path, get, parsed};
use super::exit::{CommandError, exit_code};

#[derive(Debug, Args)]
pub(super) struct LedgerArgs {
    #[command(flatten)]
    at: DaemonArgs,
    /// The API, as INTEGRATION/API.
    api: String,
    /// Print the JSON object instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct LedgerAnswer {
    ledger: Vec<LedgerEntry>,
}

pub(super) async fn run(args: &LedgerArgs) -> u8 {
    exit_code(print(args).await)
}

async fn print(args: &LedgerArgs) -> Result<(), CommandError> {
    let path = api_path(&args.api)?;
    let text = get(&args.at, &format!("{path}/ledger")).await?;
    if args.json {
        sayln!("{}", escaped_json(&text));
        return Ok(());
    }
    let ledger: LedgerAnswer = parsed(&text)?;
    if ledger.ledger.is_empty() {
        sayln!("No day was ever announced for {}.", args.api);
    }
    for entry in ledger.ledger {
        let statement = &entry.statement;
        let date = match statement.date {
            _ if statement.paused => "put off".to_owned(),
            Some(date) => date.to_string(),
            None => "no date".to_owned(),
        };
        let state = match (entry.ended_at, entry.replaced) {
            (None, _) => "current",
            (Some(_), true) => "replaced",
            (Some(_), false) => "withdrawn",
        };
        let (mark, subject) = (statement.mark.name(), &statement.subject);
        let (origin, read) = (statement.origin.name(), entry.read_at.date_naive());
        sayln!(
            "{date:<10}  {mark:<11}  {subject}\n            {state}, read on {read} from {origin}, {}: {}",
            statement.place,
            statement.verbatim
        );
        if let Some(odd) = &statement.odd {
            sayln!("            {odd}");
        }
    }
    Ok(())
}

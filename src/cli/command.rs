//! The command line, and which command does what.

use clap::{Parser, Subcommand};

use super::configuration::ConfigArgs;
use super::logs::{self, LogFormat};
use super::{
    ack, announce, bounce, check, check_config, check_now, demo, diff, handover, history, ledger, letters, lint, rules,
    run_daemon, status, test_mail,
};

/// Watches the API descriptions two companies share, and writes to both sides before a change breaks anything.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Cli {
    /// How logs are written to standard error.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Human, env = "DRIFTD_LOG_FORMAT")]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon.
    Run(ConfigArgs),
    /// Check the configuration and report every mistake at once.
    CheckConfig(check_config::CheckConfigArgs),
    /// Send one small letter and tell, stage by stage, what the mail server says.
    TestMail(test_mail::TestMailArgs),
    /// Read one description, a file or a URL, and tell what is odd about it.
    Check(check::CheckArgs),
    /// Compare two descriptions: files or URLs.
    Diff(diff::DiffArgs),
    /// Print the rules, or one of them.
    Rules {
        /// The rule's id.
        id: Option<String>,
        /// Print the 509 ids that users of oasdiff know, and the rules here that answer to each.
        #[arg(long, conflicts_with = "id")]
        oasdiff: bool,
    },
    /// Show the state of a running daemon: alive, checking, telling, and what is open.
    Status(status::StatusArgs),
    /// What a running daemon saw and did.
    History(history::HistoryArgs),
    /// Answer a notice with the link from its letter.
    Ack(ack::AckArgs),
    /// Check now what is watched, whatever its schedule says.
    CheckNow(check_now::CheckNowArgs),
    /// The newest letters, and what became of each.
    Letters(letters::LettersArgs),
    /// Send letters again, byte for byte the same.
    Resend(letters::ResendArgs),
    /// Record a day on which something ends or changes.
    Announce(announce::AnnounceArgs),
    /// Every day that was ever announced for an API, and where it was read.
    Ledger(ledger::LedgerArgs),
    /// Hand in a mail that came back: `driftd bounce < mail`.
    Bounce(bounce::BounceArgs),
    /// Find integrations where a side has nobody who can be written to.
    Lint(lint::LintArgs),
    /// All that depends on one person: roles, exceptions, open notices.
    Handover(handover::HandoverArgs),
    /// Watch driftd at work: a partner that changes its API, and the letters to both sides.
    Demo(demo::DemoArgs),
}

/// Installs the log: human on a terminal, JSON on request. `DRIFTD_LOG` filters, for example `driftd=debug`.
pub fn install_tracing(cli: &Cli) {
    let quiet = if matches!(cli.command, Command::Demo(_)) { "driftd=error" } else { "driftd=info" };
    logs::install(cli.log_format, quiet);
}

/// Runs a command and returns the exit code.
pub async fn run(cli: Cli) -> u8 {
    match cli.command {
        Command::Run(args) => run_daemon::run(&args).await,
        Command::CheckConfig(args) => check_config::run(&args).await,
        Command::TestMail(args) => test_mail::run(&args).await,
        Command::Check(args) => check::run(&args).await,
        Command::Diff(args) => diff::run(&args).await,
        Command::Rules { oasdiff: true, .. } => rules::oasdiff(),
        Command::Rules { id, .. } => rules::run(id.as_deref()),
        Command::Status(args) => status::run(&args).await,
        Command::History(args) => history::run(&args).await,
        Command::Ack(args) => ack::run(&args).await,
        Command::CheckNow(args) => check_now::run(&args).await,
        Command::Letters(args) => letters::letters(&args).await,
        Command::Resend(args) => letters::resend(&args).await,
        Command::Announce(args) => announce::run(&args).await,
        Command::Ledger(args) => ledger::run(&args).await,
        Command::Bounce(args) => bounce::run(&args).await,
        Command::Lint(args) => lint::run(&args).await,
        Command::Handover(args) => handover::run(&args).await,
        Command::Demo(args) => demo::run(&args).await,
    }
}

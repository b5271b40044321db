//! Commands. Each writes data to standard output and talk to standard error, and ends with a sysexits code:
//! 0 fine · 1 findings · 65 bad description · 69 unreachable · 74 IO · 75 try later · 78 configuration.

/// `println!` that does not mind a closed pipe.
macro_rules! sayln {
    ($($arguments:tt)*) => { $crate::cli::say(&format!("{}\n", format_args!($($arguments)*))) };
}

mod announce;
mod check;
mod check_config;
mod demo;
mod diff;
mod endpoint;
mod ignore;
mod logs;
mod nearest;
mod operate;
mod people;
mod place;
mod rules;
mod test_mail;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::daemon::{self, StartError};
use crate::lifecycle::Ended;

use logs::LogFormat;

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
    Check {
        /// The description.
        description: String,
    },
    /// Compare two descriptions: files or URLs.
    Diff(diff::DiffArgs),
    /// Print the rules, or one of them.
    Rules {
        /// The rule's id.
        id: Option<String>,
        /// Print the 509 ids that users of oasdiff know, and what answers to each here.
        #[arg(long, conflicts_with = "id")]
        oasdiff: bool,
    },
    /// Ask a running daemon: alive, checking, telling, and what is open?
    Status(endpoint::StatusArgs),
    /// What a running daemon saw and did.
    History(endpoint::HistoryArgs),
    /// Answer a notice with the link from its letter.
    Ack(endpoint::AckArgs),
    /// Check now what is watched, whatever its schedule says.
    CheckNow(operate::CheckNowArgs),
    /// The newest letters, and how each fared.
    Letters(operate::LettersArgs),
    /// Send letters again, byte for byte the same.
    Resend(operate::ResendArgs),
    /// Record a day on which something ends or changes.
    Announce(announce::AnnounceArgs),
    /// Every day that was ever announced for an API, and where it was read.
    Ledger(announce::LedgerArgs),
    /// Hand in a mail that came back: `driftd bounce < mail`.
    Bounce(announce::BounceArgs),
    /// Is there somebody at both ends of every integration?
    Lint(people::LintArgs),
    /// All that one person holds, before it is handed over.
    Handover(people::HandoverArgs),
    /// Watch driftd at work: a partner that changes its API, and the letters to both sides.
    Demo(demo::DemoArgs),
}

/// Where the configuration is.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConfigArgs {
    /// The configuration file.
    #[arg(short, long, default_value = "/etc/driftd/driftd.toml", env = "DRIFTD_CONFIG")]
    pub(crate) config: PathBuf,
}

/// Installs the log: human on a terminal, JSON on request. `DRIFTD_LOG` filters, for example `driftd=debug`.
pub fn install_tracing(cli: &Cli) {
    let quiet = if matches!(cli.command, Command::Demo(_)) { "driftd=error" } else { "driftd=info" };
    logs::install(cli.log_format, quiet);
}

/// Runs a command and returns the exit code.
pub async fn run(cli: Cli) -> u8 {
    match cli.command {
        Command::Run(args) => run_daemon(&args).await,
        Command::CheckConfig(args) => check_config::run(&args).await,
        Command::TestMail(args) => test_mail::run(&args).await,
        Command::Check { description } => check::run(&description).await,
        Command::Diff(args) => diff::run(&args).await,
        Command::Rules { oasdiff: true, .. } => rules::oasdiff(),
        Command::Rules { id, .. } => rules::run(id.as_deref()),
        Command::Status(args) => endpoint::status(&args).await,
        Command::History(args) => endpoint::history(&args).await,
        Command::Ack(args) => endpoint::ack(&args).await,
        Command::CheckNow(args) => operate::check_now(&args).await,
        Command::Letters(args) => operate::letters(&args).await,
        Command::Resend(args) => operate::resend(&args).await,
        Command::Announce(args) => announce::announce(&args).await,
        Command::Ledger(args) => announce::ledger(&args).await,
        Command::Bounce(args) => announce::bounce(&args).await,
        Command::Lint(args) => people::lint(&args).await,
        Command::Handover(args) => people::handover(&args).await,
        Command::Demo(args) => demo::run(&args).await,
    }
}

async fn run_daemon(args: &ConfigArgs) -> u8 {
    match daemon::start(&args.config).await {
        Ok(daemon) => code_of(daemon.run().await),
        Err(problem) => complain(&problem),
    }
}

/// By which systemd knows whether the daemon is to be started again.
fn code_of(ended: Ended) -> u8 {
    match ended {
        Ended::Asked => 0,
        Ended::TaskDied => 70,
    }
}

/// Says why the daemon did not start, with the whole chain of causes.
fn complain(problem: &StartError) -> u8 {
    if let StartError::Config(problems) = problem {
        for problem in problems {
            eprintln!("{problem}");
        }
    }
    let mut text = format!("driftd: {problem}");
    let mut source = std::error::Error::source(problem);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    eprintln!("{text}");
    problem.exit_code()
}

/// Prints to standard output. That nobody reads any more (`| head`) is not an error worth words.
fn say(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stdout().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_that_died_is_started_again_and_one_that_was_asked_to_stop_is_not() {
        let unit = include_str!("../../deploy/driftd.service");
        assert!(unit.lines().any(|line| line == "Restart=on-failure"));
        let stays_down = unit.lines().find_map(|line| line.strip_prefix("RestartPreventExitStatus=")).expect("codes");
        assert_eq!([Ended::Asked, Ended::TaskDied].map(code_of), [0, 70]);
        assert!(stays_down.split_whitespace().all(|code| code != "70"), "{stays_down}");
    }
}

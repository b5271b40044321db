//! `driftd demo`: the real daemon between a partner that changes its API and a mailbox.
//!
//! The partner's server and the mailbox are the demo's own; between them works what `driftd run` works,
//! configured by files and seen through its endpoint.

mod mailbox;
mod partner;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Args;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::daemon;

use super::history::History;
use super::{exit, run_daemon};

use mailbox::{Mailbox, ReceivedLetter};
use partner::Partner;

/// The shipped history, embedded: the demo needs nothing but the binary.
const HISTORY: &[(&str, &str)] = &[
    ("2026-01-12.yaml", include_str!("../../../fixtures/history/quayside/2026-01-12.yaml")),
    ("2026-02-09.yaml", include_str!("../../../fixtures/history/quayside/2026-02-09.yaml")),
    ("2026-03-02.yaml", include_str!("../../../fixtures/history/quayside/2026-03-02.yaml")),
    ("2026-04-20.yaml", include_str!("../../../fixtures/history/quayside/2026-04-20.yaml")),
    ("2026-05-04.yaml", include_str!("../../../fixtures/history/quayside/2026-05-04.yaml")),
    ("2026-06-15.yaml", include_str!("../../../fixtures/history/quayside/2026-06-15.yaml")),
];

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Play this folder of dated descriptions instead of the shipped history.
    #[arg(long, value_name = "DIR")]
    history: Option<PathBuf>,
    /// Keep the state, the configuration and the letters here; by default in a new temporary folder.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// End once the whole history has been played and told, instead of waiting for Ctrl-C.
    #[arg(long)]
    once: bool,
}

/// One version of the partner's description.
struct Version {
    name: String,
    bytes: Vec<u8>,
}

pub(super) async fn run(args: &DemoArgs) -> u8 {
    match play(args).await {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("driftd: {problem:#}");
            exit::IO
        }
    }
}

async fn play(args: &DemoArgs) -> anyhow::Result<u8> {
    let versions = match &args.history {
        Some(folder) => versions_in(folder)?,
        None => {
            HISTORY.iter().map(|(name, text)| Version { name: (*name).to_owned(), bytes: text.as_bytes().to_vec() }).collect()
        }
    };
    let folder = folder(args.keep.as_deref())?;
    let names: Vec<String> = versions.iter().map(|version| version.name.clone()).collect();
    let partner = Partner::start(versions.into_iter().map(|version| version.bytes).collect()).await?;
    let mailbox = Mailbox::start(&folder.join("letters")).await?;
    configure(&folder, partner.port, mailbox.port, args.history.as_deref())?;
    let daemon = match daemon::start(&folder.join("config/driftd.toml")).await {
        Ok(daemon) => daemon,
        Err(problem) => return Ok(run_daemon::complain(&problem)),
    };
    let url = format!("http://{}", daemon.address);
    let who = if args.history.is_some() { "The provider" } else { "Quayside Freight" };
    println!("driftd demo. {who} publishes, Harbor Books calls, driftd stands between. Everything is on this machine.");
    println!("  configuration  {}", folder.join("config").display());
    println!("  letters        {}", folder.join("letters").display());
    println!("  status         {url}/status\n");
    let show = Show { started: Instant::now(), url, partner, mailbox, names, once: args.once };
    let mut playing = JoinSet::new();
    playing.spawn(show.run());
    tokio::select! {
        ended = daemon.run() => Ok(run_daemon::code_of(ended)),
        Some(played) = playing.join_next() => {
            played??;
            Ok(0)
        }
    }
}

fn versions_in(folder: &Path) -> anyhow::Result<Vec<Version>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(|error| anyhow::anyhow!("{}: {error}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|kind| kind == "yaml" || kind == "yml" || kind == "json"))
        .collect();
    paths.sort();
    anyhow::ensure!(paths.len() >= 2, "{} holds {} descriptions; a history needs at least two", folder.display(), paths.len());
    let mut versions = Vec::new();
    for path in paths {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        versions.push(Version { name, bytes: std::fs::read(&path)? });
    }
    Ok(versions)
}

fn folder(keep: Option<&Path>) -> anyhow::Result<PathBuf> {
    let folder = match keep {
        Some(folder) => folder.to_owned(),
        None => std::env::temp_dir().join(format!("driftd-demo-{}", std::process::id())),
    };
    for part in ["config/integrations", "letters", "state"] {
        std::fs::create_dir_all(folder.join(part)).map_err(|error| anyhow::anyhow!("{}: {error}", folder.display()))?;
    }
    Ok(folder)
}

/// Writes the configuration a reader may open, change and use with `driftd run`.
fn configure(folder: &Path, partner: u16, mailbox: u16, history: Option<&Path>) -> anyhow::Result<()> {
    let daemon = format!(
        r#"state_dir = "../state"

[http]
listen = "127.0.0.1:0"

[fetch]
# The demo's partner lives on this machine.
allow_private_hosts = ["127.0.0.1"]

[mail]
from = "driftd <driftd@harborbooks.example>"
operator = "platform-ops@harborbooks.example"

[mail.smtp]
host = "127.0.0.1"
port = {mailbox}
tls = "none"
"#
    );
    let (api, provider) = match history {
        None => ("Quayside Freight API".to_owned(), "Quayside Freight".to_owned()),
        Some(folder) => {
            let name = folder.file_name().map_or_else(|| "partner".to_owned(), |name| name.to_string_lossy().into_owned());
            let name: String = name.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ')).collect();
            (format!("{name} API"), format!("The {name} team"))
        }
    };
    let integration = format!(
        r#"name = "Shipping in Harbor Books"

[agreement]
notice = {{ breaking = "90 days" }}
acknowledge_within = "3 days"

[parties.provider]
name = "{provider}"
contacts = [
  {{ role = "api-owner", name = "Mara Lind", email = "mara.lind@provider.example", phone = "+49 40 5550 100", deputy = {{ name = "API platform team", email = "api-platform@provider.example" }} }},
]

[parties.harbor]
name = "Harbor Books"
contacts = [
  {{ role = "engineering", name = "Priya Nair", email = "priya.nair@harborbooks.example", phone = "+44 20 7946 0100", deputy = {{ name = "Fulfilment engineering", email = "fulfilment@harborbooks.example" }} }},
]

[[apis]]
id = "freight"
name = "{api}"
provider = "provider"
live = "http://127.0.0.1:{partner}/openapi"
every = "1s"
consumers = [{{ party = "harbor" }}]
"#
    );
    std::fs::write(folder.join("config/driftd.toml"), daemon)?;
    std::fs::write(folder.join("config/integrations/demo.toml"), integration)?;
    Ok(())
}

/// The demo while it runs: it publishes, and prints what the daemon did and wrote.
struct Show {
    started: Instant,
    url: String,
    partner: Partner,
    mailbox: Mailbox,
    names: Vec<String>,
    once: bool,
}

/// Findings that are printed for one change; the letters have all.
const FINDINGS_SHOWN: usize = 8;

impl Show {
    async fn run(mut self) -> anyhow::Result<()> {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build()?;
        let mut seen = BTreeSet::new();
        let mut has_hinted = false;
        // Fewer versions leave more time to read.
        let pause = Duration::from_millis((24_000 / u64::try_from(self.names.len())?).clamp(1500, 3000));
        for index in 0..self.names.len() {
            self.partner.publish(index);
            self.say("published", &format!("{} by the provider", self.names[index]));
            let read = self.partner.wait_for_reader(index, Duration::from_secs(20)).await;
            anyhow::ensure!(read, "the daemon did not fetch {} within 20 seconds", self.names[index]);
            let until = Instant::now() + pause;
            while Instant::now() < until {
                self.print_news(&client, &mut seen).await?;
                tokio::time::sleep(Duration::from_millis(120)).await;
            }
        }
        self.say("played", "that was the whole history");
        let until = Instant::now() + Duration::from_secs(2);
        while !self.once || Instant::now() < until {
            self.print_news(&client, &mut seen).await?;
            tokio::time::sleep(Duration::from_millis(200)).await;
            if !self.once && Instant::now() > until && !has_hinted {
                has_hinted = true;
                println!("\nLook at {}/status in a browser, open a letter, answer one. Ctrl-C ends the demo.", self.url);
            }
        }
        Ok(())
    }

    fn say(&self, kind: &str, text: &str) {
        let seconds = self.started.elapsed().as_secs();
        println!("{:02}:{:02}  {kind:<11}  {text}", seconds / 60, seconds % 60);
    }

    async fn print_news(&mut self, client: &reqwest::Client, seen: &mut BTreeSet<(DateTime<Utc>, String)>) -> anyhow::Result<()> {
        let text = client.get(format!("{}/history?limit=2000", self.url)).send().await?.text().await?;
        let history: History = serde_json::from_str(&text)?;
        let mut findings = 0;
        for event in history.events {
            if seen.insert((event.at, event.text.clone())) {
                let text = event.text.trim_start_matches("demo/freight: ");
                if event.kind == "finding" {
                    findings += 1;
                    if findings > FINDINGS_SHOWN || text.starts_with("info") {
                        continue;
                    }
                    println!("                      {text}");
                } else {
                    self.say(&event.kind, text);
                }
            }
        }
        if findings > FINDINGS_SHOWN {
            println!("                      … {findings} in all");
        }
        for ReceivedLetter { to, subject, answer, path } in self.mailbox.received() {
            self.say("letter", &format!("to {to}: {subject}"));
            println!("                      {}", path.display());
            if let Some(answer) = answer {
                println!("                      answer at {answer}");
            }
        }
        Ok(())
    }
}

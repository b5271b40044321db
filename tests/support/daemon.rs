//! The built binary with a configuration of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use super::partner::{Answer, Partner};
use super::smtp::Smtp;
use super::{fixture, wait_for};

pub fn signal(process: u32, name: &str) {
    let done = Command::new("kill").args(["-s", name, &process.to_string()]).status().expect("kill");
    assert!(done.success(), "kill -s {name} {process}");
}

/// A folder with a configuration, state and whatever a test puts there.
pub struct Home {
    folder: tempfile::TempDir,
    /// The lines of `[mail.smtp]`.
    pub smtp: String,
    pub live: String,
    /// More lines for `[[apis]]`.
    pub api: String,
    /// What the consumer says it uses; empty when it says nothing.
    pub operations: Vec<String>,
    /// More lines for `[fetch]`.
    pub fetch: String,
    /// More lines for `[mail]`.
    pub mail: String,
    /// More lines for `[http]`.
    pub http: String,
}

pub const CONSUMER: &str = "priya@harbor.example";
pub const CONSUMER_DEPUTY: &str = "fulfilment@harbor.example";
pub const PROVIDER: &str = "mara@quayside.example";
pub const PROVIDER_DEPUTY: &str = "platform@quayside.example";
pub const OPERATOR: &str = "ops@harbor.example";

/// A daemon that has read a version of the fixture, with the server and the partner it talks to.
pub fn verified(version: &str) -> (Smtp, Partner, Home, Daemon) {
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(fixture(version)));
    let home = Home::new(smtp.port, &partner.url());
    let daemon = home.start();
    daemon.wait_for_state("verified");
    (smtp, partner, home, daemon)
}

impl Home {
    pub fn new(smtp_port: u16, live: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("config/integrations")).expect("a folder");
        let home = Self {
            folder,
            smtp: format!("host = \"127.0.0.1\"\nport = {smtp_port}\ntls = \"none\""),
            live: live.to_owned(),
            api: "every = \"1s\"".to_owned(),
            operations: Vec::new(),
            fetch: "allow_private_hosts = [\"127.0.0.1\"]".to_owned(),
            mail: String::new(),
            http: String::new(),
        };
        home.configure();
        home
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub fn config(&self) -> PathBuf {
        self.folder.path().join("config/driftd.toml")
    }

    pub fn integration(&self) -> PathBuf {
        self.folder.path().join("config/integrations/freight.toml")
    }

    pub fn configure(&self) {
        let daemon = format!(
            "state_dir = \"../state\"\n[http]\nlisten = \"127.0.0.1:0\"\n{}\n[fetch]\n{}\n[mail]\nfrom = \"driftd <driftd@harbor.example>\"\noperator = \"{OPERATOR}\"\n{}\n[mail.smtp]\n{}\n",
            self.http, self.fetch, self.mail, self.smtp
        );
        let uses = if self.operations.is_empty() { String::new() } else { format!(", operations = {:?}", self.operations) };
        let integration = format!(
            r#"name = "Shipping in Harbor Books"
[agreement]
notice = {{ breaking = "90 days" }}
acknowledge_within = "3 days"
[parties.quayside]
name = "Quayside Freight"
contacts = [{{ role = "api-owner", name = "Mara Lind", email = "{PROVIDER}", phone = "+49 40 5550 100", deputy = {{ name = "Platform", email = "{PROVIDER_DEPUTY}" }} }}]
[parties.harbor]
name = "Harbor Books"
contacts = [{{ role = "engineering", name = "Priya Nair", email = "{CONSUMER}", deputy = {{ name = "Fulfilment", email = "{CONSUMER_DEPUTY}" }} }}]
[[apis]]
id = "freight"
name = "Freight API"
provider = "quayside"
live = "{}"
consumers = [{{ party = "harbor"{uses} }}]
{}
"#,
            self.live, self.api
        );
        std::fs::write(self.config(), daemon).expect("a file");
        std::fs::write(self.integration(), integration).expect("a file");
    }

    /// Does something to the database of a daemon that is not running. Returns how many rows each statement changed.
    pub fn with_database(&self, statements: &[&str]) -> Vec<u64> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let options = SqliteConnectOptions::new().filename(self.path().join("state/driftd.sqlite"));
            let mut database = options.connect().await.expect("the database");
            let mut changed = Vec::new();
            for statement in statements {
                let statement = sqlx::query(sqlx::AssertSqlSafe((*statement).to_owned()));
                changed.push(statement.execute(&mut database).await.expect("a statement").rows_affected());
            }
            database.close().await.expect("closed");
            changed
        })
    }

    pub fn start(&self) -> Daemon {
        let mut command = Command::new(env!("CARGO_BIN_EXE_driftd"));
        command.arg("run");
        self.start_with(command)
    }

    /// Starts the binary by a command that ends in the arguments of driftd.
    pub fn start_with(&self, mut command: Command) -> Daemon {
        command.args(["--log-format", "json", "--config"]).arg(self.config()).env("DRIFTD_LOG", "driftd=debug");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the binary");
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let stderr = child.stderr.take().expect("a pipe");
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                kept.lock().expect("the log").push(line);
            }
        });
        Daemon { child, log }
    }
}

pub struct Daemon {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
}

impl Daemon {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn log(&self) -> String {
        self.log.lock().expect("the log").join("\n")
    }

    /// Where its endpoint listens.
    pub fn address(&self) -> String {
        wait_for("the daemon says where it listens", || {
            let log = self.log.lock().expect("the log");
            let line = log.iter().find(|line| line.contains("driftd starts"))?;
            serde_json::from_str::<Value>(line).ok()?.get("address")?.as_str().map(str::to_owned)
        })
    }

    pub fn get(&self, path: &str, accept: &str) -> Option<String> {
        http(&self.address(), &format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nConnection: close\r\n\r\n"))
    }

    pub fn status(&self) -> Value {
        wait_for("/status answers", || serde_json::from_str(body(&self.get("/status", "application/json")?)).ok())
    }

    pub fn page(&self, path: &str) -> String {
        wait_for(path, || self.get(path, "text/html"))
    }

    /// Gets a full address.
    pub fn read(link: &str) -> String {
        let rest = link.strip_prefix("http://").expect("an address");
        let (address, path) = rest.split_once('/').expect("a path");
        http(address, &format!("GET /{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).expect("an answer")
    }

    /// Posts a form to a full address.
    pub fn post(link: &str, form: &str) -> String {
        let rest = link.strip_prefix("http://").expect("an address");
        let (address, path) = rest.split_once('/').expect("a path");
        let request = format!(
            "POST /{path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{form}",
            form.len()
        );
        http(address, &request).expect("an answer")
    }

    /// Waits for a state of the one watched API.
    #[track_caller]
    pub fn wait_for_state(&self, state: &str) -> Value {
        wait_for(&format!("the API is {state}; now {}", self.status()["checking"][0]), || {
            let status = self.status();
            (status["checking"][0]["state"] == state).then_some(status)
        })
    }

    /// Waits until the newest snapshot is these bytes and one more check has passed since.
    #[track_caller]
    pub fn wait_for_snapshot(&self, bytes: &[u8]) -> Value {
        let digest = super::digest(bytes);
        wait_for("the description has been read", || {
            let status = self.status();
            let api = &status["checking"][0];
            let settled = api["last_verified_unchanged"].as_str() > api["last_changed"].as_str();
            (api["snapshot"] == digest.as_str() && settled).then_some(status)
        })
    }

    pub fn signal(&self, name: &str) {
        signal(self.id(), name);
    }

    /// Asks it to stop and waits for its exit code.
    pub fn stop(mut self) -> i32 {
        self.signal("TERM");
        self.exit_code()
    }

    pub fn exit_code(&mut self) -> i32 {
        wait_for("the daemon ends", || self.child.try_wait().expect("a process")).code().unwrap_or(-1)
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a process").is_some()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- log of the daemon ---\n{}", self.log());
        }
    }
}

/// What an address answers to a request.
pub fn http(address: &str, request: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

/// The body of an HTTP response.
pub fn body(response: &str) -> &str {
    response.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

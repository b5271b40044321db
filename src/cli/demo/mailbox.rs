//! The demo's mailbox: takes every letter over SMTP (RFC 5321) and keeps it as a file.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A letter that came.
#[derive(Debug, Clone)]
pub(super) struct ReceivedLetter {
    pub(super) to: String,
    pub(super) subject: String,
    pub(super) answer: Option<String>,
    pub(super) path: PathBuf,
}

pub(super) struct Mailbox {
    pub(super) port: u16,
    letters: Arc<Mutex<Vec<ReceivedLetter>>>,
    _server: JoinSet<()>,
}

impl Mailbox {
    pub(super) async fn start(folder: &Path) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let letters: Arc<Mutex<Vec<ReceivedLetter>>> = Arc::default();
        let mut server = JoinSet::new();
        let (kept, folder, number) = (Arc::clone(&letters), folder.to_owned(), Arc::new(AtomicUsize::new(1)));
        server.spawn(async move {
            let mut clients = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, folder, number) = (Arc::clone(&kept), folder.clone(), Arc::clone(&number));
                clients.spawn(async move {
                    if let Err(problem) = converse(stream, &folder, &number, &kept).await {
                        tracing::debug!(%problem, "a conversation with the demo's mailbox ended early");
                    }
                });
            }
        });
        Ok(Self { port, letters, _server: server })
    }

    /// What came since the last call.
    pub(super) fn received(&self) -> Vec<ReceivedLetter> {
        std::mem::take(&mut *self.letters.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn converse(
    stream: TcpStream,
    folder: &Path,
    number: &AtomicUsize,
    kept: &Mutex<Vec<ReceivedLetter>>,
) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader);
    writer.write_all(b"220 demo mailbox\r\n").await?;
    let mut recipient = String::new();
    let mut line = String::new();
    loop {
        line.clear();
        if lines.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.trim_end();
        let upper = command.to_ascii_uppercase();
        if upper.starts_with("RCPT TO:") {
            recipient = command.get(8..).unwrap_or_default().trim().trim_matches(['<', '>']).to_owned();
        }
        if upper == "DATA" {
            writer.write_all(b"354 go ahead\r\n").await?;
            let mut message = String::new();
            loop {
                line.clear();
                if lines.read_line(&mut line).await? == 0 {
                    return Ok(());
                }
                if line == ".\r\n" {
                    break;
                }
                message.push_str(line.strip_prefix('.').unwrap_or(&line));
            }
            let at = number.fetch_add(1, Ordering::SeqCst);
            let path = folder.join(format!("{at:03}-{}.eml", recipient.replace(|c: char| !c.is_ascii_alphanumeric(), "-")));
            tokio::fs::write(&path, &message).await?;
            let letter =
                ReceivedLetter { to: recipient.clone(), subject: subject(&message), answer: answer_link(&message), path };
            kept.lock().unwrap_or_else(PoisonError::into_inner).push(letter);
            writer.write_all(format!("250 kept as letter {at}\r\n").as_bytes()).await?;
            continue;
        }
        let reply: &[u8] = match upper.split(' ').next() {
            Some("QUIT") => {
                writer.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            Some("EHLO" | "HELO" | "MAIL" | "RCPT" | "RSET" | "NOOP") => b"250 ok\r\n",
            _ => b"502 not here\r\n",
        };
        writer.write_all(reply).await?;
    }
}

fn subject(message: &str) -> String {
    let line = message.lines().find_map(|line| line.strip_prefix("Subject: "));
    line.unwrap_or("(no subject)").to_owned()
}

/// The answer link in the text part, soft line breaks of quoted-printable undone (RFC 2045 section 6.7).
fn answer_link(message: &str) -> Option<String> {
    let joined = message.replace("=\r\n", "");
    let at = joined.find("/answer/")?;
    let start = joined.get(..at)?.rfind("http")?;
    let rest = joined.get(start..)?;
    Some(rest.split(|c: char| c.is_whitespace() || c == '"').next()?.to_owned())
}

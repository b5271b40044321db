//! An SMTP server (RFC 5321) that can misbehave on purpose.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the server does to a recipient's letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manner {
    /// Takes it.
    Accept,
    /// Says nothing, not even hello.
    Mute,
    /// Refuses to talk.
    Busy,
    /// 550 at RCPT.
    UnknownUser,
    /// 451 at RCPT, so many times.
    Greylist(usize),
    /// 535 at RCPT, repeating the line of a login.
    EchoesLogin,
    /// 554 at RCPT, for reasons of our own.
    RelayDenied,
    /// 552 at RCPT: the recipient's mailbox is full.
    MailboxFull,
    /// 554 after DATA.
    Spam,
    /// Says this at RCPT.
    AtRecipient(&'static str),
    /// Says this when the letter has been handed over.
    AfterData(&'static str),
    /// Takes the letter and never answers.
    StallAfterData,
    /// Takes the letter and hangs up.
    DropAfterData,
    /// Takes the letter and kills the sender before answering.
    KillAfterData(u32),
}

/// A letter that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Envelope sender.
    pub sender: String,
    pub recipient: String,
    pub message: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> String {
        let text = String::from_utf8_lossy(&self.message);
        let head = text.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
        let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned));
        line.unwrap_or_default()
    }

    /// The body with soft line breaks and the escapes of ASCII undone.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.message).replace("=\r\n", "").replace("=3D", "=")
    }

    /// Its words without the line breaks between them.
    pub fn flowing(&self) -> String {
        self.text().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub fn answer_link(&self) -> String {
        let text = self.text();
        let at = text.find("/answer/").expect("an answer link");
        let start = text[..at].rfind("http").expect("a link");
        text[start..].split(|c: char| c.is_whitespace() || ['"', '?', '#'].contains(&c)).next().expect("a link").to_owned()
    }
}

#[derive(Default)]
struct State {
    manners: HashMap<String, Manner>,
    everybody: Option<Manner>,
    received: Vec<Received>,
    conversations: usize,
    /// Replies by the first word of a command; `GREETING` and `MESSAGE` stand for what is no command.
    scripted: HashMap<&'static str, String>,
    /// What the answer to EHLO offers.
    offers: Vec<&'static str>,
    commands: Vec<String>,
}

#[derive(Clone)]
pub struct Smtp {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl Smtp {
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let smtp = Self { port, state: Arc::default() };
        let server = smtp.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                std::thread::spawn(move || {
                    let _ = server.converse(stream);
                });
            }
        });
        smtp
    }

    /// How a recipient's letters fare from now on.
    pub fn treat(&self, recipient: &str, manner: Manner) {
        self.state.lock().expect("the state").manners.insert(recipient.to_owned(), manner);
    }

    /// How everybody's letters fare from now on.
    pub fn treat_everybody(&self, manner: Manner) {
        self.state.lock().expect("the state").everybody = Some(manner);
    }

    /// What the server says to a command from now on, instead of going on with it: `GREETING`, `EHLO`, `AUTH`, `MAIL`,
    /// `RCPT`, `DATA`, `MESSAGE`, `QUIT`. `STALL` is no reply at all.
    pub fn script(&self, command: &'static str, reply: &str) {
        self.state.lock().expect("the state").scripted.insert(command, reply.to_owned());
    }

    /// Goes on with every command again.
    pub fn unscript(&self) {
        self.state.lock().expect("the state").scripted.clear();
    }

    /// Extensions that the answer to EHLO offers from now on.
    pub fn offer(&self, offers: &[&'static str]) {
        self.state.lock().expect("the state").offers = offers.to_vec();
    }

    /// Every command that came, as it came.
    pub fn commands(&self) -> Vec<String> {
        self.state.lock().expect("the state").commands.clone()
    }

    fn scripted(&self, command: &str) -> Option<String> {
        let state = self.state.lock().expect("the state");
        state.scripted.get(command).map(|reply| format!("{reply}\r\n"))
    }

    pub fn received(&self) -> Vec<Received> {
        self.state.lock().expect("the state").received.clone()
    }

    pub fn conversations(&self) -> usize {
        self.state.lock().expect("the state").conversations
    }

    fn manner(&self, recipient: &str) -> Manner {
        let mut state = self.state.lock().expect("the state");
        if let Some(Manner::Greylist(left)) = state.manners.get_mut(recipient) {
            if *left == 0 {
                return Manner::Accept;
            }
            *left -= 1;
            return Manner::Greylist(1);
        }
        state.manners.get(recipient).or(state.everybody.as_ref()).cloned().unwrap_or(Manner::Accept)
    }

    fn converse(&self, mut stream: TcpStream) -> std::io::Result<()> {
        self.state.lock().expect("the state").conversations += 1;
        let everybody = self.state.lock().expect("the state").everybody.clone();
        match everybody {
            Some(Manner::Mute) => {
                std::thread::sleep(Duration::from_secs(120));
                return Ok(());
            }
            Some(Manner::Busy) => return stream.write_all(b"421 too busy\r\n"),
            _ => {}
        }
        let mut lines = BufReader::new(stream.try_clone()?);
        if let Some(reply) = self.scripted("GREETING") {
            return stream.write_all(reply.as_bytes());
        }
        stream.write_all(b"220 test\r\n")?;
        let (mut sender, mut recipient) = (String::new(), String::new());
        let mut line = String::new();
        loop {
            line.clear();
            if lines.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let command = line.trim_end().to_owned();
            let upper = command.to_ascii_uppercase();
            self.state.lock().expect("the state").commands.push(command.clone());
            if let Some(reply) = self.scripted(upper.split([' ', ':']).next().unwrap_or_default()) {
                say(&mut stream, &reply)?;
            } else if upper.starts_with("EHLO") {
                let offers = self.state.lock().expect("the state").offers.clone();
                let lines: Vec<String> = std::iter::once("mx.test").chain(offers).map(str::to_owned).collect();
                let (last, others) = lines.split_last().expect("a line");
                let mut reply: String = others.iter().map(|line| format!("250-{line}\r\n")).collect();
                reply.push_str(&format!("250 {last}\r\n"));
                stream.write_all(reply.as_bytes())?;
            } else if upper.starts_with("AUTH") {
                stream.write_all(b"235 2.7.0 welcome\r\n")?;
            } else if upper.starts_with("MAIL FROM:") {
                sender = command[10..].split('>').next().unwrap_or_default().trim().trim_matches('<').to_owned();
                stream.write_all(b"250 ok\r\n")?;
            } else if upper.starts_with("RCPT TO:") {
                recipient = command[8..].trim().trim_matches(['<', '>']).to_owned();
                let manner = self.manner(&recipient);
                let said = if let Manner::AtRecipient(reply) = manner { format!("{reply}\r\n") } else { String::new() };
                let reply: &[u8] = match manner {
                    Manner::AtRecipient(_) => said.as_bytes(),
                    Manner::UnknownUser => b"550 5.1.1 no such user\r\n",
                    Manner::MailboxFull => b"552 5.2.2 mailbox full\r\n",
                    Manner::EchoesLogin => b"535 5.7.8 not good: AUTH PLAIN AGRyaWZ0ZABzM2NyZXQ=\x1b[31m\r\n",
                    Manner::RelayDenied => b"554 5.7.1 relay access denied\r\n",
                    Manner::Greylist(_) => b"451 4.7.1 come back later\r\n",
                    _ => b"250 ok\r\n",
                };
                stream.write_all(reply)?;
            } else if upper == "DATA" {
                stream.write_all(b"354 go ahead\r\n")?;
                let mut message = Vec::new();
                loop {
                    let mut raw = Vec::new();
                    if lines.read_until(b'\n', &mut raw)? == 0 {
                        return Ok(());
                    }
                    if raw == b".\r\n" {
                        break;
                    }
                    message.extend_from_slice(raw.strip_prefix(b".").unwrap_or(&raw));
                }
                let manner = self.manner(&recipient);
                let refused =
                    if let Manner::AfterData(reply) = manner { Some(format!("{reply}\r\n")) } else { self.scripted("MESSAGE") };
                if let Some(reply) = refused {
                    say(&mut stream, &reply)?;
                    continue;
                }
                if manner == Manner::Spam {
                    stream.write_all(b"554 5.7.1 looks like spam\r\n")?;
                    continue;
                }
                self.state.lock().expect("the state").received.push(Received {
                    sender: sender.clone(),
                    recipient: recipient.clone(),
                    message,
                });
                match manner {
                    Manner::StallAfterData => std::thread::sleep(Duration::from_secs(120)),
                    Manner::DropAfterData => return Ok(()),
                    Manner::KillAfterData(process) => {
                        super::daemon::signal(process, "KILL");
                        return Ok(());
                    }
                    _ => {}
                }
                stream.write_all(b"250 2.0.0 taken\r\n")?;
            } else if upper == "QUIT" {
                return stream.write_all(b"221 bye\r\n");
            } else {
                stream.write_all(b"250 ok\r\n")?;
            }
        }
    }
}

/// Says what is scripted.
fn say(stream: &mut TcpStream, reply: &str) -> std::io::Result<()> {
    if reply == "STALL\r\n" {
        std::thread::sleep(Duration::from_secs(120));
    }
    stream.write_all(reply.as_bytes())
}

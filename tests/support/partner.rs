//! A partner's web server that publishes what a test tells it to, byte for byte.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the partner answers.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A description with an ETag; 304 to whoever has it.
    Document(Vec<u8>),
    /// A description without validators: 200 each time.
    Unconditional(Vec<u8>),
    /// These bytes and then the end of the connection.
    Raw(Vec<u8>),
    /// A status without a body, with these headers.
    Status(u16, &'static str),
    /// A body that never ends.
    Endless,
    /// Headers, and then silence.
    Silence,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub path: String,
    pub conditional: bool,
    pub authorization: Option<String>,
    pub answered: u16,
}

struct State {
    answer: Answer,
    /// Answers of single paths, before the one of all others.
    at: std::collections::HashMap<String, Answer>,
    requests: Vec<Request>,
}

#[derive(Clone)]
pub struct Partner {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl Partner {
    pub fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let partner = Self {
            port,
            state: Arc::new(Mutex::new(State { answer, at: std::collections::HashMap::default(), requests: Vec::new() })),
        };
        let server = partner.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                std::thread::spawn(move || {
                    let _ = server.serve(stream);
                });
            }
        });
        partner
    }

    pub fn publish(&self, answer: Answer) {
        self.state.lock().expect("the state").answer = answer;
    }

    /// What this one path answers from now on.
    pub fn publish_at(&self, path: &str, answer: Answer) {
        self.state.lock().expect("the state").at.insert(path.to_owned(), answer);
    }

    pub fn requests(&self) -> Vec<Request> {
        self.state.lock().expect("the state").requests.clone()
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/openapi.yaml", self.port)
    }

    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?);
        let mut line = String::new();
        lines.read_line(&mut line)?;
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let (mut known, mut authorization) = (None, None);
        loop {
            line.clear();
            if lines.read_line(&mut line)? == 0 || line == "\r\n" {
                break;
            }
            let Some((name, value)) = line.trim_end().split_once(": ") else { continue };
            match name.to_ascii_lowercase().as_str() {
                "if-none-match" => known = Some(value.to_owned()),
                "authorization" => authorization = Some(value.to_owned()),
                _ => {}
            }
        }
        let answer = {
            let state = self.state.lock().expect("the state");
            state.at.get(&path).unwrap_or(&state.answer).clone()
        };
        let note = |answered: u16| {
            let request =
                Request { path: path.clone(), conditional: known.is_some(), authorization: authorization.clone(), answered };
            self.state.lock().expect("the state").requests.push(request);
        };
        match answer {
            Answer::Document(bytes) => {
                let etag = format!("\"{}\"", &super::digest(&bytes)[..16]);
                if known.as_deref() == Some(etag.as_str()) {
                    note(304);
                    return stream
                        .write_all(format!("HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\nConnection: close\r\n\r\n").as_bytes());
                }
                note(200);
                stream.write_all(
                    format!("HTTP/1.1 200 OK\r\nETag: {etag}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", bytes.len())
                        .as_bytes(),
                )?;
                stream.write_all(&bytes)
            }
            Answer::Unconditional(bytes) => {
                note(200);
                stream.write_all(
                    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", bytes.len()).as_bytes(),
                )?;
                stream.write_all(&bytes)
            }
            Answer::Raw(bytes) => {
                note(200);
                stream.write_all(&bytes)
            }
            Answer::Status(status, headers) => {
                note(status);
                stream.write_all(
                    format!("HTTP/1.1 {status} Because\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n").as_bytes(),
                )
            }
            Answer::Endless => {
                note(200);
                stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
                let chunk = [b' '; 8192];
                // Bounded, whatever the reader does: 400 MB.
                for _ in 0..50_000 {
                    stream.write_all(&chunk)?;
                }
                Ok(())
            }
            Answer::Silence => {
                note(200);
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")?;
                std::thread::sleep(Duration::from_secs(120));
                Ok(())
            }
        }
    }
}

/// A response with this body, compressed or not, as raw bytes.
pub fn response(headers: &str, body: &[u8]) -> Answer {
    let mut bytes =
        format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    Answer::Raw(bytes)
}

//! A program that takes notices over HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Posted {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

#[derive(Clone)]
pub struct Receiver {
    pub port: u16,
    posted: Arc<Mutex<Vec<Posted>>>,
    status: Arc<Mutex<u16>>,
    /// What so many requests to come are answered instead: a status, and lines of headers.
    for_now: Arc<Mutex<(usize, u16, &'static str)>>,
}

impl Receiver {
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let receiver = Self { port, posted: Arc::default(), status: Arc::new(Mutex::new(204)), for_now: Arc::default() };
        let server = receiver.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = server.serve(stream);
            }
        });
        receiver
    }

    pub fn answer(&self, status: u16) {
        *self.status.lock().expect("the status") = status;
    }

    /// Answers so many requests by this status with these headers, and then as before.
    pub fn answer_for_now(&self, times: usize, status: u16, headers: &'static str) {
        *self.for_now.lock().expect("what is answered for now") = (times, status, headers);
    }

    pub fn posted(&self) -> Vec<Posted> {
        self.posted.lock().expect("the posts").clone()
    }

    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?);
        let mut first = String::new();
        lines.read_line(&mut first)?;
        let path = first.split_whitespace().nth(1).unwrap_or_default().to_owned();
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            lines.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        lines.read_exact(&mut body)?;
        self.posted.lock().expect("the posts").push(Posted { path, headers, body });
        let mut for_now = self.for_now.lock().expect("what is answered for now");
        let (status, headers) = match *for_now {
            (0, ..) => (*self.status.lock().expect("the status"), ""),
            (_, status, headers) => (status, headers),
        };
        for_now.0 = for_now.0.saturating_sub(1);
        drop(for_now);
        write!(stream, "HTTP/1.1 {status} X\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n")
    }
}

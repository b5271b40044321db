//! A reverse proxy: it passes requests on to the daemon, with the path they came with or without its prefix.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

#[derive(Clone)]
pub struct Proxy {
    pub port: u16,
    /// What is cut off the front of each path; empty where the path is passed on as it is.
    strips: &'static str,
    to: Arc<Mutex<String>>,
}

impl Proxy {
    pub fn start(strips: &'static str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let proxy = Self { port: listener.local_addr().expect("an address").port(), strips, to: Arc::default() };
        let server = proxy.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                std::thread::spawn(move || server.pass_on(stream));
            }
        });
        proxy
    }

    /// Where requests are passed on to.
    pub fn lead_to(&self, address: &str) {
        address.clone_into(&mut self.to.lock().expect("the address"));
    }

    fn pass_on(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?);
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line)? == 0 || line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if !line.to_ascii_lowercase().starts_with("connection:") {
                head.push_str(&line);
            }
        }
        let mut body = vec![0; length];
        lines.read_exact(&mut body)?;
        let head = head.replacen(&format!(" {}/", self.strips), " /", 1);
        let mut daemon = TcpStream::connect(self.to.lock().expect("the address").as_str())?;
        daemon.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())?;
        daemon.write_all(&body)?;
        std::io::copy(&mut daemon, &mut stream)?;
        Ok(())
    }
}

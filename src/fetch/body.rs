//! The body of an answer: decompressed, counted while it streams, and whether its end was marked.

use std::io;
use std::pin::Pin;

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder};
use reqwest::header::{self, HeaderMap};
use reqwest::{Response, Version};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio_util::io::StreamReader;

use super::request_error::chain;

/// What answers may be compressed with.
pub(super) const ENCODINGS: &str = "gzip, br, zstd, deflate";

/// Why a body could not be read.
pub(super) enum BodyError {
    /// More than the limit.
    TooLarge,
    /// It stopped coming.
    TimedOut(reqwest::Error),
    /// It ended too early, is damaged, or is written in a way that is not known; after so many bytes, in words.
    Broken(usize, String),
}

/// A whole body.
pub(super) struct WholeBody {
    pub(super) bytes: Vec<u8>,
    /// Whether its end was marked, as opposed to being where the connection ended.
    pub(super) framed: bool,
}

/// Reads a body to its end, at most `limit` decoded bytes.
pub(super) async fn read(response: Response, limit: usize) -> Result<WholeBody, BodyError> {
    let encoding = match encoding(response.headers()) {
        Ok(encoding) => encoding,
        Err(words) => return Err(BodyError::Broken(0, words)),
    };
    let has_marked_end = has_marked_end(response.version(), response.headers());
    let stream = futures_util::stream::try_unfold(response, |mut response| async move {
        match response.chunk().await {
            Ok(chunk) => Ok(chunk.map(|chunk| (chunk, response))),
            Err(error) => Err(io::Error::other(error)),
        }
    });
    let raw = StreamReader::new(Box::pin(stream));
    let (mut reader, has_own_end): (Pin<Box<dyn AsyncRead + Send>>, bool) = match encoding {
        Encoding::None => (Box::pin(raw), false),
        // These end with an error where the connection ends before they do.
        Encoding::Gzip => {
            let mut decoder = GzipDecoder::new(raw);
            decoder.multiple_members(true);
            (Box::pin(decoder), true)
        }
        Encoding::Brotli => (Box::pin(BrotliDecoder::new(raw)), true),
        Encoding::Zstd => {
            let mut decoder = ZstdDecoder::new(raw);
            decoder.multiple_members(true);
            (Box::pin(decoder), true)
        }
        Encoding::Deflate => (Box::pin(ZlibDecoder::new(raw)), true),
    };
    let mut bytes = Vec::with_capacity(limit.min(16 * 1024));
    loop {
        match reader.read_buf(&mut bytes).await {
            Ok(0) => break,
            Ok(_) if bytes.len() > limit => return Err(BodyError::TooLarge),
            Ok(_) => {}
            Err(error) => return Err(broken(error, bytes.len())),
        }
    }
    let is_decoded = has_own_end && !bytes.is_empty();
    Ok(WholeBody { bytes, framed: has_marked_end || is_decoded })
}

/// At most `limit` bytes of a body as text, whatever became of the rest.
pub(super) async fn head(mut response: Response, limit: usize) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < limit
        && let Ok(Some(chunk)) = response.chunk().await
    {
        bytes.extend_from_slice(&chunk);
    }
    bytes.truncate(limit);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn broken(error: io::Error, after: usize) -> BodyError {
    match error.downcast::<reqwest::Error>() {
        Ok(error) if error.is_timeout() => BodyError::TimedOut(error),
        Ok(error) => BodyError::Broken(after, chain(&error)),
        Err(error) => BodyError::Broken(after, error.to_string()),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    None,
    Gzip,
    Brotli,
    Zstd,
    Deflate,
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, String> {
    let mut named = headers.get_all(header::CONTENT_ENCODING).iter().flat_map(|value| {
        value.to_str().unwrap_or("?").split(',').map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty())
    });
    let first = named.next().unwrap_or_default();
    if named.next().is_some() {
        return Err("it is compressed more than once, which is not read".to_owned());
    }
    match first.as_str() {
        "" | "identity" => Ok(Encoding::None),
        "gzip" | "x-gzip" => Ok(Encoding::Gzip),
        "br" => Ok(Encoding::Brotli),
        "zstd" => Ok(Encoding::Zstd),
        "deflate" => Ok(Encoding::Deflate),
        other => {
            let other: String = other.chars().filter(|c| !c.is_control()).take(40).collect();
            Err(format!("its Content-Encoding {other:?} is not one that was asked for ({ENCODINGS})"))
        }
    }
}

/// Whether the protocol says where a body ends (RFC 9112 section 6.3, RFC 9113 section 8.1).
fn has_marked_end(version: Version, headers: &HeaderMap) -> bool {
    if version >= Version::HTTP_2 {
        return true;
    }
    match headers.get_all(header::TRANSFER_ENCODING).iter().next_back() {
        Some(value) => {
            let last = value.to_str().unwrap_or_default().rsplit(',').next().unwrap_or_default().trim();
            last.eq_ignore_ascii_case("chunked")
        }
        None => headers.contains_key(header::CONTENT_LENGTH),
    }
}

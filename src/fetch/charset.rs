//! The text of a body, as UTF-8, whatever it was written in.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Longest label that is quoted, characters.
const QUOTED: usize = 40;

/// A body as UTF-8 without a byte order mark: by its mark, else by the `charset` of its media type, else as UTF-8.
///
/// # Errors
/// When it is not what it says, in words.
pub(super) fn decode(bytes: Vec<u8>, content_type: Option<&str>) -> Result<Vec<u8>, String> {
    match bytes.as_slice() {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => return Err("the body is UTF-32, which is not read".to_owned()),
        [0xef, 0xbb, 0xbf, rest @ ..] => return utf8(rest.to_vec(), "the body is not valid UTF-8"),
        [0xff, 0xfe, rest @ ..] => return decoded(UTF_16LE, rest, "its byte order mark says"),
        [0xfe, 0xff, rest @ ..] => return decoded(UTF_16BE, rest, "its byte order mark says"),
        _ => {}
    }
    let Some(label) = content_type.and_then(charset) else {
        // Zero is in no text: a byte of every second letter is zero only in UTF-16 (RFC 2781 section 4.3).
        let unmarked = match bytes.as_slice() {
            [0, first, 0, ..] if *first != 0 => Some("big"),
            [first, 0, second, ..] if *first != 0 && *second != 0 => Some("little"),
            _ => None,
        };
        if let Some(end) = unmarked {
            return Err(format!(
                "the body looks like UTF-16 ({end}-endian), and neither a byte order mark nor a charset in its Content-Type says so; it is not read"
            ));
        }
        return utf8(bytes, "the body is not valid UTF-8, and no other charset is named (it may be Latin-1)");
    };
    // UTF-8 holds every text of this one; the web's table would make it one of Windows.
    let encoding = match label.to_ascii_lowercase().as_str() {
        "us-ascii" | "ascii" => Some(UTF_8),
        _ => Encoding::for_label(label.as_bytes()),
    };
    let Some(encoding) = encoding else {
        let label: String = label.chars().filter(|c| !c.is_control()).take(QUOTED).collect();
        return Err(format!("charset {label:?} is not known"));
    };
    if encoding == UTF_8 {
        return utf8(bytes, "the body is not valid UTF-8");
    }
    // Many servers add a Latin charset to every text. Text of that kind is not valid UTF-8 but by an accident that is
    // practically never met.
    if encoding == WINDOWS_1252 && std::str::from_utf8(&bytes).is_ok() {
        return Ok(bytes);
    }
    decoded(encoding, &bytes, "its Content-Type says")
}

fn utf8(bytes: Vec<u8>, what: &str) -> Result<Vec<u8>, String> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.into_bytes()),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let byte = error.as_bytes().get(at).copied().unwrap_or_default();
            Err(format!("{what}: byte {} is 0x{byte:02x}", at + 1))
        }
    }
}

fn decoded(encoding: &'static Encoding, bytes: &[u8], who_says: &str) -> Result<Vec<u8>, String> {
    match encoding.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok(text.into_owned().into_bytes()),
        None => {
            let hint = if std::str::from_utf8(bytes).is_ok() { "; it is valid UTF-8" } else { "" };
            Err(format!("the body is not valid {}, as {who_says}{hint}", encoding.name()))
        }
    }
}

/// The parameter `charset` of a media type (RFC 9110 section 8.3.1).
fn charset(content_type: &str) -> Option<&str> {
    let mut parameters = content_type.split(';').skip(1);
    parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']).trim();
        (name.trim().eq_ignore_ascii_case("charset") && !value.is_empty()).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], content_type: Option<&str>) -> Result<String, String> {
        decode(bytes.to_vec(), content_type).map(|bytes| String::from_utf8(bytes).expect("UTF-8"))
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn text_comes_out_whatever_it_was_written_in() {
        let text = "title: Türen ≠ doors";
        for (bytes, content_type) in [
            (text.as_bytes().to_vec(), None),
            (text.as_bytes().to_vec(), Some("application/json; charset=\"UTF-8\"")),
            ([b"\xef\xbb\xbf", text.as_bytes()].concat(), Some("text/yaml; charset=iso-8859-1")),
            ([b"\xff\xfe".to_vec(), utf16(text, u16::to_le_bytes)].concat(), None),
            ([b"\xfe\xff".to_vec(), utf16(text, u16::to_be_bytes)].concat(), Some("text/yaml; charset=utf-8")),
            (utf16(text, u16::to_le_bytes), Some("text/yaml; version=1; Charset=utf-16le")),
            (text.as_bytes().to_vec(), Some("text/plain;charset=ISO-8859-1")),
            (text.as_bytes().to_vec(), Some("text/plain;charset=us-ascii")),
        ] {
            assert_eq!(read(&bytes, content_type).as_deref(), Ok(text), "{content_type:?}");
        }
        assert_eq!(read(b"T\xfcren", Some("text/plain; charset=latin1")).as_deref(), Ok("Türen"));
        assert_eq!(read(b"\x83h\x83A", Some("text/plain; charset=Shift_JIS")).as_deref(), Ok("ドア"));
    }

    #[test]
    fn what_is_no_text_is_named() {
        for (bytes, content_type, words) in [
            (
                &b"T\xfcren"[..],
                None,
                "the body is not valid UTF-8, and no other charset is named (it may be Latin-1): byte 2 is 0xfc",
            ),
            (b"T\xfcren", Some("text/plain; charset=utf-8"), "the body is not valid UTF-8: byte 2 is 0xfc"),
            (b"\xff\xfe\x00\xd8", None, "the body is not valid UTF-16LE, as its byte order mark says"),
            (b"\xff\xfea", None, "the body is not valid UTF-16LE, as its byte order mark says; it is valid UTF-8"),
            (
                b"{\"openapi\": 3}!",
                Some("application/json; charset=utf-16"),
                "the body is not valid UTF-16LE, as its Content-Type says; it is valid UTF-8",
            ),
            (
                b"o\0p\0e\0n\0",
                None,
                "the body looks like UTF-16 (little-endian), and neither a byte order mark nor a charset in its Content-Type says so; it is not read",
            ),
            (
                b"\0o\0p\0e\0n",
                Some("text/yaml"),
                "the body looks like UTF-16 (big-endian), and neither a byte order mark nor a charset in its Content-Type says so; it is not read",
            ),
            (b"a", Some("text/plain; charset=xyz"), "charset \"xyz\" is not known"),
            (b"\xff\xfe\0\0a\0\0\0", None, "the body is UTF-32, which is not read"),
        ] {
            assert_eq!(read(bytes, content_type), Err(words.to_owned()));
        }
    }
}

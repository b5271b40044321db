//! Percent-escapes of addresses: one spelling for each (RFC 3986 section 6.2.2).

use percent_encoding::percent_encode_byte;

/// Adds a piece of an address as it is on the wire: what an address cannot hold is escaped in upper case, what need not be
/// escaped is not.
pub(super) fn push_written(text: &mut String, piece: &str) {
    let mut rest = piece.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        let escaped = match (byte, tail) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| high * 16 + low),
            _ => None,
        };
        if escaped.is_some() {
            rest = tail.get(2..).unwrap_or_default();
        }
        let octet = escaped.unwrap_or(*byte);
        let is_unreserved = octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
        let is_written = escaped.is_none() && octet.is_ascii_graphic() && !b"\"<>^`|%".contains(&octet);
        if is_unreserved || is_written {
            text.push(char::from(octet));
        } else {
            text.push_str(percent_encode_byte(octet));
        }
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_on_the_wire() {
        let pairs = [
            ("caf\u{e9}", "caf%C3%A9"),
            ("caf%c3%a9", "caf%C3%A9"),
            ("%7euser", "~user"),
            ("a b", "a%20b"),
            ("a%2fb", "a%2Fb"),
            ("100%", "100%25"),
            ("{}|", "{}%7C"),
        ];
        for (piece, written) in pairs {
            let mut text = String::new();
            push_written(&mut text, piece);
            assert_eq!(text, written, "{piece}");
        }
    }
}

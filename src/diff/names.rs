//! Names that differ only in how their words are joined.

/// Whether two names are one name but for how its words are joined: `totalPrice`, `total_price`, `Total-Price`.
pub(super) fn is_respelled(a: &str, b: &str) -> bool {
    let plain =
        |name: &str| -> String { name.chars().filter(|c| !matches!(c, '_' | '-' | '.')).flat_map(char::to_lowercase).collect() };
    a != b && plain(a) == plain(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_however_their_words_are_joined() {
        assert!(is_respelled("totalPrice", "total_price") && is_respelled("X-Rate-Limit", "XRateLimit"));
        assert!(!is_respelled("price", "price") && !is_respelled("price", "prize"));
    }
}

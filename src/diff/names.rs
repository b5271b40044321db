//! Names that differ only in how their words are joined.

/// A name without how its words are joined: the same for `totalPrice`, `total_price` and `Total-Price`.
pub(super) fn words_of(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | '.')).flat_map(char::to_lowercase).collect()
}

/// Whether two names are one name but for how its words are joined.
pub(super) fn is_respelled(a: &str, b: &str) -> bool {
    a != b && words_of(a) == words_of(b)
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

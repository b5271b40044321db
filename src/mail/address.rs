//! Addresses as they travel: the domain in ASCII (RFC 5890), the part before the `@` as it is.
//!
//! A configuration keeps what somebody wrote; only what leaves is converted, so that status and reports show the
//! address people know. A local part beyond ASCII has no other form: a server must offer SMTPUTF8 to carry it (RFC 6531).

use lettre::Address;
use lettre::address::AddressError;

/// Longest part before the `@`, octets (RFC 5321 section 4.5.3.1.1).
pub const LONGEST_LOCAL: usize = 64;

/// Octets of what is added to `bounces` for each letter: a `+` and a token.
const DETAIL: usize = 33;

/// Longest part before the `@` of `bounces`, octets: each letter's own detail must fit behind it.
pub const LONGEST_BOUNCES: usize = LONGEST_LOCAL - DETAIL;

/// An address as it travels.
///
/// # Errors
/// When it is none.
pub fn wire(written: &str) -> Result<Address, AddressError> {
    convert(&written.trim().parse()?)
}

/// The same with its domain in ASCII.
///
/// # Errors
/// When the domain has no such form.
pub fn convert(address: &Address) -> Result<Address, AddressError> {
    if address.domain().is_ascii() {
        return Ok(address.clone());
    }
    let domain = idna::domain_to_ascii(address.domain()).map_err(|_| AddressError::InvalidDomain)?;
    // Checked when it was parsed; `new` would refuse a quoted local part.
    Ok(Address::new_dangerous(address.user(), domain))
}

/// A domain in ASCII and lower case; as it is where it has no such form.
pub fn wire_domain(domain: &str) -> String {
    idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_ascii_lowercase())
}

/// Whether only a server with SMTPUTF8 can carry an address.
pub fn needs_smtputf8(written: &str) -> bool {
    written.rsplit_once('@').is_some_and(|(local, _)| !local.is_ascii())
}

/// `p…@example.com`: enough to recognise in a log, not enough to harvest.
pub fn masked(address: &str) -> String {
    match address.split_once('@') {
        Some((local, domain)) => format!("{}…@{domain}", local.chars().next().unwrap_or('?')),
        None => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_travel_in_ascii_and_local_parts_as_they_are() {
        let text = |written: &str| wire(written).map(|address| address.to_string()).ok();
        assert_eq!(text("ann@Bücher.example").as_deref(), Some("ann@xn--bcher-kva.example"));
        assert_eq!(text("jörg@bücher.example").as_deref(), Some("jörg@xn--bcher-kva.example"));
        assert_eq!(text("Ann.Lee+x@Example.com").as_deref(), Some("Ann.Lee+x@Example.com"));
        assert_eq!(text("用户@例子.广告").as_deref(), Some("用户@xn--fsqu00a.xn--4rr70v"));
        assert_eq!(text("nobody"), None);
        assert_eq!(text(&format!("{}@example.com", "a".repeat(65))), None);
        assert_eq!(wire_domain("BÜCHER.example"), "xn--bcher-kva.example");
        assert!(needs_smtputf8("jörg@example.com") && !needs_smtputf8("ann@bücher.example"));
    }
}

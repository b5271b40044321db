//! The name this host gives in EHLO (RFC 5321 section 4.1.4): a full domain name where it has one, else the address
//! it speaks from. Many servers refuse a bare host name or `localhost`.

use std::net::IpAddr;
use std::path::Path;

use lettre::transport::smtp::extension::ClientId;

/// The name to give, written out or found on this host; none where only an address can be given.
pub(super) fn name(written: Option<&str>) -> Option<ClientId> {
    if let Some(written) = written {
        return Some(literal(written).unwrap_or_else(|| ClientId::Domain(written.to_owned())));
    }
    let ClientId::Domain(host) = ClientId::default() else { return None };
    let read = |file: &str| std::fs::read_to_string(Path::new(file)).unwrap_or_default();
    full_name(&host, &read("/etc/hosts"), &read("/etc/resolv.conf")).map(ClientId::Domain)
}

/// `[192.0.2.1]` or `[IPv6:2001:db8::1]`.
fn literal(written: &str) -> Option<ClientId> {
    let inner = written.strip_prefix('[')?.strip_suffix(']')?;
    Some(address(inner.trim_start_matches("IPv6:").parse().ok()?))
}

/// The address itself, for a host without a name.
pub(super) const fn address(address: IpAddr) -> ClientId {
    match address {
        IpAddr::V4(address) => ClientId::Ipv4(address),
        IpAddr::V6(address) => ClientId::Ipv6(address),
    }
}

/// Whether a text can be given in EHLO: a domain name with a dot, or an address in brackets.
pub fn is_hello(text: &str) -> bool {
    literal(text).is_some() || (text.contains('.') && is_domain(text) && text.parse::<IpAddr>().is_err())
}

fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

/// The full name of a host: itself, if it has a dot; a name with a dot that stands beside it in the hosts file; or with
/// the domain that the resolver searches.
fn full_name(host: &str, hosts: &str, resolver: &str) -> Option<String> {
    let host = host.trim().trim_end_matches('.');
    if !is_domain(host) || host.eq_ignore_ascii_case("localhost") {
        return None;
    }
    if host.contains('.') {
        return Some(host.to_owned());
    }
    let lines = |text: &str| text.lines().map(|line| line.split('#').next().unwrap_or_default().to_owned()).collect::<Vec<_>>();
    for line in lines(hosts) {
        let names: Vec<&str> = line.split_whitespace().skip(1).collect();
        if names.iter().any(|name| name.eq_ignore_ascii_case(host)) {
            let full = names.iter().find(|name| name.contains('.') && is_domain(name) && !name.starts_with("localhost"));
            if let Some(full) = full {
                return Some((*full).to_owned());
            }
        }
    }
    let domain = lines(resolver).iter().find_map(|line| {
        let mut words = line.split_whitespace();
        matches!(words.next(), Some("domain" | "search"))
            .then(|| words.next().map(|word| word.trim_end_matches('.').to_owned()))?
    })?;
    let full = format!("{host}.{domain}");
    (!domain.is_empty() && is_domain(&full)).then_some(full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_says_its_full_name_or_none() {
        let hosts = "127.0.0.1 localhost\n127.0.1.1 db9 # old\n192.0.2.7 watch.harbor.example watch\n";
        assert_eq!(full_name("mx.harbor.example", "", "").as_deref(), Some("mx.harbor.example"));
        assert_eq!(full_name("watch", hosts, "domain other.example").as_deref(), Some("watch.harbor.example"));
        assert_eq!(full_name("db9", hosts, "# x\nsearch corp.example lab.example\n").as_deref(), Some("db9.corp.example"));
        assert_eq!(full_name("db9", hosts, "search .\n"), None);
        assert_eq!(full_name("db9", hosts, ""), None);
        assert_eq!(full_name("localhost", hosts, "search corp.example"), None);
        assert_eq!(full_name("a_b.example", "", ""), None);
    }

    #[test]
    fn what_is_written_is_a_name_or_an_address() {
        for good in ["watch.harbor.example", "[192.0.2.1]", "[IPv6:2001:db8::1]"] {
            assert!(is_hello(good), "{good}");
            assert_eq!(name(Some(good)).map(|id| id.to_string()).as_deref(), Some(good));
        }
        for bad in ["watch", "192.0.2.1", "[watch]", "a b.example", "-a.example", "ä.example", "a..b", "x.example\r\nMAIL"] {
            assert!(!is_hello(bad), "{bad}");
        }
    }
}

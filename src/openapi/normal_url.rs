//! Addresses as clients use them: spellings of one address are equal (RFC 3986 section 6.2).

use std::fmt;

use super::contract::Server;
use super::escapes::push_written;

/// What an address is relative to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UrlOrigin {
    /// This host, with its port where that is not the default of the scheme.
    Host(String),
    /// The host that the description is served from, which no document tells.
    DescriptionHost,
    /// The folder that the description is served from.
    DescriptionFolder,
}

/// Where something is served: scheme and host know no case, default ports and dot segments are left out.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NormalUrl {
    /// In lower case; none where it is that of the description.
    pub scheme: Option<String>,
    /// What the path begins at.
    pub origin: UrlOrigin,
    /// Empty, or a slash before each segment and none at the end.
    pub path: String,
}

impl NormalUrl {
    /// Reads a URL or a relative reference. Never fails: what is no URL is a path.
    pub fn of(url: &str) -> Self {
        let url = url.trim();
        let url = url.split_once('#').map_or(url, |(url, _)| url);
        let scheme = url.split_once("://").filter(|(scheme, _)| !scheme.is_empty() && !scheme.contains(['/', '?']));
        let (scheme, rest) = match scheme {
            Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
            None => match url.strip_prefix("//") {
                Some(rest) => (None, rest),
                None => {
                    let is_folder = !url.is_empty() && !url.starts_with('/');
                    let origin = if is_folder { UrlOrigin::DescriptionFolder } else { UrlOrigin::DescriptionHost };
                    return Self { scheme: None, origin, path: plain_path(url) };
                }
            },
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let host = plain_host(authority, scheme.as_deref());
        Self { scheme, origin: UrlOrigin::Host(host), path: plain_path(path) }
    }

    /// The address that a reference leads to from here (RFC 3986 section 5.2).
    pub fn resolve(&self, reference: &str) -> Self {
        let found = Self::of(reference);
        match found.origin {
            UrlOrigin::Host(_) => Self { scheme: found.scheme.or_else(|| self.scheme.clone()), ..found },
            UrlOrigin::DescriptionHost => Self { path: found.path, ..self.clone() },
            UrlOrigin::DescriptionFolder => {
                let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                Self { path: plain_path(&format!("{folder}{}", found.path)), ..self.clone() }
            }
        }
    }
}

impl fmt::Display for NormalUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.scheme, &self.origin) {
            (Some(scheme), UrlOrigin::Host(host)) => write!(f, "{scheme}://{host}{}", self.path),
            (None, UrlOrigin::Host(host)) => write!(f, "//{host}{}", self.path),
            (_, UrlOrigin::DescriptionFolder) => write!(f, ".{}", self.path),
            (_, UrlOrigin::DescriptionHost) if self.path.is_empty() => f.write_str("/"),
            (_, UrlOrigin::DescriptionHost) => f.write_str(&self.path),
        }
    }
}

/// A host in lower case, without who logs in left as it is, and without the port that its scheme means anyway.
fn plain_host(authority: &str, scheme: Option<&str>) -> String {
    let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(user, host)| (user, host));
    let host = idna::domain_to_ascii_cow(host.as_bytes(), idna::AsciiDenyList::EMPTY)
        .map_or_else(|_| host.to_ascii_lowercase(), std::borrow::Cow::into_owned);
    let default = match scheme {
        Some("http" | "ws") => "80",
        Some("https" | "wss") => "443",
        _ => "",
    };
    let host = match host.rsplit_once(':') {
        Some((bare, port)) if port.is_empty() || port == default => bare.to_owned(),
        _ => host,
    };
    if user.is_empty() { host } else { format!("{user}@{host}") }
}

/// A path without dot segments and without a slash at its end (RFC 3986 sections 5.2.4 and 6.2.3).
fn plain_path(path: &str) -> String {
    let mut segments: Vec<String> = Vec::new();
    for segment in path.trim_matches('/').split('/') {
        match segment {
            "." => {}
            ".." if segments.last().is_some_and(|last| last != "..") => {
                segments.pop();
            }
            // Above the root there is nothing, above the folder of the description there is.
            ".." if path.starts_with('/') => {}
            _ => {
                let mut written = String::with_capacity(segment.len());
                push_written(&mut written, segment);
                segments.push(written);
            }
        }
    }
    let path = segments.iter().fold(String::new(), |path, segment| path + "/" + segment);
    path.trim_end_matches('/').to_owned()
}

/// A variable of a server where its address contains it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressVariable<'s> {
    /// Its name, which is not on the wire.
    pub name: &'s str,
    /// What it is when nobody sets it; none where nobody says so.
    pub default: Option<&'s str>,
    /// What it may be, sorted, with the default; none where anything.
    pub allowed: Option<Vec<&'s str>>,
}

impl Server<'_> {
    /// The variables that the address contains, in its order; one for each time it does.
    pub fn address_variables(&self) -> Vec<AddressVariable<'_>> {
        let names = self.url.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name);
        names
            .map(|name| {
                let Some(variable) = self.variables.iter().find(|variable| variable.name == name) else {
                    return AddressVariable { name, default: None, allowed: None };
                };
                let default = Some(variable.default).filter(|default| !default.is_empty());
                let allowed = (!variable.allowed.is_empty()).then(|| {
                    let mut allowed: Vec<&str> = variable.allowed.iter().copied().chain(default).collect();
                    allowed.sort_unstable();
                    allowed.dedup();
                    allowed
                });
                AddressVariable { name, default, allowed }
            })
            .collect()
    }

    /// The address with these values for its variables, in its order.
    pub fn address_with<'v>(&self, values: impl IntoIterator<Item = &'v str>) -> NormalUrl {
        let mut values = values.into_iter();
        let mut parts = self.url.split('{');
        let mut url = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            match part.split_once('}') {
                Some((_, rest)) => {
                    url.push_str(values.next().unwrap_or("{}"));
                    url.push_str(rest);
                }
                None => {
                    url.push('{');
                    url.push_str(part);
                }
            }
        }
        NormalUrl::of(&url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_are_equal() {
        let pairs = [
            ("HTTPS://API.Example:443/v1/", "https://api.example/v1"),
            ("http://a.example:80", "http://a.example/"),
            ("https://a.example:/x/./y/../z", "https://a.example/x/z"),
            ("https://a.example/%7euser/%3a", "https://a.example/~user/%3A"),
            ("https://a.example/caf\u{e9}", "https://a.example/caf%c3%A9"),
            ("https://a.example/a b", "https://a.example/a%20b"),
            ("https://b\u{fc}cher.example:443/x", "https://xn--bcher-kva.example/x"),
            ("https://B\u{dc}CHER.example", "https://b\u{fc}cher.example"),
            ("./v2", "v2/"),
            ("/v2/../v3/", "/v3"),
            ("", "/"),
            (".", "./"),
            ("//A.example/b/", "//a.example/b"),
        ];
        for (one, other) in pairs {
            assert_eq!(NormalUrl::of(one), NormalUrl::of(other), "{one} and {other}");
        }
    }

    #[test]
    fn addresses_that_differ_stay_apart() {
        let pairs = [
            ("https://a.example:8443", "https://a.example"),
            ("https://a.example:80", "https://a.example"),
            ("http://a.example", "https://a.example"),
            ("https://a.example/V1", "https://a.example/v1"),
            ("https://a.example/%2Fv1", "https://a.example/v1"),
            ("./v2", "/v2"),
            ("../v2", "v2"),
            ("https://a.example/caf\u{e9}", "https://a.example/cafe\u{301}"),
            ("https://a.example/a%2Fb", "https://a.example/a/b"),
        ];
        for (one, other) in pairs {
            assert_ne!(NormalUrl::of(one), NormalUrl::of(other), "{one} and {other}");
        }
    }

    #[test]
    fn references_are_resolved() {
        let base = NormalUrl::of("https://a.example/api/v1");
        let found = ["/t", "t", "../t", "//b.example/t", "http://c.example/t"].map(|to| base.resolve(to).to_string());
        assert_eq!(
            found,
            [
                "https://a.example/t",
                "https://a.example/api/t",
                "https://a.example/t",
                "https://b.example/t",
                "http://c.example/t"
            ]
        );
    }
}

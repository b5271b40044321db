//! What the headers of an answer say about the end of what was fetched: `Deprecation` (RFC 9745), `Sunset` (RFC 8594)
//! and `Link` (RFC 8288). Older and wrong forms are read as what they mean, and what was wrong is kept with the date.

use chrono::{DateTime, NaiveDate, Utc};
use nom_rfc8288::complete::link_lenient;
use reqwest::header::{HeaderMap, LINK};
use sfv::{Item, Parser};

use crate::model::{DateKind, Origin, Statement, read_date};

/// Longest header that is quoted, characters.
const QUOTED: usize = 300;

/// Statements about the whole API, in the order deprecation, sunset. `from` is where the answer came from.
pub(super) fn signals(headers: &HeaderMap, from: &str) -> Vec<Statement> {
    let links = links(headers);
    let link =
        |rels: &[&str]| rels.iter().find_map(|rel| links.iter().find(|(known, _)| known == rel).map(|(_, url)| url.clone()));
    let header = |name: &str| -> Option<String> {
        let value = headers.get(name)?.to_str().ok()?.trim();
        Some(value.chars().take(QUOTED).collect())
    };
    let statement = |mark: DateKind, name: &str, verbatim: String, read: HeaderDate| Statement {
        subject: "*".to_owned(),
        mark,
        date: read.date,
        operations: Vec::new(),
        class: String::new(),
        cohort: None,
        title: String::new(),
        origin: Origin::Header,
        place: format!("the header {name} of {from}"),
        verbatim,
        link: match mark {
            DateKind::Sunset => link(&["sunset", "successor-version", "deprecation"]),
            _ => link(&["deprecation", "successor-version"]),
        },
        odd: read.odd,
        paused: false,
    };
    let mut said = Vec::new();
    if let Some(text) = header("deprecation") {
        let read = deprecation(&text);
        // `false` says that it is not.
        said.extend(read.map(|read| statement(DateKind::Deprecation, "Deprecation", text, read)));
    }
    if let Some(text) = header("sunset") {
        let read = sunset(&text);
        said.push(statement(DateKind::Sunset, "Sunset", text, read));
    }
    if said.is_empty()
        && let Some(url) = link(&["deprecation", "sunset"])
    {
        said.push(statement(DateKind::Deprecation, "Link", url, HeaderDate::default()));
    }
    said
}

/// What the value of a header says.
#[derive(Default)]
struct HeaderDate {
    /// The day; none where it names none.
    date: Option<NaiveDate>,
    /// What is wrong with its form.
    odd: Option<String>,
}

impl HeaderDate {
    const fn well_formed(date: NaiveDate) -> Self {
        Self { date: Some(date), odd: None }
    }

    fn odd(date: Option<NaiveDate>, odd: impl Into<String>) -> Self {
        Self { date, odd: Some(odd.into()) }
    }
}

/// A Structured Field Date; earlier drafts wrote `true` or an HTTP date (RFC 9745 section 2 and appendix A).
fn deprecation(text: &str) -> Option<HeaderDate> {
    if let Some(date) = structured(text) {
        return Some(HeaderDate::well_formed(date));
    }
    match text.to_ascii_lowercase().as_str() {
        "false" | "?0" => None,
        "true" | "?1" => Some(HeaderDate::odd(None, "an older form that has no date; RFC 9745 writes @ and seconds")),
        _ => Some(lenient(text, "RFC 9745 writes @ and seconds")),
    }
}

/// An HTTP date (RFC 8594 section 3).
fn sunset(text: &str) -> HeaderDate {
    if let Ok(time) = httpdate::parse_http_date(text) {
        return HeaderDate::well_formed(DateTime::<Utc>::from(time).date_naive());
    }
    match structured(text) {
        Some(date) => HeaderDate::odd(Some(date), "not the form of this header; RFC 8594 writes an HTTP date"),
        None => lenient(text, "RFC 8594 writes an HTTP date"),
    }
}

fn lenient(text: &str, form: &str) -> HeaderDate {
    match read_date(text) {
        Some(date) => HeaderDate::odd(Some(date), format!("not the form of this header; {form}")),
        None => HeaderDate::odd(None, format!("no date can be read in it; {form}")),
    }
}

fn structured(text: &str) -> Option<NaiveDate> {
    let item = Parser::new(text).parse::<Item>().ok()?;
    let seconds = i64::from(item.bare_item.as_date()?.unix_seconds());
    Some(DateTime::from_timestamp(seconds, 0)?.date_naive())
}

/// Relation types and where each leads.
fn links(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for value in headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()) {
        let Ok(links) = link_lenient(value) else { continue };
        for link in links.into_iter().flatten() {
            let rels = link.params.iter().filter(|param| param.key.eq_ignore_ascii_case("rel"));
            for rel in rels.filter_map(|param| param.val.as_deref()).flat_map(str::split_whitespace) {
                found.push((rel.to_ascii_lowercase(), link.url.chars().take(QUOTED).collect()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    const NOTHING: [&str; 0] = [];

    fn said(headers: &[(&'static str, &str)]) -> Vec<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value"));
        }
        let words = |statement: Statement| {
            let date = statement.date.map_or("-".to_owned(), |date| date.to_string());
            let link = statement.link.unwrap_or_default();
            let odd = if statement.odd.is_some() { " (odd)" } else { "" };
            format!("{} {date} {link}{odd}", statement.mark.name()).trim().to_owned()
        };
        signals(&map, "https://x.example/").into_iter().map(words).collect()
    }

    #[test]
    fn the_forms_of_the_standards_and_those_before_them() {
        assert_eq!(said(&[]), NOTHING);
        assert_eq!(
            said(&[("deprecation", "@1688169599"), ("sunset", "Sun, 31 Jan 2027 23:59:59 GMT")]),
            ["deprecation 2023-06-30", "sunset 2027-01-31"]
        );
        assert_eq!(said(&[("deprecation", "true")]), ["deprecation -  (odd)"]);
        assert_eq!(said(&[("deprecation", "false")]), NOTHING);
        assert_eq!(said(&[("deprecation", "Sun, 31 Jan 2027 23:59:59 GMT")]), ["deprecation 2027-01-31  (odd)"]);
        assert_eq!(said(&[("sunset", "2027-01-31")]), ["sunset 2027-01-31  (odd)"]);
        assert_eq!(said(&[("sunset", "@1801439999")]), ["sunset 2027-01-31  (odd)"]);
        assert_eq!(said(&[("sunset", "next year")]), ["sunset -  (odd)"]);
    }

    #[test]
    fn links_lead_to_where_more_is_written() {
        let link = r#"<https://x.example/next>; rel="successor-version next", <https://x.example/why,so>; rel=deprecation"#;
        assert_eq!(
            said(&[("sunset", "Sun, 31 Jan 2027 23:59:59 GMT"), ("link", link)]),
            ["sunset 2027-01-31 https://x.example/next"]
        );
        assert_eq!(said(&[("link", link)]), ["deprecation - https://x.example/why,so"]);
        assert_eq!(said(&[("link", "<<>;;,")]), NOTHING);
    }
}

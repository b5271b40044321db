//! The redirects of one fetch: where they led, and whether the description has moved for good.

use reqwest::StatusCode;
use url::Url;

use crate::model::Source;

/// The hops of one fetch.
#[derive(Debug, Default)]
pub(super) struct Redirects {
    /// Every URL that was asked, in order.
    pub(super) hops: Vec<Url>,
    /// Whether an answer on the way set a cookie.
    pub(super) asks_for_cookie: bool,
    /// Where redirects that hold for good lead from the start, without query.
    pub(super) moved_to: Option<String>,
    /// Whether one of them held only for now.
    is_temporary: bool,
}

impl Redirects {
    /// Notes a redirect with this status.
    pub(super) fn follow(&mut self, status: StatusCode, next: &Url) {
        self.is_temporary |= !matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT);
        if !self.is_temporary {
            self.moved_to = Some(Source::Web(next.clone()).to_string());
        }
    }

    /// A verdict, and every hop that led to it.
    pub(super) fn explain(&self, what: &str) -> String {
        let hops: Vec<String> = self.hops.iter().map(|url| Source::Web(url.clone()).to_string()).collect();
        let cookie = if self.asks_for_cookie {
            "; it asks for a cookie, which driftd does not keep: name an address that answers without one"
        } else {
            ""
        };
        format!("{what}: {}{cookie}", hops.join(" → "))
    }
}

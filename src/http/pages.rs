//! Pages, rendered on the server from embedded templates.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};
use serde::Serialize;
use url::form_urlencoded;

use crate::model::ApiState;
use crate::render::{clean, with_code};
use crate::rules::Rule;
use crate::state::ActiveConfig;

use super::history::HistoryPage;
use super::notice::NoticePage;
use super::rules::{RulePage, RulesPage};
use super::status::{Sections, StatusView, ago, moment};

const TEMPLATES: &[(&str, &str)] = &[
    ("base.html", include_str!("templates/base.html")),
    ("status.html", include_str!("templates/status.html")),
    ("notice_parts.html", include_str!("templates/notice_parts.html")),
    ("notice.html", include_str!("templates/notice.html")),
    ("answer.html", include_str!("templates/answer.html")),
    ("confirm.html", include_str!("templates/confirm.html")),
    ("history.html", include_str!("templates/history.html")),
    ("rule.html", include_str!("templates/rule.html")),
    ("rules.html", include_str!("templates/rules.html")),
    ("message.html", include_str!("templates/message.html")),
];

/// Longest line of a page that has many, characters.
const BRIEF: usize = 200;

/// The style of every page; its digest stands in the Content-Security-Policy.
pub(super) const STYLE: &str = include_str!("templates/style.css");

/// Renders pages. Make one and keep it. Every link begins with the path that `external_url` ends in.
#[derive(Debug)]
pub(super) struct Pages {
    environment: Environment<'static>,
    /// The page of all rules, which rarely changes.
    all_rules: Mutex<Option<KeptPage>>,
}

impl Pages {
    pub(super) fn new(base: &str) -> Result<Self, minijinja::Error> {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
        environment.add_filter("plain", |text: &str| clean(text, 1000));
        environment.add_filter("code", |text: &str| Value::from_safe_string(with_code(text, "<code>")));
        environment.add_filter("time", |text: &str| {
            text.parse::<DateTime<Utc>>().map_or_else(|_| text.to_owned(), |at| at.format("%Y-%m-%d %H:%M:%S").to_string())
        });
        environment.add_filter("moment", |text: &str, now: &str| match (text.parse(), now.parse()) {
            (Ok(at), Ok(now)) => moment(at, now),
            _ => text.to_owned(),
        });
        environment.add_filter("encoded", |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>());
        environment.add_filter("brief", |text: &str| clean(text, BRIEF));
        // RFC 3966: digits, and what people set between them.
        environment
            .add_filter("dialled", |text: &str| text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect::<String>());
        environment.add_filter("day", |text: &str| text.get(..10).unwrap_or(text).to_owned());
        // A path is URL-encoded already; what is left of HTML in it is escaped here, and its slashes stay readable.
        let base = base.replace('&', "&amp;").replace('"', "&quot;").replace('\'', "&#39;").replace('<', "&lt;");
        environment.add_global("base", Value::from_safe_string(base));
        environment.add_global("style", Value::from_safe_string(STYLE.to_owned()));
        for (name, source) in TEMPLATES {
            environment.add_template(name, source)?;
        }
        Ok(Self { environment, all_rules: Mutex::default() })
    }

    fn render(&self, template: &str, context: &Value) -> Result<String, minijinja::Error> {
        self.environment.get_template(template)?.render(context)
    }

    pub(super) fn status(&self, status: &StatusView) -> Result<String, minijinja::Error> {
        let sections = Sections::of(status);
        let extent = &status.extent;
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(extent.state.map(|state| ("state", state.name())));
        query.extend_pairs(extent.integration.as_ref().map(|integration| ("integration", integration)));
        let (query, states) = (query.finish(), ApiState::ALL.map(ApiState::name));
        let context = context! {
            status => Serde(status), sections => Serde(&sections), query, states,
            up => ago(status.at - status.started_at)
        };
        self.render("status.html", &context)
    }

    pub(super) fn history(&self, page: &HistoryPage) -> Result<String, minijinja::Error> {
        self.render("history.html", &context! { page => Serde(page) })
    }

    pub(super) fn notice(&self, page: &NoticePage) -> Result<String, minijinja::Error> {
        self.render("notice.html", &context! { page => Serde(page) })
    }

    pub(super) fn answer(&self, page: &AnswerPage, notice: &NoticePage) -> Result<String, minijinja::Error> {
        self.render("answer.html", &context! { page => Serde(page), notice => Serde(notice) })
    }

    pub(super) fn confirm(&self, address: &str, token: &str) -> Result<String, minijinja::Error> {
        self.render("confirm.html", &context! { address, token })
    }

    pub(super) fn message(&self, title: &str, text: &str) -> Result<String, minijinja::Error> {
        self.render("message.html", &context! { title, text })
    }

    pub(super) fn rule(&self, rule: &Rule) -> Result<String, minijinja::Error> {
        let page = RulePage::new(rule);
        self.render("rule.html", &context! { rule => Serde(&page) })
    }

    pub(super) fn rules(&self, page: &RulesPage) -> Result<String, minijinja::Error> {
        self.render("rules.html", &context! { page => Serde(page) })
    }

    /// The page of all rules: the same bytes for everybody who asks on one day under one configuration.
    pub(super) fn all_rules(
        &self,
        active: &Arc<ActiveConfig>,
        today: NaiveDate,
        page: impl FnOnce() -> RulesPage,
    ) -> Result<Bytes, minijinja::Error> {
        let mut kept = self.all_rules.lock().unwrap_or_else(PoisonError::into_inner);
        let is_of_now = |kept: &KeptPage| kept.day == today && std::ptr::eq(kept.config.as_ptr(), Arc::as_ptr(active));
        if let Some(kept) = kept.as_ref().filter(|kept| is_of_now(kept)) {
            return Ok(kept.bytes.clone());
        }
        let bytes = Bytes::from(self.rules(&page())?);
        *kept = Some(KeptPage { config: Arc::downgrade(active), day: today, bytes: bytes.clone() });
        Ok(bytes)
    }
}

/// A page, and what it was made of.
#[derive(Debug)]
struct KeptPage {
    /// Weak: a page keeps no configuration alive, and its place in memory stays taken while this is here.
    config: Weak<ActiveConfig>,
    day: NaiveDate,
    bytes: Bytes,
}

/// What the answer page shows.
#[derive(Debug, Clone, Serialize)]
pub(super) struct AnswerPage {
    pub(super) token: String,
    pub(super) notice: String,
    pub(super) subject: String,
    pub(super) name: String,
    pub(super) party: String,
    pub(super) side: String,
    pub(super) closed: bool,
    pub(super) answered: Option<String>,
    pub(super) problem: Option<String>,
    pub(super) may_accept: bool,
    /// What stands in the form: as it was sent with a mistake, or as the link asked for.
    pub(super) chosen: String,
    pub(super) owner: String,
    pub(super) fix_by: String,
    pub(super) ask: String,
    pub(super) note: String,
    /// `live`, `upcoming` or `ledger`.
    pub(super) surface: String,
    pub(super) choices: Vec<Choice>,
    pub(super) asks: Vec<Ask>,
    pub(super) today: String,
}

/// Somebody else who can be named.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
}

/// What the other side asks for.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Ask {
    pub(super) id: i64,
    pub(super) who: String,
    pub(super) until: String,
    pub(super) note: String,
}

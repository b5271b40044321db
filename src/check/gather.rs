//! A description with every file it refers to.
//!
//! Most descriptions are one file and cost one look for a reference that leads out of it. One of several is
//! gathered whole, each file through the same guarded client and with validators of its own: that the root has
//! not changed says nothing about the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::StreamExt as _;
use url::Url;

use crate::fetch::{Client, FailureKind, FetchFailure, FetchOutcome, FetchedBody, Request};
use crate::model::{ApiTls, Auth, PartValidators, Source, Validators};
use crate::openapi::{Bundle, Limits, external_files, may_be_several, parse};

/// Files of one description; the largest real one has about 1,800.
const MOST_FILES: usize = 5_000;

/// Files asked for at one time; hosts have limits of their own.
const AT_ONCE: usize = 8;

/// What was gathered last time.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The files, where there were several.
    pub bundle: Option<Bundle>,
    /// What makes each GET conditional; none asks for everything.
    pub validators: Option<Validators>,
}

/// What gathering came to.
#[derive(Debug)]
pub struct Gathered {
    /// The body of several files is a [`Bundle`].
    pub outcome: FetchOutcome,
    /// Files the description refers to that did not come, and why.
    pub absent: BTreeMap<String, String>,
}

impl Gathered {
    fn whole(outcome: FetchOutcome) -> Self {
        Self { outcome, absent: BTreeMap::new() }
    }
}

/// Where a description is, and how it is asked for.
#[derive(Clone, Copy)]
pub struct WholeDescription<'w> {
    /// Who fetches.
    pub client: &'w Client,
    /// Where the first file is.
    pub source: &'w Source,
    /// How the provider knows who asks.
    pub auth: &'w Auth,
    /// Certificates of its own.
    pub tls: Option<&'w ApiTls>,
    /// What all files may be together.
    pub limits: &'w Limits,
    /// So long may the files beside the first one take together.
    pub deadline: Duration,
}

/// Fetches a description and every file it refers to.
pub async fn gather(whole: &WholeDescription<'_>, known: &Known) -> Gathered {
    let WholeDescription { client, source, auth, tls, limits, deadline } = *whole;
    let outcome = client.fetch(&Request { source, auth, tls, validators: known.validators.as_ref(), part: None }).await;
    let (root, fresh_for) = match (outcome, &known.bundle) {
        (FetchOutcome::Body(body), _) => {
            let fresh_for = body.fresh_for;
            (*body, fresh_for)
        }
        // The root has not changed; the rest is asked for by itself.
        (FetchOutcome::NotModified { fresh_for, signals, moved_to }, Some(bundle)) => {
            let text = bundle.files.get("").cloned().unwrap_or_default();
            let validators = known.validators.clone().unwrap_or_default();
            let (from, at) = match source {
                Source::Web(url) => (source.to_string(), Some(url.clone())),
                Source::File(path) => (source.to_string(), Url::from_file_path(path).ok()),
            };
            let bytes = text.into_bytes();
            (FetchedBody { bytes, validators, fresh_for, from, at, signals, full: false, framed: true, moved_to }, fresh_for)
        }
        (other, _) => return Gathered::whole(other),
    };
    let Ok(text) = std::str::from_utf8(&root.bytes) else { return Gathered::whole(FetchOutcome::Body(Box::new(root))) };
    let (Some(base), true) = (&root.at, may_be_several(text)) else {
        return Gathered::whole(FetchOutcome::Body(Box::new(root)));
    };
    let crawl = Crawl { client, source, auth, tls, known, limits, base };
    let Ok(crawled) = tokio::time::timeout(deadline, crawl.run(text)).await else {
        let why = format!("its files did not all come within {}", humantime::format_duration(deadline));
        return Gathered::whole(FetchOutcome::Failed(FetchFailure { kind: FailureKind::Down, why }));
    };
    match crawled {
        Ok(Crawled { bundle, parts, absent, framed }) if bundle.files.len() > 1 => {
            let validators = Validators { parts, ..root.validators.clone() };
            let framed = framed && root.framed;
            let body = FetchedBody { bytes: bundle.to_bytes(), validators, fresh_for, framed, ..root };
            Gathered { outcome: FetchOutcome::Body(Box::new(body)), absent }
        }
        Ok(Crawled { absent, .. }) => {
            // Asked with its validators, the root alone would answer for files that are still to come.
            let validators = if absent.is_empty() { root.validators } else { Validators::default() };
            Gathered { outcome: FetchOutcome::Body(Box::new(FetchedBody { validators, ..root })), absent }
        }
        Err(outcome) => Gathered::whole(outcome),
    }
}

/// Every file that came, and those that did not.
struct Crawled {
    bundle: Bundle,
    parts: BTreeMap<String, PartValidators>,
    absent: BTreeMap<String, String>,
    /// Whether the end of each was marked.
    framed: bool,
}

struct Crawl<'c> {
    client: &'c Client,
    source: &'c Source,
    auth: &'c Auth,
    tls: Option<&'c ApiTls>,
    known: &'c Known,
    limits: &'c Limits,
    /// Where the root is: what keys are relative to.
    base: &'c Url,
}

impl Crawl<'_> {
    /// Every file that can be had. What is not there, not to be gone to, or no text, is named: whether it was ever there
    /// decides what that means. Any other failure is the whole check's: half a description is no description.
    async fn run(&self, root: &str) -> Result<Crawled, FetchOutcome> {
        let mut absent = BTreeMap::new();
        let mut framed = true;
        let mut bundle = Bundle { files: BTreeMap::from([(String::new(), root.to_owned())]) };
        let mut parts = BTreeMap::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut bytes = root.len();
        let mut wanted = self.references("", root);
        while !wanted.is_empty() {
            wanted.retain(|key| seen.insert(key.clone()));
            if seen.len() > MOST_FILES {
                return Err(too_much(format!("the description refers to more than {MOST_FILES} files")));
            }
            let mut fetched: Vec<(String, FetchOutcome)> =
                futures_util::stream::iter(wanted.drain(..).map(|key| self.fetch(key))).buffer_unordered(AT_ONCE).collect().await;
            // Files arrive in any order; what is made of them must not depend on it.
            fetched.sort_by(|a, b| a.0.cmp(&b.0));
            for (key, outcome) in fetched {
                let (text, validators) = match outcome {
                    FetchOutcome::Body(body) => {
                        framed &= body.framed;
                        let validators =
                            PartValidators { etag: body.validators.etag, last_modified: body.validators.last_modified };
                        match String::from_utf8(body.bytes) {
                            Ok(text) => (text, validators),
                            Err(problem) => {
                                absent.insert(key, format!("it is not UTF-8 ({})", problem.utf8_error()));
                                continue;
                            }
                        }
                    }
                    FetchOutcome::NotModified { .. } => match self.remembered(&key) {
                        Some(remembered) => remembered,
                        None => {
                            absent.insert(key, "it was said not to have changed, and was never read".to_owned());
                            continue;
                        }
                    },
                    FetchOutcome::Failed(FetchFailure { kind: FailureKind::Missing | FailureKind::Unreadable, why }) => {
                        absent.insert(key, why);
                        continue;
                    }
                    FetchOutcome::Failed(failure) => {
                        return Err(FetchOutcome::Failed(FetchFailure { why: format!("{key}: {}", failure.why), ..failure }));
                    }
                    later @ FetchOutcome::Later { .. } => return Err(later),
                };
                bytes += text.len();
                if bytes > self.limits.bytes {
                    return Err(too_much(format!(
                        "the files of the description are larger than {} bytes together",
                        self.limits.bytes
                    )));
                }
                wanted.extend(self.references(&key, &text));
                bundle.files.insert(key.clone(), text);
                parts.insert(key, validators);
            }
        }
        Ok(Crawled { bundle, parts, absent, framed })
    }

    fn references(&self, key: &str, text: &str) -> Vec<String> {
        if !may_be_several(text) {
            return Vec::new();
        }
        // What cannot be parsed refers to nothing; reading says what is wrong with it.
        parse(text.as_bytes(), self.limits, &mut Vec::new()).map(|value| external_files(key, &value)).unwrap_or_default()
    }

    async fn fetch(&self, key: String) -> (String, FetchOutcome) {
        let missing = || FetchOutcome::Failed(FetchFailure { kind: FailureKind::Missing, why: format!("{key} is no address") });
        let outcome = match self.base.join(&key) {
            Ok(part) => {
                let known = self.known.validators.as_ref().and_then(|validators| validators.parts.get(&key));
                let known = known.filter(|_| self.remembered(&key).is_some());
                let validators = known.map(|known| Validators {
                    etag: known.etag.clone(),
                    last_modified: known.last_modified.clone(),
                    ..Validators::default()
                });
                let (source, auth, tls) = (self.source, self.auth, self.tls);
                self.client.fetch(&Request { source, auth, tls, validators: validators.as_ref(), part: Some(&part) }).await
            }
            Err(_) => missing(),
        };
        (key, outcome)
    }

    fn remembered(&self, key: &str) -> Option<(String, PartValidators)> {
        let text = self.known.bundle.as_ref()?.files.get(key)?.clone();
        let validators = self.known.validators.as_ref().and_then(|validators| validators.parts.get(key)).cloned();
        Some((text, validators.unwrap_or_default()))
    }
}

fn too_much(why: String) -> FetchOutcome {
    FetchOutcome::Failed(FetchFailure { kind: FailureKind::Unreadable, why })
}

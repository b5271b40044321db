//! One request for the headers of an operation: they may say that it ends where the description does not.

use crate::model::{ApiTls, Auth, Probe, Source, Statement};

use super::client::Client;
use super::credentials::authorized;
use super::signals::signals;

/// What an operation answered to a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeAnswer {
    /// What its headers say about its end.
    pub signals: Vec<Statement>,
    /// Whether saying nothing means that nothing ends: what is refused can still say that it ends, but only an answer that
    /// succeeds can be silent.
    pub is_success: bool,
}

impl Client {
    /// What the headers of an operation say about its end, by one HEAD that follows no redirect. None where nothing
    /// answered.
    pub async fn probe(&self, probe: &Probe, live: &Source, auth: &Auth, tls: Option<&ApiTls>) -> Option<ProbeAnswer> {
        let way = self.way(&probe.url, &probe.url).await.ok()?;
        // Credentials stay with the origin they were given for.
        let is_home = matches!(live, Source::Web(url) if url.origin() == probe.url.origin());
        let http = self.http(way, tls, is_home).ok()?;
        let slot = self.slot(&probe.url);
        let _permit = slot.acquire().await.ok()?;
        let mut request = http.head(probe.url.clone());
        if is_home {
            request = authorized(request, auth);
        }
        let response = request.send().await.ok()?;
        let from = Source::Web(probe.url.clone()).to_string();
        let about = |statement: Statement| Statement {
            subject: probe.operation.to_string(),
            operations: vec![probe.operation.clone()],
            ..statement
        };
        let signals = signals(response.headers(), &from).into_iter().map(about).collect();
        Some(ProbeAnswer { signals, is_success: response.status().is_success() })
    }
}

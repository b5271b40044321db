//! Certificates: authorities to trust, and what proves who asks. Checked here, so that none fails in use.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::model::ApiTls;

use super::environment::LoadContext;
use super::reader::{At, Problems, Table};
use super::secret;

/// `[apis.tls]`: `ca_file`, and `client_certificate` with `client_key`.
pub(super) fn read(parent: &mut Table<'_, '_>, context: &LoadContext<'_>, problems: &mut Problems<'_>) -> Option<ApiTls> {
    let mut table = parent.table("tls", problems)?;
    let authorities = authorities(&mut table, context.folder, problems);
    let certificate = table.text("client_certificate", problems);
    let written_key = table.value("client_key");
    let key = secret::read_lines(&mut table, "client_key", context, problems);
    let identity = match (&certificate, &written_key) {
        (Some(certificate), Some(written)) => {
            key.and_then(|key| identity(certificate, &written.with(key), context.folder, problems))
        }
        (Some(certificate), None) => {
            certificate.wrong("has no effect without its key", "add client_key = { file = \"…\" }", problems);
            None
        }
        (None, Some(written)) => {
            written.wrong("has no effect without its certificate", "add client_certificate = \"…\"", problems);
            None
        }
        (None, None) => None,
    };
    table.finish(problems);
    if authorities.is_none() && identity.is_none() {
        return None;
    }
    let mut digest = Sha256::new();
    for part in [authorities.as_deref(), identity.as_ref().map(SecretString::expose_secret)] {
        let part = part.unwrap_or_default();
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part.as_bytes());
    }
    let digest = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Some(ApiTls { authorities, identity, digest })
}

/// `ca_file`: certificates of authorities, as PEM.
pub(super) fn authorities(table: &mut Table<'_, '_>, folder: &Path, problems: &mut Problems<'_>) -> Option<String> {
    let named = table.text("ca_file", problems)?;
    let (text, certificates) = certificates(&named, folder, problems)?;
    let mut store = RootCertStore::empty();
    for (index, certificate) in certificates.into_iter().enumerate() {
        if let Err(error) = store.add(certificate) {
            let message = format!("certificate {} in {} cannot be trusted: {error}", index + 1, named.value);
            named.wrong(message, "name the certificate of the authority, as PEM", problems);
            return None;
        }
    }
    Some(text)
}

fn certificates(
    named: &At<String>,
    folder: &Path,
    problems: &mut Problems<'_>,
) -> Option<(String, Vec<CertificateDer<'static>>)> {
    let path = folder.join(&named.value);
    let mut wrong = |message: String, help: &str| {
        named.wrong(message, help, problems);
        None
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            return wrong(format!("{} cannot be read: {error}", path.display()), "name a PEM file that driftd can read");
        }
    };
    let help = "write PEM, which begins with -----BEGIN CERTIFICATE-----";
    match CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<Vec<_>, _>>() {
        Ok(certificates) if certificates.is_empty() => wrong(format!("{} holds no certificate", path.display()), help),
        Ok(certificates) => Some((text, certificates)),
        Err(error) => wrong(format!("{} is not PEM: {error}", path.display()), help),
    }
}

fn identity(
    certificate: &At<String>,
    key: &At<SecretString>,
    folder: &Path,
    problems: &mut Problems<'_>,
) -> Option<SecretString> {
    let (text, chain) = certificates(certificate, folder, problems)?;
    // A credential that is believed rather than read.
    if key.value.expose_secret().is_empty() {
        return None;
    }
    let Ok(parsed) = PrivateKeyDer::from_pem_slice(key.value.expose_secret().as_bytes()) else {
        let help = "write PEM, which begins with -----BEGIN PRIVATE KEY-----, without a passphrase";
        key.wrong("holds no private key that can be read", help, problems);
        return None;
    };
    if let Err(error) = CertifiedKey::from_der(chain, parsed, &rustls::crypto::ring::default_provider()) {
        let message = format!("does not belong to {}: {error}", certificate.value);
        key.wrong(message, "name the key that the certificate was made for", problems);
        return None;
    }
    Some(SecretString::from(format!("{}\n{}\n", text.trim_end(), key.value.expose_secret())))
}

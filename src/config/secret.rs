//! Secrets: from a file, a systemd credential or the environment; never written in the configuration.

use std::path::Path;

use secrecy::SecretString;

use super::environment::LoadContext;
use super::reader::{At, Problems, Table};

/// What the text of a secret may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    /// One line: a password, a token, an address.
    OneLine,
    /// Any number of lines that belong together: a key as PEM.
    AnyLines,
}

/// Reads a secret of one line: `{ file = "…" }`, `{ credential = "…" }` or `{ env = "…" }`.
pub(super) fn read(
    parent: &mut Table<'_, '_>,
    name: &'static str,
    context: &LoadContext<'_>,
    problems: &mut Problems<'_>,
) -> Option<SecretString> {
    read_of(Length::OneLine, parent, name, context, problems)
}

/// The same for a secret of several lines.
pub(super) fn read_lines(
    parent: &mut Table<'_, '_>,
    name: &'static str,
    context: &LoadContext<'_>,
    problems: &mut Problems<'_>,
) -> Option<SecretString> {
    read_of(Length::AnyLines, parent, name, context, problems)
}

fn read_of(
    length: Length,
    parent: &mut Table<'_, '_>,
    name: &'static str,
    context: &LoadContext<'_>,
    problems: &mut Problems<'_>,
) -> Option<SecretString> {
    const HELP: &str =
        "write { file = \"…\" }, { credential = \"…\" } or { env = \"…\" }: a secret never stands in the configuration";
    if let Some(written) = parent.value(name).filter(|written| written.value.is_str()) {
        written.wrong("holds the secret itself", HELP, problems);
        return None;
    }
    let mut table = parent.table(name, problems)?;
    let file = table.text("file", problems);
    let credential = table.text("credential", problems);
    let variable = table.text("env", problems);
    let secret = match (file, credential, variable) {
        (Some(file), None, None) => from_file(length, context.folder, &file, problems),
        (None, Some(credential), None) => match context.environment.get("CREDENTIALS_DIRECTORY") {
            Some(directory) => from_file(length, Path::new(directory), &credential, problems),
            None if context.environment.believe_credentials => {
                let message = format!("the credential {:?} cannot be checked here, only under systemd", credential.value);
                let help = format!("the unit needs LoadCredential={}:/path/to/the/secret", credential.value);
                credential.unwise(message, help, problems);
                Some(SecretString::from(String::new()))
            }
            None => {
                let help = "systemd sets $CREDENTIALS_DIRECTORY for units with LoadCredential=; elsewhere use { file = \"…\" }";
                credential.wrong("there are no credentials here: $CREDENTIALS_DIRECTORY is not set", help, problems);
                None
            }
        },
        (None, None, Some(variable)) => match context.environment.get(&variable.value) {
            Some(value) if !value.is_empty() => Some(SecretString::from(value.to_owned())),
            _ => {
                variable.wrong(format!("${} is not set", variable.value), "set it, or use { file = \"…\" }", problems);
                None
            }
        },
        _ => {
            table.wrong("must name exactly one place the secret comes from", HELP, problems);
            None
        }
    };
    table.finish(problems);
    secret
}

fn from_file(length: Length, folder: &Path, named: &At<String>, problems: &mut Problems<'_>) -> Option<SecretString> {
    let path = folder.join(&named.value);
    let mut wrong = |what: String, help: &str| {
        named.wrong(format!("{} {what}", path.display()), help, problems);
        None
    };
    let one_line = "put the secret in it, on one line";
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => return wrong(format!("cannot be read: {error}"), "create it, readable for driftd only"),
    };
    let Ok(text) = String::from_utf8(bytes) else {
        return wrong("is not UTF-8 text".to_owned(), "write it again as UTF-8: some editors and shells write UTF-16");
    };
    // Some editors begin a file with a mark that is no part of what was typed.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.trim().is_empty() {
        return wrong("is empty".to_owned(), one_line);
    }
    if secret.contains('\0') {
        return wrong("holds a NUL character".to_owned(), "write it again as UTF-8 text: some editors and shells write UTF-16");
    }
    if length == Length::OneLine && secret.contains(['\r', '\n']) {
        return wrong("holds more than one line".to_owned(), one_line);
    }
    Some(SecretString::from(secret.to_owned()))
}

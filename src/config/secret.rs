//! Secrets: from a file, a systemd credential or the environment; never written in the configuration.

use std::path::Path;

use secrecy::SecretString;

use super::Environment;
use super::reader::{Problems, Table};

/// What the file of a secret holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One line: a password, a token, an address.
    Line,
    /// Lines that belong together: a key as PEM.
    Lines,
}

/// Reads `{ file = "…" }`, `{ credential = "…" }` or `{ env = "…" }`.
pub(super) fn read(
    parent: &mut Table<'_, '_>,
    name: &'static str,
    folder: &Path,
    environment: &Environment,
    problems: &mut Problems<'_>,
) -> Option<SecretString> {
    read_shaped(Shape::Line, parent, (name, folder, environment), problems)
}

/// The same for a secret of this shape.
pub(super) fn read_shaped(
    shape: Shape,
    parent: &mut Table<'_, '_>,
    (name, folder, environment): (&'static str, &Path, &Environment),
    problems: &mut Problems<'_>,
) -> Option<SecretString> {
    const HELP: &str =
        "write { file = \"…\" }, { credential = \"…\" } or { env = \"…\" }: a secret never stands in the configuration";
    if let Some((value, key)) = parent.value(name)
        && value.get_ref().is_str()
    {
        problems.add(value.span().start, key, "holds the secret itself", HELP);
        return None;
    }
    let mut table = parent.table(name, problems)?;
    let file = table.text("file", problems);
    let credential = table.text("credential", problems);
    let variable = table.text("env", problems);
    let secret = match (file, credential, variable) {
        (Some(file), None, None) => from_file(shape, &folder.join(&file.value), (file.offset, &file.key), problems),
        (None, Some(credential), None) => match environment.get("CREDENTIALS_DIRECTORY") {
            Some(directory) => {
                from_file(shape, &Path::new(directory).join(&credential.value), (credential.offset, &credential.key), problems)
            }
            None if environment.believe_credentials => {
                let message = format!("the credential {:?} cannot be checked here, only under systemd", credential.value);
                let help = format!("the unit needs LoadCredential={}:/path/to/the/secret", credential.value);
                let warning = problems.problem(credential.offset, credential.key, message, help);
                problems.warnings.push(warning);
                Some(SecretString::from(String::new()))
            }
            None => {
                let help = "systemd sets $CREDENTIALS_DIRECTORY for units with LoadCredential=; elsewhere use { file = \"…\" }";
                problems.add(
                    credential.offset,
                    credential.key,
                    "there are no credentials here: $CREDENTIALS_DIRECTORY is not set",
                    help,
                );
                None
            }
        },
        (None, None, Some(variable)) => match environment.get(&variable.value) {
            Some(value) if !value.is_empty() => Some(SecretString::from(value.to_owned())),
            _ => {
                problems.add(
                    variable.offset,
                    variable.key,
                    format!("${} is not set", variable.value),
                    "set it, or use { file = \"…\" }",
                );
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

fn from_file(shape: Shape, path: &Path, (offset, key): (usize, &str), problems: &mut Problems<'_>) -> Option<SecretString> {
    let mut wrong = |what: String, help: &str| {
        problems.add(offset, key, format!("{} {what}", path.display()), help);
        None
    };
    let one_line = "put the secret in it, on one line";
    let bytes = match std::fs::read(path) {
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
    if shape == Shape::Line && secret.contains(['\r', '\n']) {
        return wrong("holds more than one line".to_owned(), one_line);
    }
    Some(SecretString::from(secret.to_owned()))
}

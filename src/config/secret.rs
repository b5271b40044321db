//! Secrets: from a file, a systemd credential or the environment; never written in the configuration.

use std::path::Path;

use secrecy::SecretString;

use super::Environment;
use super::reader::{Problems, Table};

/// Reads `{ file = "…" }`, `{ credential = "…" }` or `{ env = "…" }`.
pub(super) fn read(
    parent: &mut Table<'_, '_>,
    name: &'static str,
    folder: &Path,
    environment: &Environment,
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
        (Some(file), None, None) => from_file(&folder.join(&file.value), file.offset, &file.key, problems),
        (None, Some(credential), None) => match environment.get("CREDENTIALS_DIRECTORY") {
            Some(directory) => {
                from_file(&Path::new(directory).join(&credential.value), credential.offset, &credential.key, problems)
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

fn from_file(path: &Path, offset: usize, key: &str, problems: &mut Problems<'_>) -> Option<SecretString> {
    match std::fs::read_to_string(path) {
        Ok(text) if !text.trim().is_empty() => Some(SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned())),
        Ok(_) => {
            problems.add(offset, key, format!("{} is empty", path.display()), "put the secret in it, on one line");
            None
        }
        Err(error) => {
            problems.add(
                offset,
                key,
                format!("{} cannot be read: {error}", path.display()),
                "create it, readable for driftd only",
            );
            None
        }
    }
}

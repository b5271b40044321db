//! Descriptions that are files on this machine.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tokio::io::AsyncReadExt as _;
use url::Url;

use crate::model::Validators;

use super::charset;
use super::outcome::{FetchFailure, FetchOutcome, FetchedBody};

/// The file that a description refers to, unless it is outside the folder of the description and not `files_anywhere`: what a
/// partner pushes must not read the rest of the machine.
pub(super) fn part(root: &Path, part: &Url, files_anywhere: bool) -> Result<PathBuf, FetchFailure> {
    let path = part.to_file_path().map_err(|()| FetchFailure::missing(format!("{part} is no file")))?;
    let real = path.canonicalize().map_err(|error| FetchFailure::missing(format!("{}: {error}", path.display())))?;
    // A bare name has an empty parent.
    let home = root.parent().filter(|home| !home.as_os_str().is_empty()).unwrap_or(Path::new(".")).canonicalize();
    let home = home.map_err(|error| FetchFailure::blind(format!("{}: {error}", root.display())))?;
    if files_anywhere || real.starts_with(&home) {
        return Ok(real);
    }
    Err(FetchFailure::unreadable(format!("{} is outside the folder of the description; not read", path.display())))
}

/// Reads a whole file of at most `max_bytes`.
pub(super) async fn read(path: &Path, max_bytes: usize) -> FetchOutcome {
    let read = async {
        let known = tokio::fs::metadata(path).await?;
        if !known.is_file() {
            return Err(std::io::Error::new(ErrorKind::InvalidInput, "this is no regular file"));
        }
        let mut file = tokio::fs::File::open(path).await?;
        let limit = u64::try_from(max_bytes).unwrap_or(u64::MAX).saturating_add(1);
        let mut bytes = Vec::with_capacity(usize::try_from(known.len().min(limit)).unwrap_or_default() + 1);
        (&mut file).take(limit).read_to_end(&mut bytes).await?;
        Ok::<_, std::io::Error>(bytes)
    };
    match read.await {
        Ok(bytes) if bytes.len() > max_bytes => FetchOutcome::Failed(FetchFailure::too_large(max_bytes)),
        Ok(bytes) => match charset::decode(bytes, None) {
            Ok(bytes) => FetchOutcome::Body(Box::new(FetchedBody {
                bytes,
                validators: Validators::default(),
                fresh_for: None,
                from: path.display().to_string(),
                at: path.canonicalize().ok().and_then(|path| Url::from_file_path(path).ok()),
                signals: Vec::new(),
                full: true,
                framed: true,
                moved_to: None,
            })),
            Err(why) => FetchOutcome::Failed(FetchFailure::unreadable(format!("{}: {why}", path.display()))),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => {
            FetchOutcome::Failed(FetchFailure::missing(format!("{}: {error}", path.display())))
        }
        Err(error) => FetchOutcome::Failed(FetchFailure::blind(format!("{}: {error}", path.display()))),
    }
}

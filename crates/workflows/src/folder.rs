//! The operator's folder of documents, from which they are taken by their path and which nothing leads out of.

use std::{
    fs::File,
    io::Read,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use conductor_domain::FieldError;
use conductor_workflow_graph::Syntax;

use crate::{Document, Error, Result};

/// How documents end.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// The folder, where the operator has named one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Folder(Option<Arc<Path>>);

impl Folder {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(Some(path.into()).filter(|path: &Arc<Path>| !path.as_os_str().is_empty()))
    }

    /// The document at a path below the folder.
    ///
    /// # Errors
    /// `FolderOff` where there is no folder; `Invalid` where the path leads elsewhere, to nothing, or to what is no
    /// document of at most `limit` bytes. What lies outside of the folder is never told.
    pub(crate) fn read(&self, path: &str, limit: usize) -> Result<Document> {
        let root = self.0.as_ref().and_then(|root| root.canonicalize().ok()).ok_or(Error::FolderOff)?;
        let path = below(path)?;
        let nothing = || fault("not_found", "there is no such document in the folder of workflows");
        // A link is followed before it is asked whether it leads out.
        let file = root.join(path).canonicalize().map_err(|_| nothing())?;
        if !file.starts_with(&root) || !file.is_file() || !ends_well(&file) {
            return Err(nothing());
        }
        let mut bytes = Vec::new();
        let most = u64::try_from(limit).unwrap_or(u64::MAX);
        let open = File::open(&file).map_err(|_| nothing())?;
        open.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|_| nothing())?;
        if bytes.len() > limit {
            return Err(fault("too_large", &format!("a document has at most {limit} bytes")));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            fault("invalid", &format!("the document is not UTF-8 from byte {at} on"))
        })?;
        Ok(Document::Text(Syntax::of(&text), text))
    }
}

/// A path that goes down only.
fn below(path: &str) -> Result<&Path> {
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    // A backslash is a way up where files are named by it, and a part of no honest name elsewhere.
    let honest = !path.contains(['\\', '\0']) && Path::new(path).components().all(plain);
    if path.trim().is_empty() || !honest {
        let detail = "write a path below the folder of workflows, such as customers/acme/sales/quote.yml: without a \
                      leading slash, without .. and without a backslash";
        return Err(fault("invalid", detail));
    }
    if !ends_well(Path::new(path)) {
        return Err(fault("invalid", "a document ends in .yaml, .yml or .json"));
    }
    Ok(Path::new(path))
}

fn ends_well(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending))
}

fn fault(code: &'static str, detail: &str) -> Error {
    Error::Invalid { faults: vec![FieldError::new("/filePath", code, detail)] }
}

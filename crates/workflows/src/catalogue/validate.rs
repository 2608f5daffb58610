//! What a workflow's fields may hold, said once for every door. All faults are reported together.

use conductor_domain::{FieldError, WorkflowSpec};

use super::name;
use crate::{Error, Result};

/// Checks a state as a whole; what its graph says is the graph's own affair.
pub(super) fn spec(spec: &WorkflowSpec) -> Result<()> {
    let mut faults = Vec::new();
    if !name::is_plain(&spec.name) {
        let detail = "write 1 to 100 letters, digits, hyphens, dots or underscores, a letter or digit first; the title \
                      may be any text";
        faults.push(FieldError::new("/name", "invalid", detail));
    }
    let mut text = |text: &Option<String>, pointer: &str, most: usize| {
        let text = text.as_deref().unwrap_or_default();
        if text.chars().count() > most {
            faults.push(FieldError::new(pointer, "too_long", format!("write at most {most} characters")));
        }
        if text.contains('\0') {
            faults.push(FieldError::new(pointer, "invalid", "remove the NUL character"));
        }
    };
    text(&spec.title, "/title", 200);
    text(&spec.description, "/description", 2_000);
    text(&spec.category, "/category", 50);
    if spec.required_permissions.len() > 50 {
        faults.push(FieldError::new("/required_permissions", "too_many", "give at most 50"));
    }
    for (at, permission) in spec.required_permissions.iter().enumerate() {
        let word =
            |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-' | ':' | '*');
        if !(1..=100).contains(&permission.len()) || !permission.chars().all(word) {
            let pointer = format!("/required_permissions/{at}");
            let detail = "write 1 to 100 letters, digits, dots, colons, stars, hyphens or underscores";
            faults.push(FieldError::new(pointer, "invalid", detail));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid { faults }) }
}

//! Loop: its body runs again until its condition holds.

use super::{Act, Result};

pub(super) fn begin() -> Result<Act> {
    Ok(Act::Body { input: None })
}

//! Parallel: all its ways are followed; how many at a time is looked at where they begin.

use super::{Act, Begin, Result};

pub(super) fn begin(begin: &Begin<'_>) -> Result<Act> {
    Ok(Act::done(begin.arrived()))
}

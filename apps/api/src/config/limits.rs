//! Limits that are written one a role: `platform:guest=50`.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The calls of a day for whoever has a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct RoleLimit {
    /// Such as `platform:guest` or `organization:viewer`.
    pub(crate) role: String,
    /// How many.
    pub(crate) calls: u32,
}

impl FromStr for RoleLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write a role and a number, such as platform:guest=50".to_owned();
        let (role, calls) = text.split_once('=').ok_or_else(wrong)?;
        let (role, calls) = (role.trim(), calls.trim().parse().map_err(|_| wrong())?);
        if !role.contains(':') {
            return Err(wrong());
        }
        Ok(Self { role: role.to_owned(), calls })
    }
}

impl TryFrom<String> for RoleLimit {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<RoleLimit> for String {
    fn from(limit: RoleLimit) -> Self {
        format!("{}={}", limit.role, limit.calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_role_and_a_number() {
        let limit: RoleLimit = " platform:guest = 50".trim().parse().unwrap();
        assert_eq!((limit.role.as_str(), limit.calls), ("platform:guest", 50));
        assert_eq!(String::from(limit), "platform:guest=50");
        for wrong in ["", "platform:guest", "guest=5", "platform:guest=-1", "platform:guest=many"] {
            assert!(wrong.parse::<RoleLimit>().is_err(), "{wrong}");
        }
    }
}

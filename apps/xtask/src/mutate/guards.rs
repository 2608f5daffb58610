//! The guards that `cargo xtask mutate` takes out: where each stands, what stands there without it, and the tests that
//! have to turn red.
//!
//! A guard that moves or changes is changed here too; a unit test says when that was forgotten.

use anyhow::{Result, bail};

/// One guard.
#[derive(Debug)]
pub(super) struct Guard {
    /// To choose it by.
    pub(super) name: &'static str,
    /// What holds while it stands.
    pub(super) says: &'static str,
    /// The source file, from the top folder.
    pub(super) file: &'static str,
    /// The piece of source that is the guard; it stands in the file exactly once.
    pub(super) piece: &'static str,
    /// What stands there without it; it compiles.
    pub(super) without: &'static str,
    /// The package of the tests.
    pub(super) package: &'static str,
    /// The fewest test functions that have to notice.
    pub(super) tests: &'static [&'static str],
}

impl Guard {
    /// The text of its file without it.
    pub(super) fn removed(&self, text: &str) -> Result<String> {
        match text.matches(self.piece).count() {
            1 => Ok(text.replacen(self.piece, self.without, 1)),
            count => bail!("{}: its piece stands {count} times in {}, not once", self.name, self.file),
        }
    }
}

/// All of them, the innermost first.
pub(super) fn guards() -> impl Iterator<Item = &'static Guard> {
    [RULES, EGRESS].into_iter().flatten()
}

/// The decision point.
const RULES: &[Guard] = &[
    Guard {
        name: "rbac-explicit-deny",
        says: "a rule that denies wins over every rule that allows",
        file: "crates/rbac/src/index.rs",
        piece: "denied = denied.or(Some((&rule.id, place)));",
        without: "let _ = &mut denied;",
        package: "conductor-rbac",
        tests: &["an_explicit_deny_always_wins"],
    },
    Guard {
        name: "rbac-tools-default-deny",
        says: "a tool call that no rule allows is denied",
        file: "crates/rbac/src/index.rs",
        piece: "let mut allowed = action != Action::ToolInvoke;",
        without: "let mut allowed = true;",
        package: "conductor-rbac",
        tests: &["guests_call_read_only_tools_and_nothing_else", "roles_actions_and_situations"],
    },
    Guard {
        name: "rbac-unreadable-rule",
        says: "a rule that cannot be read denies what it may have meant",
        file: "crates/rbac/src/policy.rs",
        piece: "            return Err(Unknown);\n        }\n        // A condition",
        without: "            return Ok(None);\n        }\n        // A condition",
        package: "conductor-rbac",
        tests: &["unreadable_rules_name_their_fault_and_deny_what_they_may_have_meant"],
    },
    Guard {
        name: "rbac-unknown-fact",
        says: "a rule that asks about a fact that is not known denies",
        file: "crates/rbac/src/policy.rs",
        piece: "if unknown { Err(Unknown) } else { Ok(Some(priority)) }",
        without: "if unknown { Ok(None) } else { Ok(Some(priority)) }",
        package: "conductor-rbac",
        tests: &["arguments_decide_and_missing_arguments_deny"],
    },
    Guard {
        name: "rbac-tenant-boundary",
        says: "rows of another organisation are closed, whatever is granted or allowed",
        file: "crates/rbac/src/index.rs",
        piece: "_ => (false, \"the row lies in another organisation\"),",
        without: "_ => (true, \"the row lies in another organisation\"),",
        package: "conductor-rbac",
        tests: &["roles_actions_and_situations", "the_order_of_the_sources"],
    },
    Guard {
        name: "rbac-clearance",
        says: "nobody reads what is classified above their clearance",
        file: "crates/rbac/src/index.rs",
        piece: "let passes = clearance >= classification;",
        without: "let passes = clearance >= classification || true;",
        package: "conductor-rbac",
        tests: &["the_order_of_the_sources", "roles_actions_and_situations"],
    },
    Guard {
        name: "rbac-token-scopes",
        says: "a credential does nothing beyond its scopes",
        file: "crates/rbac/src/index.rs",
        piece: "let passes = scopes.iter().any(|scope| covers(scope, request.action));",
        without: "let passes = scopes.iter().any(|scope| covers(scope, request.action)) || true;",
        package: "conductor-rbac",
        tests: &["the_order_of_the_sources"],
    },
    Guard {
        name: "rbac-grant-ends",
        says: "a grant that has ended gives nothing",
        file: "crates/rbac/src/grant.rs",
        piece: " && held.expires_at.is_none_or(|end| end > now)",
        without: "",
        package: "conductor-rbac",
        tests: &["grants_found_by_the_index_are_those_of_the_rows_and_decide_alike"],
    },
];

/// The guard of what goes out.
const EGRESS: &[Guard] = &[Guard {
    name: "egress-private-address",
    says: "an address that is not the public internet is refused in every notation",
    file: "crates/egress/src/guard.rs",
    piece: "Err(Error::Address { host: host.to_owned(), address, range })",
    without: "{\n                let _ = (host, range);\n                Ok(())\n            }",
    package: "conductor-egress",
    tests: &["a01_every_notation_of_a_private_address_is_refused_before_a_socket_opens"],
}];

//! Holds the map of the floors: a crate uses only crates on lower floors (docs/architecture.md, ADR-0001).

use anyhow::{Result, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::{house, shell};

/// From the ground up; a crate may use only what stands further left.
const FLOORS: [&str; 8] = ["domain", "core", "adapter", "authority", "engine", "service", "door", "app"];

#[derive(Deserialize)]
struct Workspace {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    metadata: Option<Value>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

impl Package {
    fn floor(&self) -> &str {
        self.metadata.as_ref().and_then(|all| all["conductor"]["floor"].as_str()).unwrap_or("no floor")
    }

    fn rank(&self) -> Option<usize> {
        FLOORS.iter().position(|floor| *floor == self.floor())
    }

    fn may_use(&self, used: &Self) -> bool {
        match (self.name.as_str(), used.name.as_str()) {
            ("conductor-storage", "conductor-migrations")
            | ("xtask", "conductor-test-support" | "conductor-rbac") => true,
            (user, "conductor-rbac") => user == "conductor-access",
            (_, "conductor-telemetry") => matches!(self.floor(), "app" | "door"),
            _ if self.floor() == "beside" => used.floor() == "domain",
            _ if self.floor() == "door" && matches!(used.floor(), "adapter" | "core") => false,
            _ => used.rank().is_some_and(|used| self.rank().is_some_and(|user| used < user)),
        }
    }
}

/// One sentence per edge that the map does not have. Dev-dependencies are exempt, build-dependencies are not.
fn violations(Workspace { packages }: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    for user in packages {
        if user.rank().is_none() && user.floor() != "beside" {
            found.push(format!("{} names no floor in [package.metadata.conductor]", user.name));
        }
        for dependency in
            user.dependencies.iter().filter(|dependency| dependency.kind.as_deref() != Some("dev"))
        {
            let ours = packages.iter().find(|package| package.name == dependency.name);
            if let Some(used) = ours.filter(|used| !user.may_use(used)) {
                found.push(format!(
                    "{} ({}) may not use {} ({})",
                    user.name,
                    user.floor(),
                    used.name,
                    used.floor()
                ));
            }
        }
    }
    found
}

/// The edges that break the map, read from every manifest of the workspace.
fn broken_edges() -> Result<Vec<String>> {
    let metadata = shell::read(shell::cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    Ok(violations(&serde_json::from_str(&metadata)?))
}

/// `cargo xtask floors`: the floors and the house rules together.
pub(crate) fn run() -> Result<()> {
    let mut found = broken_edges()?;
    found.extend(house::violations(&shell::root())?);
    if !found.is_empty() {
        bail!("{} rule(s) broken:\n  {}", found.len(), found.join("\n  "));
    }
    println!("floors and house rules hold");
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn workspace(packages: Value) -> Workspace {
        serde_json::from_value(json!({ "packages": packages })).unwrap()
    }

    fn package(name: &str, floor: &str, uses: &[(&str, Option<&str>)]) -> Value {
        let dependencies: Vec<_> =
            uses.iter().map(|(name, kind)| json!({ "name": name, "kind": kind })).collect();
        json!({ "name": name, "metadata": { "conductor": { "floor": floor } }, "dependencies": dependencies })
    }

    #[test]
    fn the_workspace_keeps_its_floors() {
        assert_eq!(broken_edges().unwrap(), Vec::<String>::new());
    }

    #[test]
    fn siblings_never_see_each_other() {
        let found = violations(&workspace(json!([
            package("conductor-http", "door", &[("conductor-mcp-gateway", None), ("serde", None)]),
            package("conductor-mcp-gateway", "door", &[]),
        ])));
        assert_eq!(found, ["conductor-http (door) may not use conductor-mcp-gateway (door)"]);
    }

    #[test]
    fn doors_reach_no_adapter_but_telemetry() {
        let found = violations(&workspace(json!([
            package("conductor-http", "door", &[("conductor-storage", None), ("conductor-telemetry", None)]),
            package("conductor-storage", "adapter", &[]),
            package("conductor-telemetry", "adapter", &[]),
        ])));
        assert_eq!(found, ["conductor-http (door) may not use conductor-storage (adapter)"]);
    }

    #[test]
    fn only_access_asks_rbac() {
        let found = violations(&workspace(json!([
            package("conductor-access", "authority", &[("conductor-rbac", None)]),
            package("conductor-runs", "engine", &[("conductor-rbac", None)]),
            package("conductor-rbac", "core", &[]),
        ])));
        assert_eq!(found, ["conductor-runs (engine) may not use conductor-rbac (core)"]);
    }

    #[test]
    fn test_support_is_for_tests_and_build_scripts_are_not_exempt() {
        let found = violations(&workspace(json!([
            package("conductor-agents", "service", &[("conductor-test-support", Some("dev"))]),
            package("conductor-runs", "engine", &[("conductor-test-support", Some("build"))]),
            package("conductor-test-support", "beside", &[]),
        ])));
        assert_eq!(found, ["conductor-runs (engine) may not use conductor-test-support (beside)"]);
    }

    #[test]
    fn a_crate_without_a_floor_is_named() {
        let found =
            violations(&workspace(json!([{ "name": "stray", "metadata": null, "dependencies": [] }])));
        assert_eq!(found, ["stray names no floor in [package.metadata.conductor]"]);
    }
}

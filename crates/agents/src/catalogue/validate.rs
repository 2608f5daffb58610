//! What an agent's fields may hold, said once for every door. All faults are reported together.

use std::collections::HashSet;

use conductor_domain::{
    ALL_AGENTS, ALL_WORKFLOWS, AgentMode, AgentSnapshot, AgentSpec, FieldError, InboundAuth,
};

use super::name::MAX_CHARS;
use crate::{Error, Result, builtin::CREATE_ARTIFACT, delegates};

/// The built-in tools that an agent may list.
const BUILTIN_TOOLS: &[&str] = &[CREATE_ARTIFACT];

/// Collects what is wrong.
#[derive(Default)]
struct Faults(Vec<FieldError>);

impl Faults {
    fn check(&mut self, fine: bool, pointer: &str, code: &'static str, detail: impl Into<String>) {
        if !fine {
            self.0.push(FieldError::new(pointer, code, detail));
        }
    }

    fn text(&mut self, text: &str, pointer: &str, most: usize) {
        let fine = text.chars().count() <= most;
        self.check(fine, pointer, "too_long", format!("write at most {most} characters"));
        self.check(!text.contains('\0'), pointer, "invalid", "remove the NUL character");
    }

    fn list(&mut self, items: usize, pointer: &str, most: usize) {
        self.check(items <= most, pointer, "too_many", format!("give at most {most}"));
    }

    fn done(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid { faults: self.0 }) }
    }
}

/// Checks a state as a whole.
pub(super) fn snapshot(snapshot: &AgentSnapshot) -> Result<()> {
    let mut faults = Faults::default();
    let spec = &snapshot.spec;
    words(&mut faults, spec);
    numbers(&mut faults, spec);
    lists(&mut faults, spec);
    servers(&mut faults, snapshot);
    credentials(&mut faults, spec);
    faults.done()
}

/// Checks words beside a version.
pub(super) fn note(note: Option<String>) -> Result<Option<String>> {
    let mut faults = Faults::default();
    let note = note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
    faults.text(note.as_deref().unwrap_or_default(), "/note", 1_000);
    faults.done()?;
    Ok(note)
}

fn words(faults: &mut Faults, spec: &AgentSpec) {
    faults.check(!spec.name.is_empty(), "/name", "required", "give the agent a name");
    faults.text(&spec.name, "/name", MAX_CHARS);
    faults.check(!spec.name.chars().any(char::is_control), "/name", "invalid", "write the name in one line");
    let slug = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let fine = (1..=MAX_CHARS).contains(&spec.slug.len())
        && spec.slug.chars().all(slug)
        && spec.slug.starts_with(|letter: char| letter.is_ascii_alphanumeric());
    faults.check(
        fine,
        "/slug",
        "invalid",
        "write 1 to 100 letters, digits, hyphens, dots or underscores, a letter or digit first",
    );
    faults.text(&spec.description, "/description", 2_000);
    let word = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let fine = (1..=50).contains(&spec.agent_type.len()) && spec.agent_type.chars().all(word);
    faults.check(fine, "/agent_type", "invalid", "write 1 to 50 letters, digits, hyphens or underscores");
    faults.text(&spec.system_prompt, "/system_prompt", 100_000);
    faults.text(&spec.model, "/model", 200);
    faults.text(spec.model_provider.as_deref().unwrap_or_default(), "/model_provider", 100);
    faults.text(spec.documentation.as_deref().unwrap_or_default(), "/documentation", 100_000);
}

fn numbers(faults: &mut Faults, spec: &AgentSpec) {
    let range = |faults: &mut Faults, fine: bool, pointer: &str, range: &str| {
        faults.check(fine, pointer, "out_of_range", format!("give a number from {range}"));
    };
    range(faults, (0.0..=2.0).contains(&spec.temperature), "/temperature", "0 to 2");
    range(faults, (1..=1_000_000).contains(&spec.max_tokens), "/max_tokens", "1 to 1000000");
    let top_p = spec.top_p.is_none_or(|top_p| top_p > 0.0 && top_p <= 1.0);
    range(faults, top_p, "/top_p", "above 0 to 1");
    range(faults, (0..=100).contains(&spec.max_tool_rounds), "/max_tool_rounds", "0 to 100");
    let execution = spec.execution_config;
    let timeout = (100..=3_600_000).contains(&execution.timeout_ms);
    range(faults, timeout, "/execution_config/timeout_ms", "100 to 3600000");
    range(faults, (0..=10).contains(&execution.max_retries), "/execution_config/max_retries", "0 to 10");
    let delay = (0..=600_000).contains(&execution.retry_delay_ms);
    range(faults, delay, "/execution_config/retry_delay_ms", "0 to 600000");
}

fn lists(faults: &mut Faults, spec: &AgentSpec) {
    faults.list(spec.tags.len(), "/tags", 20);
    for (at, tag) in spec.tags.iter().enumerate() {
        let fine = (1..=50).contains(&tag.chars().count())
            && tag.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_' | '.'));
        let pointer = format!("/tags/{at}");
        faults.check(
            fine,
            &pointer,
            "invalid",
            "write 1 to 50 letters, digits, spaces, hyphens, dots or underscores",
        );
        let again = spec.tags[..at].contains(tag);
        faults.check(!again, &pointer, "duplicate", "give each tag once");
    }
    for (at, tool) in spec.tools.iter().enumerate() {
        let known = BUILTIN_TOOLS.contains(&tool.as_str())
            || delegates::is_name(tool)
            || delegates::is_workflow(tool)
            || [ALL_AGENTS, ALL_WORKFLOWS].contains(&tool.as_str());
        let detail = format!(
            "no built-in tool has this name; there is {}, agent_<slug> for another agent, workflow_<name> for a \
             workflow, and {ALL_AGENTS} and {ALL_WORKFLOWS} for all of them",
            BUILTIN_TOOLS.join(", ")
        );
        faults.check(known, &format!("/tools/{at}"), "unknown_tool", detail);
        let again = spec.tools[..at].contains(tool);
        faults.check(!again, &format!("/tools/{at}"), "duplicate", "give each tool once");
    }
    faults.list(spec.tools.len(), "/tools", 100);
    faults.list(spec.examples.len(), "/examples", 50);
    faults.check(spec.capabilities.is_object(), "/capabilities", "invalid", "give an object");
    let bytes = spec.capabilities.to_string().len()
        + spec.examples.iter().map(|it| it.to_string().len()).sum::<usize>();
    faults.check(
        bytes <= 200_000,
        "/examples",
        "too_long",
        "give at most 200 kB of capabilities and examples",
    );
    faults.list(spec.required_permissions.len(), "/required_permissions", 50);
    for (at, permission) in spec.required_permissions.iter().enumerate() {
        let fine = (1..=100).contains(&permission.len()) && !permission.contains(char::is_whitespace);
        faults.check(
            fine,
            &format!("/required_permissions/{at}"),
            "invalid",
            "name a permission such as tool.invoke",
        );
    }
}

fn servers(faults: &mut Faults, snapshot: &AgentSnapshot) {
    faults.list(snapshot.connectors.len(), "/mcp_servers", 50);
    let mut seen = HashSet::new();
    for (at, connector) in snapshot.connectors.iter().enumerate() {
        let again = !seen.insert(connector.connector_id);
        faults.check(!again, &format!("/mcp_servers/{at}/server_id"), "duplicate", "give each server once");
        let tools = connector.allowed_tools.as_deref().unwrap_or_default();
        let pointer = format!("/mcp_servers/{at}/allowed_tools");
        faults.list(tools.len(), &pointer, 1_000);
        let fine = tools.iter().all(|tool| (1..=200).contains(&tool.chars().count()));
        faults.check(fine, &pointer, "invalid", "name each tool in 1 to 200 characters");
    }
    let connected = snapshot.spec.connector_id.is_some() || !snapshot.connectors.is_empty();
    faults.check(
        snapshot.spec.mode != AgentMode::Runner || connected,
        "/connection_id",
        "required",
        "a RUNNER needs a connection: name one in connection_id or mcp_servers, or make it a CALLER",
    );
}

fn credentials(faults: &mut Faults, spec: &AgentSpec) {
    let references = [
        ("/bearer_secret_ref", &spec.bearer_secret_ref),
        ("/inbound_secret_ref", &spec.inbound_secret_ref),
        ("/mtls_cert_ref", &spec.mtls_cert_ref),
        ("/mtls_key_ref", &spec.mtls_key_ref),
    ];
    for (pointer, reference) in references {
        let fine = reference.as_ref().is_none_or(|text| !text.trim().is_empty() && text.len() <= 200);
        faults.check(fine, pointer, "invalid", "name a stored secret in 1 to 200 characters");
    }
    match spec.inbound_auth_method {
        InboundAuth::None => {}
        InboundAuth::Bearer => faults.check(
            spec.bearer_secret_ref.is_some() || spec.inbound_secret_ref.is_some(),
            "/bearer_secret_ref",
            "required",
            "BEARER needs bearer_secret_ref or inbound_secret_ref",
        ),
        InboundAuth::Mtls => {
            faults.check(
                spec.mtls_cert_ref.is_some(),
                "/mtls_cert_ref",
                "required",
                "MTLS needs mtls_cert_ref",
            );
            faults.check(spec.mtls_key_ref.is_some(), "/mtls_key_ref", "required", "MTLS needs mtls_key_ref");
        }
    }
}

#[cfg(test)]
mod tests {
    use conductor_domain::{AgentConnector, ConnectorId};

    use super::*;

    fn pointers(change: impl FnOnce(&mut AgentSnapshot)) -> Vec<String> {
        let mut state = AgentSnapshot { spec: AgentSpec::new("Name", "name"), connectors: Vec::new() };
        change(&mut state);
        match snapshot(&state) {
            Ok(()) => Vec::new(),
            Err(Error::Invalid { faults }) => faults.into_iter().map(|fault| fault.pointer).collect(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn the_defaults_are_fine() {
        assert!(pointers(|_| {}).is_empty());
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let wrong = pointers(|state| {
            state.spec.name = String::new();
            state.spec.temperature = 2.1;
            state.spec.top_p = Some(0.0);
            state.spec.execution_config.max_retries = 11;
            state.spec.tags = vec!["fine".to_owned(), "\"".to_owned(), "fine".to_owned()];
            state.spec.tools = vec!["rm_rf".to_owned()];
        });
        let expected = [
            "/name",
            "/temperature",
            "/top_p",
            "/execution_config/max_retries",
            "/tags/1",
            "/tags/2",
            "/tools/0",
        ];
        assert_eq!(wrong, expected);
    }

    #[test]
    fn not_a_number_is_out_of_range() {
        assert_eq!(pointers(|state| state.spec.temperature = f64::NAN), ["/temperature"]);
        assert_eq!(pointers(|state| state.spec.top_p = Some(f64::NAN)), ["/top_p"]);
    }

    #[test]
    fn a_runner_needs_a_connection() {
        assert_eq!(pointers(|state| state.spec.mode = AgentMode::Runner), ["/connection_id"]);
        assert!(
            pointers(|state| {
                state.spec.mode = AgentMode::Runner;
                state.connectors = vec![AgentConnector::all_of(ConnectorId::NIL)];
            })
            .is_empty()
        );
    }

    #[test]
    fn bearer_and_mtls_need_their_references() {
        assert_eq!(
            pointers(|state| state.spec.inbound_auth_method = InboundAuth::Bearer),
            ["/bearer_secret_ref"]
        );
        let mtls = pointers(|state| {
            state.spec.inbound_auth_method = InboundAuth::Mtls;
            state.spec.mtls_cert_ref = Some("cert".to_owned());
        });
        assert_eq!(mtls, ["/mtls_key_ref"]);
        assert!(
            pointers(|state| {
                state.spec.inbound_auth_method = InboundAuth::Bearer;
                state.spec.inbound_secret_ref = Some("inbound".to_owned());
            })
            .is_empty()
        );
    }
}

//! From a connector's row to the way to its server, and the checks a description must pass before it is stored.

use conductor_domain::{AuthType, Connector, ConnectorSpec, EnvValues, Redacted, Transport};
use conductor_mcp_client::{CommandLine, Endpoint, ServerSpec};
use secrecy::ExposeSecret;

use crate::{Error, Registry, Result, api};

/// The header of `api_key` where none is named.
const API_KEY_HEADER: &str = "X-API-Key";

impl Registry {
    /// The way to a server, with its credential; refuses what may not be started.
    pub(crate) async fn server_spec(&self, connector: &Connector) -> Result<ServerSpec> {
        if !connector.spec.enabled {
            return Err(Error::Disabled);
        }
        if connector.spec.api.is_some() {
            return Err(Error::Hidden { what: "MCP server" });
        }
        match connector.spec.transport {
            Transport::Stdio => {
                let line = self.command_line(connector).await?;
                if !self.stdio {
                    return Err(Error::StdioOff);
                }
                if connector.confirmed_command_hash.as_deref() != Some(line.hash().as_str()) {
                    return Err(Error::Unconfirmed);
                }
                Ok(ServerSpec::Stdio(line))
            }
            Transport::Http => Ok(ServerSpec::Http(self.endpoint(connector).await?)),
            Transport::Sse => Ok(ServerSpec::Sse(self.endpoint(connector).await?)),
        }
    }

    /// The exact command line, with the values of its environment.
    pub(crate) async fn command_line(&self, connector: &Connector) -> Result<CommandLine> {
        let spec = &connector.spec;
        let mut line = CommandLine::new(spec.command.clone().unwrap_or_default(), spec.args.clone());
        if !spec.env_names.is_empty() {
            let values = self.access.vault().open(connector.scope, &env_ref(connector)).await?;
            let values: EnvValues = serde_json::from_str(values.expose_secret()).unwrap_or_default();
            for (name, value) in values {
                line = line.with_env(name, value);
            }
        }
        Ok(line)
    }

    async fn endpoint(&self, connector: &Connector) -> Result<Endpoint> {
        let spec = &connector.spec;
        let url = spec.endpoint.as_deref().unwrap_or_default();
        let mut endpoint = Endpoint::new(url, self.egress.client().clone()).map_err(Error::Server)?;
        if spec.auth_type != AuthType::None
            && let Some(reference) = &connector.secret_ref
        {
            let secret = self.access.vault().open(connector.scope, reference).await?;
            let (name, value) = match spec.auth_type {
                AuthType::Bearer => ("Authorization", format!("Bearer {}", secret.expose_secret())),
                _ => {
                    (spec.auth_header.as_deref().unwrap_or(API_KEY_HEADER), secret.expose_secret().to_owned())
                }
            };
            endpoint = endpoint.with_header(name, &Redacted::new(value)).map_err(Error::Server)?;
        }
        Ok(endpoint)
    }

    /// Checks a description, saying for each field what to change.
    pub(crate) fn check(&self, spec: &ConnectorSpec) -> Result<()> {
        let mut faults = Vec::new();
        let mut fault = |pointer: &str, says: String| faults.push((pointer.to_owned(), says));
        if spec.name.trim().is_empty() || spec.name.chars().count() > 100 {
            fault("/name", "give it a name of 1 to 100 characters".to_owned());
        }
        if slug(&spec.name).is_empty() {
            fault("/name", "the name needs at least one letter or digit".to_owned());
        }
        match spec.transport {
            Transport::Stdio => {
                if spec.command.as_deref().is_none_or(|command| command.trim().is_empty()) {
                    fault("/command", "a stdio server needs the program to run".to_owned());
                }
                if spec.endpoint.is_some() {
                    fault("/endpoint", "a stdio server has no address; leave it out".to_owned());
                }
            }
            Transport::Http | Transport::Sse => {
                match spec.endpoint.as_deref() {
                    None | Some("") => fault("/endpoint", "give the server's address".to_owned()),
                    Some(url) => {
                        if let Err(error) = self.egress.check(url) {
                            fault("/endpoint", error.to_string());
                        }
                    }
                }
                if spec.command.is_some() || !spec.args.is_empty() || !spec.env_names.is_empty() {
                    fault(
                        "/command",
                        "only stdio servers have a command, arguments and an environment".to_owned(),
                    );
                }
            }
        }
        match &spec.api {
            Some(api) => {
                if spec.transport != Transport::Http {
                    fault("/transport", "an API is reached by `http`".to_owned());
                }
                if let Some(url) = api.auth.token_url.as_deref().filter(|url| !url.is_empty())
                    && let Err(error) = self.egress.check(url)
                {
                    fault("/api/auth/token_url", error.to_string());
                }
                api::check(spec, api, &mut fault);
            }
            None if matches!(spec.auth_type, AuthType::OAuth2 | AuthType::Basic) => {
                let says = "MCP servers are shown none, bearer, api_key or custom_header".to_owned();
                fault("/auth_type", says);
            }
            None => {}
        }
        if spec.auth_type == AuthType::CustomHeader && spec.auth_header.as_deref().is_none_or(str::is_empty) {
            fault("/auth_settings/header", "name the header".to_owned());
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid { faults }) }
    }
}

/// The vault's name of a connector's environment.
pub(crate) fn env_ref(connector: &Connector) -> String {
    format!("connector:{}:env", connector.id)
}

/// The name in tool paths: lower case, digits and hyphens.
pub(crate) fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for character in name.trim().to_lowercase().chars() {
        if character.is_ascii_alphanumeric() {
            slug.push(character);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.truncate(60);
    slug.trim_end_matches('-').to_owned()
}

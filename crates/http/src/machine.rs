//! Which routes machines' tokens may come by, and what each asks of a token's scopes.
//!
//! A route that is not in the list is for people: a new one is closed to machines until it is written down here. What
//! the handler's service decides about a row comes on top; this is what keeps a list from telling what the scopes leave
//! out, and an agent's token from a person's profile.

use axum::http::Method;
use conductor_access::Action;

/// What a route asks of a token's scopes; `None` where it is not for machines.
pub(crate) fn action(method: &Method, route: &str) -> Option<Action> {
    let method = match *method {
        Method::HEAD => "GET",
        // One handler serves both.
        Method::PATCH => "PUT",
        ref other => other.as_str(),
    };
    let path = route.strip_prefix("/api/v1/orgs/{org_id}").or_else(|| route.strip_prefix("/api"));
    let path = path.unwrap_or(route);
    ROUTES.iter().find(|known| (known.0, known.1) == (method, path)).map(|known| known.2)
}

const ROUTES: &[(&str, &str, Action)] = &[
    ("GET", "", Action::OrganizationRead),
    ("PUT", "", Action::OrganizationUpdate),
    ("GET", "/v1/orgs", Action::OrganizationRead),
    ("GET", "/environments", Action::EnvironmentRead),
    ("POST", "/environments", Action::EnvironmentCreate),
    ("GET", "/environments/{env_id}", Action::EnvironmentRead),
    ("PUT", "/environments/{env_id}", Action::EnvironmentUpdate),
    ("DELETE", "/environments/{env_id}", Action::EnvironmentDelete),
    ("GET", "/members", Action::MembershipRead),
    ("GET", "/roles", Action::OrganizationRead),
    ("GET", "/models", Action::AgentRead),
    ("GET", "/agents", Action::AgentRead),
    ("GET", "/agents/available-tools", Action::ToolRead),
    ("GET", "/agents/{agent_id}", Action::AgentRead),
    ("PUT", "/agents/{agent_id}", Action::AgentUpdate),
    ("DELETE", "/agents/{agent_id}", Action::AgentDelete),
    ("GET", "/agents/{agent_id}/available-tools", Action::ToolRead),
    ("POST", "/agents/{agent_id}/fork", Action::AgentUpdate),
    ("POST", "/agents/{agent_id}/test", Action::AgentExecute),
    ("GET", "/agents/{agent_id}/versions", Action::AgentRead),
    ("POST", "/agents/{agent_id}/versions/{version}/rollback", Action::AgentUpdate),
    ("GET", "/agents/{agent_id}/mcp-servers", Action::AgentRead),
    ("POST", "/agents/{agent_id}/mcp-servers", Action::AgentUpdate),
    ("PUT", "/agents/{agent_id}/mcp-servers/{server_id}", Action::AgentUpdate),
    ("DELETE", "/agents/{agent_id}/mcp-servers/{server_id}", Action::AgentUpdate),
    ("GET", "/agents/{agent_id}/tokens", Action::AgentTokenRead),
    ("POST", "/agents/{agent_id}/tokens/{jti}/revoke", Action::AgentTokenRevoke),
    ("DELETE", "/agents/{agent_id}/tokens/{jti}", Action::AgentTokenDelete),
    ("GET", "/service-accounts", Action::ServiceAccountRead),
    ("GET", "/service-accounts/{service_account_id}", Action::ServiceAccountRead),
    ("GET", "/service-accounts/{service_account_id}/tokens", Action::ServiceAccountRead),
    ("POST", "/service-accounts/{service_account_id}/tokens/{jti}/revoke", Action::ServiceAccountUpdate),
    ("GET", "/runs", Action::RunRead),
    ("GET", "/runs/{run_id}", Action::RunRead),
    ("GET", "/runs/{run_id}/steps", Action::RunRead),
    ("GET", "/runs/{run_id}/events", Action::RunRead),
    ("GET", "/runs/cost-summary", Action::UsageRead),
    ("GET", "/runs/cost-by-agent", Action::UsageRead),
    ("GET", "/runs/cost-by-model", Action::UsageRead),
    ("GET", "/runs/cost-by-environment", Action::UsageRead),
    ("GET", "/runs/cost-by-user", Action::UsageRead),
    ("GET", "/runs/cost-over-time", Action::UsageRead),
    ("GET", "/v1/pricing/models", Action::PricingRead),
    ("GET", "/v1/pricing/models/{pricing_id}", Action::PricingRead),
    ("GET", "/budgets", Action::BudgetRead),
    ("GET", "/budgets/{budget_id}", Action::BudgetRead),
    ("GET", "/budgets/{budget_id}/spenders", Action::BudgetRead),
    ("GET", "/workflows", Action::WorkflowRead),
    ("GET", "/workflows/nodes", Action::WorkflowRead),
    ("GET", "/workflows/{workflow_id}", Action::WorkflowRead),
    ("POST", "/workflows/{workflow_id}/execute", Action::WorkflowExecute),
    ("POST", "/workflows/execute/{name}", Action::WorkflowExecute),
    ("POST", "/workflows/events", Action::WorkflowExecute),
    ("GET", "/workflows/{workflow_id}/executions", Action::RunRead),
    ("GET", "/workflows/executions/{execution_id}", Action::RunRead),
    ("POST", "/execute/workflow", Action::WorkflowExecute),
    ("POST", "/execute/agent", Action::AgentExecute),
    ("GET", "/execute/{execution_id}/status", Action::RunRead),
    ("GET", "/execute/{execution_id}/logs", Action::RunRead),
    ("POST", "/execute/{execution_id}/cancel", Action::RunCancel),
    ("GET", "/events", Action::RunRead),
    ("GET", "/tasks", Action::HumanTaskRead),
    ("GET", "/mcp/servers", Action::ConnectorRead),
    ("GET", "/mcp/servers/official", Action::ConnectorRead),
    ("GET", "/mcp/servers/community", Action::ConnectorRead),
    ("GET", "/mcp/servers/search", Action::ConnectorRead),
    ("GET", "/mcp/servers/{server_id}", Action::ConnectorRead),
    ("PUT", "/mcp/servers/{server_id}", Action::ConnectorUpdate),
    ("DELETE", "/mcp/servers/{server_id}", Action::ConnectorDelete),
    ("POST", "/mcp/servers/{server_id}/connect", Action::ConnectorExecute),
    ("POST", "/mcp/servers/{server_id}/discover", Action::ConnectorExecute),
    ("GET", "/mcp/servers/{server_id}/health", Action::ConnectorRead),
    ("POST", "/mcp/servers/{server_id}/health-check", Action::ConnectorExecute),
    ("GET", "/mcp/servers/{server_id}/logs", Action::RunRead),
    ("GET", "/mcp/servers/{server_id}/resources", Action::ConnectorExecute),
    ("POST", "/mcp/servers/{server_id}/restart", Action::ConnectorExecute),
    ("GET", "/mcp/servers/{server_id}/tools", Action::ToolRead),
    ("PUT", "/mcp/servers/{server_id}/tools/{tool_id}", Action::ToolUpdate),
    ("POST", "/mcp/execute/tool", Action::ToolInvoke),
    ("POST", "/runs/execute", Action::ToolInvoke),
    ("GET", "/mcp/prompts", Action::ConnectorExecute),
    ("POST", "/mcp/read/resource", Action::ConnectorExecute),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_prefixes_ask_the_same_and_the_rest_is_closed() {
        for prefix in ["/api", "/api/v1/orgs/{org_id}"] {
            assert_eq!(action(&Method::GET, &format!("{prefix}/agents")), Some(Action::AgentRead));
            assert_eq!(
                action(&Method::PATCH, &format!("{prefix}/agents/{{agent_id}}")),
                Some(Action::AgentUpdate)
            );
        }
        for (method, route) in [
            (Method::POST, "/api/agents"),
            (Method::GET, "/api/auth/me"),
            (Method::GET, "/api/conversations"),
            (Method::POST, "/api/v1/orgs/{org_id}/agents/{agent_id}/tokens"),
            (Method::POST, "/api/v1/orgs/{org_id}/service-accounts"),
            (Method::GET, "/api/nothing"),
            (Method::GET, "/api"),
        ] {
            let open = action(&method, route);
            assert!(open.is_none() || route == "/api", "{method} {route}");
        }
    }

    #[test]
    fn every_line_is_a_route() {
        let document = serde_json::to_value(crate::openapi("0")).unwrap();
        let paths = document["paths"].as_object().unwrap();
        for (method, path, _) in ROUTES {
            let method = method.to_lowercase();
            let known = ["", "/api", "/api/v1/orgs/{org_id}"].iter().any(|prefix| {
                paths.get(&format!("{prefix}{path}")).is_some_and(|item| item.get(&method).is_some())
            });
            assert!(known, "{method} {path}");
        }
    }
}

//! Asks a provider which models it has.

use std::time::Duration;

use serde::Deserialize;

use crate::{
    Anthropic, Azure, Compatible, Error, OpenAi, Provider, ProviderKind, Result,
    wire::{Callee, read},
};

/// Lists are short; whoever waits for one looks at a form.
const PATIENCE: Duration = Duration::from_secs(15);

/// The longest list that is read.
const LONGEST: usize = 4 * 1024 * 1024;

#[derive(Deserialize)]
struct List {
    data: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
}

pub(super) async fn list_models(provider: &Provider) -> Result<Vec<String>> {
    let (url, headers) = match provider.kind {
        ProviderKind::OpenAi => OpenAi::new(provider)?.list(),
        ProviderKind::OpenAiCompatible => Compatible::new(provider)?.list(),
        ProviderKind::Anthropic => Anthropic::new(provider)?.list(),
        ProviderKind::Azure => {
            Azure::new(provider)?;
            return Ok(provider.models.iter().map(|offer| offer.id.clone()).collect());
        }
        ProviderKind::Demo => return Ok(vec![ProviderKind::Demo.to_string()]),
    };
    let callee = Callee::of(provider);
    let call = async {
        let response = provider.client.get(url).headers(headers).send().await;
        let response = response.map_err(|error| callee.unanswered(error))?;
        if !response.status().is_success() {
            return Err(callee.refused(response, "").await);
        }
        let body = read(response, LONGEST).await;
        let list: List = serde_json::from_slice(&body).map_err(|error| {
            let text = String::from_utf8_lossy(&body);
            callee.garbage("it is no list of models; check the base URL", &text, Some(error.into()))
        })?;
        Ok(list.data.into_iter().map(|model| model.id).collect())
    };
    let timed_out = Error::Timeout { provider: provider.name.clone(), after: PATIENCE };
    tokio::time::timeout(PATIENCE, call).await.unwrap_or(Err(timed_out))
}

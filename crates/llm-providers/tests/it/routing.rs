//! Who serves which model, and what is said when nobody does.

use conductor_llm_providers::{Catalogue, ModelOverride, Models, ModelsOptions, Provider, ProviderKind};
use serde_json::json;

use crate::vendors::provider;

fn models(providers: Vec<Provider>) -> Models {
    Models::new(Catalogue::builtin(), providers, ModelsOptions::default())
}

fn at(kind: ProviderKind) -> Provider {
    provider(kind, "http://127.0.0.1:9")
}

#[track_caller]
fn check(models: &Models, extra: &[Provider], wanted: &str, expected: (&str, &str, &str)) {
    let resolved = models.resolve(wanted, extra);
    assert_eq!((resolved.id.as_str(), resolved.model_id.as_str(), resolved.provider.as_str()), expected);
    assert_eq!(resolved.substituted, None, "{resolved:?}");
}

#[test]
fn a_model_is_served_by_whoever_offers_it() {
    let openai = models(vec![at(ProviderKind::OpenAi)]);
    check(&openai, &[], "gpt-4o", ("gpt-4o", "gpt-4o", "openai"));
    let azure = models(vec![at(ProviderKind::Azure), at(ProviderKind::OpenAi)]);
    check(&azure, &[], "gpt-4o", ("gpt-4o", "gpt-4o", "azure"));
    let deployed =
        models(vec![at(ProviderKind::Azure).with_models(["gpt-4o=prod"]), at(ProviderKind::OpenAi)]);
    check(&deployed, &[], "gpt-4o", ("gpt-4o", "prod", "azure"));
    check(&deployed, &[], "gpt-4o-mini", ("gpt-4o-mini", "gpt-4o-mini", "openai"));
    let local = models(vec![at(ProviderKind::OpenAiCompatible).with_models(["llama", "gpt-4o = my/gpt"])]);
    check(&local, &[], "llama", ("llama", "llama", "openai_compatible"));
    check(&local, &[], "gpt-4o", ("gpt-4o", "my/gpt", "openai_compatible"));
    check(&local, &[], "demo", ("demo", "demo", "demo"));
}

#[test]
fn who_is_to_serve_a_model_may_be_said() {
    let both = models(vec![at(ProviderKind::Azure), at(ProviderKind::OpenAi)]);
    for (word, provider) in [("openai", "openai"), ("OpenAI", "openai"), ("azure", "azure")] {
        let resolved = both.resolve_at("gpt-4o", Some(word), &[]);
        assert_eq!((resolved.provider.as_str(), &resolved.substituted), (provider, &None), "{word}");
    }
    let mut own = at(ProviderKind::OpenAi);
    own.name = "my key".to_owned();
    assert_eq!(both.resolve_at("gpt-4o", Some("my key"), &[own]).provider, "my key");
    // Whoever serves it instead is said.
    let elsewhere = both.resolve_at("gpt-4o", Some("anthropic"), &[]);
    assert_eq!((elsewhere.id.as_str(), elsewhere.provider.as_str()), ("gpt-4o", "azure"));
    assert_eq!(elsewhere.substituted.unwrap(), "anthropic does not offer gpt-4o, so azure serves it.");
}

#[test]
fn an_alias_means_its_model() {
    let anthropic = models(vec![at(ProviderKind::Anthropic)]);
    let sonnet = ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5-20250929", "anthropic");
    check(&anthropic, &[], "claude-sonnet-4-5-20250514", sonnet);
    check(&anthropic, &[], "claude-sonnet-4-5", sonnet);
    check(&anthropic, &[], "", sonnet);
    let renamed =
        models(vec![at(ProviderKind::OpenAiCompatible).with_models(["claude-sonnet-4-5=anthropic/sonnet"])]);
    check(
        &renamed,
        &[],
        "claude-sonnet-4-5",
        ("claude-sonnet-4-5-20250929", "anthropic/sonnet", "openai_compatible"),
    );
}

#[test]
fn a_users_own_key_comes_first() {
    let configured = models(vec![at(ProviderKind::OpenAi)]);
    let mut own = at(ProviderKind::OpenAi);
    own.name = "my key".to_owned();
    check(&configured, &[own], "gpt-4o", ("gpt-4o", "gpt-4o", "my key"));
    check(
        &configured,
        &[at(ProviderKind::Anthropic)],
        "",
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5-20250929", "anthropic"),
    );
}

#[test]
fn another_model_answers_and_says_so() {
    let said = |models: &Models, wanted: &str| {
        let resolved = models.resolve(wanted, &[]);
        (resolved.id, resolved.substituted.unwrap())
    };
    let anthropic = models(vec![at(ProviderKind::Anthropic)]);
    assert_eq!(said(&anthropic, "gpt-7"), (
        "claude-sonnet-4-5-20250929".to_owned(),
        "gpt-7 is not offered by any configured provider, so Claude Sonnet 4.5 (anthropic) answers instead.".to_owned(),
    ));
    let openai = models(vec![at(ProviderKind::OpenAi)]);
    assert_eq!(said(&openai, "claude-opus-4-1"), (
        "gpt-4o".to_owned(),
        "claude-opus-4-1 is not offered by any configured provider, so OpenAI GPT-4o (openai) answers instead.".to_owned(),
    ));
    let nobody = models(vec![]);
    let (id, sentence) = said(&nobody, "gpt-4o");
    assert_eq!(id, "demo");
    assert!(sentence.contains("the built-in demo model answers instead; add a provider key"), "{sentence}");
    check(&nobody, &[], "", ("demo", "demo", "demo"));
    let mut broken = at(ProviderKind::OpenAi);
    broken.key = None;
    let (_, sentence) = said(&models(vec![broken]), "gpt-4o");
    assert!(
        sentence.starts_with(
            "gpt-4o cannot be used (the provider openai is configured wrongly: it has no API key"
        )
    );
}

#[test]
fn the_configured_default_is_served_where_it_can_be() {
    let options = ModelsOptions { default_model: "gpt-4o-mini".to_owned(), ..ModelsOptions::default() };
    let models =
        Models::new(Catalogue::builtin(), [at(ProviderKind::Anthropic), at(ProviderKind::OpenAi)], options);
    assert_eq!(models.default_model(&[]), "gpt-4o-mini");
    assert_eq!(models.resolve("unheard-of", &[]).id, "gpt-4o-mini");
}

#[test]
fn the_list_says_what_can_be_used_and_why_the_rest_cannot() {
    let mut broken = at(ProviderKind::Anthropic);
    broken.key = None;
    let catalogue = Catalogue::builtin().merged([ModelOverride {
        id: "gpt-4o-mini".to_owned(),
        context_window: Some(1_000),
        ..ModelOverride::default()
    }]);
    let local = at(ProviderKind::OpenAiCompatible).with_models(["llama"]);
    let models = Models::new(catalogue, [broken, local], ModelsOptions::default());
    insta::assert_json_snapshot!(
        "list",
        json!({
            "configured": models.list(&[]),
            "with_a_users_key": models.list(&[at(ProviderKind::OpenAi)]).into_iter().filter(|model| model.available)
                .map(|model| json!([model.id, model.provider, model.display_name, model.is_default])).collect::<Vec<_>>(),
        })
    );
}

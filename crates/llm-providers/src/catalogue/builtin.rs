//! The models known from the start, with the vendors' published limits and list prices in US dollars.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::{
    catalogue::{Capabilities, ModelEntry, Offering},
    provider::ProviderKind,
};

/// A row of the table below; prices are per million tokens, as vendors print them.
struct Row {
    id: &'static str,
    name: &'static str,
    aliases: &'static [&'static str],
    window: u32,
    output: u32,
    thinking: bool,
    /// Read, read from cache, written: in thousandths of a dollar per million tokens.
    prices: [i64; 3],
    since: (i32, u32, u32),
}

const ANTHROPIC: &[Row] = &[
    Row {
        id: "claude-sonnet-4-5-20250929",
        name: "Claude Sonnet 4.5",
        // The second is an id that older definitions carry; no such snapshot was ever released.
        aliases: &["claude-sonnet-4-5", "claude-sonnet-4-5-20250514"],
        window: 200_000,
        output: 64_000,
        thinking: true,
        prices: [3_000, 300, 15_000],
        since: (2025, 9, 29),
    },
    Row {
        id: "claude-haiku-4-5-20251001",
        name: "Claude Haiku 4.5",
        aliases: &["claude-haiku-4-5"],
        window: 200_000,
        output: 64_000,
        thinking: true,
        prices: [1_000, 100, 5_000],
        since: (2025, 10, 1),
    },
    Row {
        id: "claude-opus-4-1-20250805",
        name: "Claude Opus 4.1",
        aliases: &["claude-opus-4-1"],
        window: 200_000,
        output: 32_000,
        thinking: true,
        prices: [15_000, 1_500, 75_000],
        since: (2025, 8, 5),
    },
    Row {
        id: "claude-opus-4-20250514",
        name: "Claude Opus 4",
        aliases: &["claude-opus-4-0", "claude-opus-4"],
        window: 200_000,
        output: 32_000,
        thinking: true,
        prices: [15_000, 1_500, 75_000],
        since: (2025, 5, 14),
    },
];

const OPENAI: &[Row] = &[
    Row {
        id: "gpt-4o",
        name: "GPT-4o",
        aliases: &[],
        window: 128_000,
        output: 16_384,
        thinking: false,
        prices: [2_500, 1_250, 10_000],
        since: (2024, 10, 1),
    },
    Row {
        id: "gpt-4o-mini",
        name: "GPT-4o-mini",
        aliases: &[],
        window: 128_000,
        output: 16_384,
        thinking: false,
        prices: [150, 75, 600],
        since: (2024, 7, 18),
    },
    Row {
        id: "gpt-5-mini",
        name: "GPT-5 mini",
        aliases: &[],
        window: 400_000,
        output: 128_000,
        thinking: true,
        prices: [250, 25, 2_000],
        since: (2025, 8, 7),
    },
];

/// Every entry, in the order in which it is shown.
pub(super) fn entries() -> Vec<ModelEntry> {
    let anthropic =
        ANTHROPIC.iter().map(|row| entry(row, row.name.to_owned(), vec![plain(ProviderKind::Anthropic)]));
    let openai = OPENAI.iter().map(|row| {
        let at_openai =
            Offering { display_name: Some(format!("OpenAI {}", row.name)), ..plain(ProviderKind::OpenAi) };
        entry(row, format!("Azure OpenAI {}", row.name), vec![plain(ProviderKind::Azure), at_openai])
    });
    anthropic.chain(openai).chain([demo()]).collect()
}

fn plain(kind: ProviderKind) -> Offering {
    Offering { kind, model: None, display_name: None }
}

fn entry(row: &Row, display_name: String, offered_by: Vec<Offering>) -> ModelEntry {
    // Thousandths of a dollar per million tokens are millionths of a dollar per thousand.
    let [input, cached, output] = row.prices.map(|price| Some(per_1k(price)));
    let (year, month, day) = row.since;
    ModelEntry {
        id: row.id.to_owned(),
        display_name,
        aliases: row.aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        context_window: Some(row.window),
        max_output_tokens: Some(row.output),
        capabilities: Capabilities { vision: true, tools: true, thinking: row.thinking, streaming: true },
        input_cost_per_1k: input,
        cached_input_cost_per_1k: cached,
        output_cost_per_1k: output,
        currency: "USD".to_owned(),
        effective_from: NaiveDate::from_ymd_opt(year, month, day),
        offered_by,
    }
}

fn per_1k(thousandths_per_million: i64) -> Decimal {
    Decimal::new(thousandths_per_million, 6).normalize()
}

fn demo() -> ModelEntry {
    ModelEntry {
        display_name: "Demo (built in, offline)".to_owned(),
        context_window: Some(200_000),
        max_output_tokens: Some(1_000_000),
        capabilities: Capabilities { vision: false, tools: true, thinking: true, streaming: true },
        input_cost_per_1k: Some(Decimal::ZERO),
        output_cost_per_1k: Some(Decimal::ZERO),
        offered_by: vec![plain(ProviderKind::Demo)],
        ..ModelEntry::unknown("demo")
    }
}

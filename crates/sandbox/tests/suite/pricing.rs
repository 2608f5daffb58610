//! The code node "Pricing Calculator" of the proposal workflow, by its check values.

use conductor_sandbox::Language;
use serde_json::json;

use super::world::{program, worlds};

const PYTHON: &str = r#"
hours = {"partner": 100, "manager": 300, "consultant": 800}
rates = {"partner": 450, "manager": 275, "consultant": 175}

cost = sum(hours[role] * rates[role] for role in hours)
margin = 0.25
base_price = cost / (1 - margin)
factor = 0.9 if win_probability < 50 else 1.0
final_price = base_price * factor
print(f"Recommended price: ${final_price:,.0f}")
"#;

const JAVASCRIPT: &str = r#"
const hours = { partner: 100, manager: 300, consultant: 800 };
const rates = { partner: 450, manager: 275, consultant: 175 };
const cost = Object.keys(hours).reduce((sum, role) => sum + hours[role] * rates[role], 0);
let margin = 0.25;
var base_price = cost / (1 - margin);
factor = win_probability < 50 ? 0.9 : 1.0;
const final_price = base_price * factor;
const text = String(Math.round(final_price)).replace(/(\d)(?=(\d{3})+$)/g, "$1,");
console.log("Recommended price: $" + text);
"#;

#[tokio::test]
async fn the_price_is_the_one_that_the_sample_expects() {
    for world in worlds().await {
        for (language, code) in [(Language::Python, PYTHON), (Language::Javascript, JAVASCRIPT)] {
            for (probability, price) in [(65, "356,667"), (50, "356,667"), (40, "321,000")] {
                let program = program(language, code, json!({ "win_probability": probability }));
                let outcome = world.run(&program).await.unwrap();
                assert_eq!(outcome.assigned["cost"], json!(267_500), "{language:?}");
                assert_eq!(outcome.stdout, format!("Recommended price: ${price}\n"), "{language:?}");
                assert!(outcome.assigned["final_price"].is_number());
                assert_eq!(outcome.assigned["hours"]["manager"], json!(300));
                assert!(!outcome.assigned.contains_key("win_probability"), "{language:?} did not assign it");
            }
        }
    }
}

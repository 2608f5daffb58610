//! Attacks that systems of this kind fell to, one file per id of docs/security.md. Each asserts the answer and that
//! nothing happened. A new attack is one `mod` line; `register.rs` holds that no id is forgotten.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, not their helpers"
)]

mod a01_private_addresses;
mod a02_redirects;
mod a03_parser_differential;
mod a04_rebinding;
mod a05_upstream_of_the_caller;
mod a06_foreign_stream;
mod a07_foreign_chat_in_the_body;
mod a08_foreign_file;
mod a09_public_links;
mod a10_foreign_documents;
mod a11_foreign_configuration;
mod a12_parameters;
mod a13_no_sign_in;
mod a14_key_by_another_carrier;
mod a15_suspended_credentials;
mod a16_cache_by_whole_token;
mod a17_quotes_in_headers;
mod a18_empty_tokens;
mod a19_mass_assignment;
mod a20_known_secrets;
mod a21_processes;
mod a22_flag_variants;
mod a23_definitions_of_the_caller;
mod a24_expressions;
mod a25_json_as_a_file;
mod a26_names_of_files;
mod a27_uploads_that_run;
mod a28_exfiltration_by_images;
mod a29_oidc;
mod a30_browsers;
mod ar1_rug_pull;
mod ar2_declared_scopes;
mod ar3_multipart;
mod ar4_malformed_bodies;
mod ar5_nbf_as_string;
mod ar6_login_brute_force;
mod ar7_report_paths;
mod ar8_files_by_sql;
mod c05_token_mutations;
mod c19_panics;
mod canary;
mod doors;
mod escalation_by_grants;
mod foreign_machines;
mod machines;
mod register;
#[expect(dead_code, reason = "one attack needs a part of it")]
#[path = "../live/world.rs"]
mod running;
#[expect(dead_code, reason = "each attack needs a part of it")]
#[path = "../routes/world.rs"]
mod world;

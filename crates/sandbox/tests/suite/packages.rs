//! Approved packages: numpy, the one that the proposal workflow imports.

use std::path::PathBuf;

use conductor_sandbox::{Language, Limits, Options, Sandbox};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::world::{program, python_program, worker};

/// The virtual environment that `cargo xtask test` makes from `tests/packages`.
fn environment() -> PathBuf {
    let folder = std::env::var_os("CONDUCTOR_TEST_PACKAGES").map(PathBuf::from).expect(
        "the packages for tests are not installed: run `cargo xtask test`, which installs them (from \
         crates/sandbox/tests/packages), or set CONDUCTOR_TEST_PACKAGES to a folder with a virtual environment `venv`",
    );
    folder.join("venv")
}

/// None where the environment's interpreter lies in a home that is closed to every user that a program could be.
async fn sandbox() -> Option<Sandbox> {
    let environment = environment();
    let versions = std::fs::read_dir(environment.join("lib")).unwrap();
    let mut folders = versions.flatten().map(|version| version.path().join("site-packages"));
    let mut options = Options::new(worker());
    options.packages.folder = folders.find(|folder| folder.is_dir());
    options.packages.approved = vec!["numpy".to_owned()];
    options.python = environment.join("bin/python");
    options.limits = Limits::default();
    let sandbox = Sandbox::detect(options).await;
    match sandbox.offers(Language::Python) {
        Err(error) if error.to_string().contains("Permission denied") => {
            eprintln!("not tested here: {error}");
            None
        }
        _ => Some(sandbox),
    }
}

#[tokio::test]
async fn numpy_works_and_its_numbers_come_back() {
    let code = "
import numpy as np
values = np.arange(6).reshape(2, 3)
mean, total = values.mean(), values.sum()
inverse = np.linalg.inv(np.eye(2) * win_probability)
flag = np.bool_(True)
";
    let Some(sandbox) = sandbox().await else { return };
    let mut program = program(Language::Python, code, json!({ "win_probability": 4 }));
    program.packages = vec!["numpy".to_owned()];
    let outcome = sandbox.run(&program, &CancellationToken::new()).await.unwrap();
    let expected = json!({
        "values": [[0, 1, 2], [3, 4, 5]], "mean": 2.5, "total": 15, "inverse": [[0.25, 0.0], [0.0, 0.25]], "flag": true,
    });
    assert_eq!(Value::Object(outcome.assigned), expected);
}

#[tokio::test]
async fn a_program_that_asks_for_no_package_sees_none() {
    let Some(sandbox) = sandbox().await else { return };
    let error = sandbox.run(&python_program("import numpy"), &CancellationToken::new()).await.unwrap_err();
    assert!(error.to_string().contains("No module named 'numpy'"), "{error}");
}

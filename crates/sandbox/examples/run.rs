//! Runs a program from a file in the sandbox.
//!
//! ```text
//! cargo run -p conductor-sandbox --example run -- program.py '{"win_probability": 40}'
//! cargo run -p conductor-sandbox --example run -- program.js
//! ```

use std::{error::Error, process::ExitCode};

use conductor_sandbox::{Language, Options, Program, Sandbox, Worker, worker_main};
use tokio_util::sync::CancellationToken;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    // The same program is the worker, before anything else of it has started.
    if arguments.next().is_some_and(|first| first == "sandbox-worker") {
        return worker_main(arguments.next());
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "an example talks to the terminal")]
async fn run() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let path = words.next().ok_or("name a file with a program, ending in .py or .js")?;
    let language = if path.ends_with(".js") { Language::Javascript } else { Language::Python };
    let mut program = Program::new(language, std::fs::read_to_string(path)?);
    if let Some(globals) = words.next() {
        program.globals = serde_json::from_str(&globals)?;
    }
    let sandbox = Sandbox::detect(Options::new(Worker::this(["sandbox-worker"])?)).await;
    eprintln!("{:?}", sandbox.state());
    let outcome = sandbox.run(&program, &CancellationToken::new()).await?;
    print!("{}", outcome.stdout);
    println!("{}", serde_json::to_string_pretty(&outcome.assigned)?);
    eprintln!("in {:?}", outcome.elapsed);
    Ok(())
}

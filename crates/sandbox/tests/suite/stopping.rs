//! A program ends with its time, its caller's wish or its caller, and takes everything of it along.

use std::{os::fd::IntoRawFd, time::Duration};

use conductor_sandbox::{Error, Program};
use nix::unistd::{close, dup};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::world::{World, javascript, limits, python_program, worlds};

const SLEEP: &str = "import time\ntime.sleep(1000)";

/// Waits until something of the program is there to be ended.
async fn started(world: &World) {
    while world.left_behind().is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_program_that_sleeps_ends_with_its_time() {
    for mut world in worlds().await {
        let mut short = limits();
        short.wall_time = Duration::from_millis(700);
        world.sandbox = world.sandbox.with_limits(short);
        let error = world.run(&python_program(SLEEP)).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the program was stopped after 700ms of time, the most that it may take"
        );
        assert_eq!(world.left_behind(), Vec::<String>::new());
        let error = world.run(&javascript("for (;;) {}")).await.unwrap_err();
        assert!(matches!(error, Error::TimedOut { .. }), "{error:?}");
        assert_eq!(world.left_behind(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_cancelled_program_ends_at_once() {
    for world in worlds().await {
        let (cancel, program) = (CancellationToken::new(), python_program(SLEEP));
        let cancelling = async {
            started(&world).await;
            cancel.cancel();
        };
        let (ended, ()) = tokio::join!(world.sandbox.run(&program, &cancel), cancelling);
        assert!(matches!(ended, Err(Error::Cancelled)), "{ended:?}");
        assert_eq!(world.left_behind(), Vec::<String>::new());
        let ended = world.sandbox.run(&program, &cancel).await;
        assert!(matches!(ended, Err(Error::Cancelled)), "{ended:?}");
    }
}

#[tokio::test]
async fn a_forgotten_program_ends() {
    for world in worlds().await {
        let (cancel, program) = (CancellationToken::new(), python_program(SLEEP));
        tokio::select! {
            _ = world.sandbox.run(&program, &cancel) => panic!("it sleeps"),
            () = started(&world) => {}
        }
        while !world.left_behind().is_empty() {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_program_that_hides_from_its_reader_ends() {
    for mut world in worlds().await {
        let mut short = limits();
        short.wall_time = Duration::from_millis(700);
        world.sandbox = world.sandbox.with_limits(short);
        let code = "import os, time\nos.closerange(0, 64)\ntime.sleep(1000)";
        let error = world.run(&python_program(code)).await.unwrap_err();
        assert!(matches!(error, Error::TimedOut { .. }), "{error:?}");
        while !world.left_behind().is_empty() {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn many_at_once_do_not_meet() {
    for world in worlds().await.into_iter().filter(World::has_threads) {
        let programs: Vec<Program> = (0..12)
            .map(|number| {
                let mut program = python_program(
                    "import threading\nthreading.Thread(target=print).start()\nx = number * 2",
                );
                program.globals.insert("number".to_owned(), json!(number));
                program
            })
            .collect();
        let ended = futures::future::join_all(programs.iter().map(|program| world.run(program))).await;
        for (number, outcome) in ended.into_iter().enumerate() {
            assert_eq!(outcome.unwrap().assigned["x"], json!(number * 2));
        }
        assert_eq!(world.left_behind(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn files_that_the_server_left_open_are_closed() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "the secret").unwrap();
    // Not marked to be closed, as a careless library opens it.
    let leaked = dup(secret.as_file()).unwrap().into_raw_fd();
    let code = "
import os
for file in range(3, 300):
    try:
        if b'secret' in os.pread(file, 100, 0): escaped = file
    except OSError: pass
";
    for world in worlds().await {
        let outcome = world.run(&python_program(code)).await.unwrap();
        assert!(!outcome.assigned.contains_key("escaped"), "{:?}: {:?}", world.enforcement, outcome.assigned);
    }
    close(leaked).unwrap();
}

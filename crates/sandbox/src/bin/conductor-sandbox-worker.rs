//! The worker alone, for the tests of this crate and for embedders who want no second mode in their own program.

use std::process::ExitCode;

fn main() -> ExitCode {
    conductor_sandbox::worker_main(std::env::args_os().skip(1).last())
}

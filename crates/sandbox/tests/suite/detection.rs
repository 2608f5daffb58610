//! A machine that cannot confine a program runs none, and says why.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use conductor_domain::{ErrorKind, Kind};
use conductor_sandbox::{Enforce, Error, Language, Options, Sandbox, State, Worker};
use tokio_util::sync::CancellationToken;

use super::world::{javascript, python, python_program, worker};

fn reason(sandbox: &Sandbox) -> String {
    match sandbox.state() {
        State::Off { reason } => reason.clone(),
        State::On(enforcement) => panic!("it is on, by {enforcement:?}"),
    }
}

#[tokio::test]
async fn an_operator_switches_it_off() {
    let mut options = Options::new(worker());
    options.enforce = Enforce::Off;
    let sandbox = Sandbox::detect(options).await;
    assert_eq!(reason(&sandbox), "an operator switched programs off");
    let error = sandbox.run(&javascript("x = 1"), &CancellationToken::new()).await.unwrap_err();
    assert_eq!(error.to_string(), "programs are switched off: an operator switched programs off");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "sandbox_off"));
}

#[tokio::test]
async fn without_bubblewrap_it_is_off_where_bubblewrap_is_demanded() {
    let mut options = Options::new(worker());
    options.enforce = Enforce::Bubblewrap;
    options.bubblewrap = PathBuf::from("no-such-program");
    let sandbox = Sandbox::detect(options).await;
    assert_eq!(reason(&sandbox), "nothing here confines a program: no-such-program is not installed");
}

#[tokio::test]
async fn a_bubblewrap_that_does_not_work_is_no_confinement() {
    let folder = tempfile::tempdir().unwrap();
    for (script, wanted) in [
        (
            "echo 'bwrap: No permissions to create new namespace' >&2; exit 1",
            "No permissions to create new namespace",
        ),
        // One that confines nothing: everything after `--` is simply run, in the worker's place.
        (
            "while [ \"$1\" != -- ]; do shift; done; shift 2; echo \"{\\\"kind\\\":\\\"done\\\",\\\"assigned\\\":{}}\" >&2",
            "does not know",
        ),
        ("exit 0", "ended its interpreter"),
    ] {
        let path = folder.path().join("bwrap");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let mut options = Options::new(worker());
        options.enforce = Enforce::Bubblewrap;
        options.bubblewrap = path;
        let sandbox = Sandbox::detect(options).await;
        let reason = reason(&sandbox);
        assert!(reason.contains(wanted), "{reason}");
    }
}

#[tokio::test]
async fn an_older_bubblewrap_will_do() {
    let Some(real) =
        ["/usr/bin/bwrap", "/usr/local/bin/bwrap"].into_iter().find(|path| Path::new(path).is_file())
    else {
        eprintln!("not tested here: bubblewrap is not installed");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let open = fs::Permissions::from_mode(0o755);
    fs::set_permissions(folder.path(), open.clone()).unwrap();
    let path = folder.path().join("bwrap");
    // It knows neither how to forbid namespaces nor, so that the user namespace is tried, how to keep a capability.
    let script = "for word; do case $word in --disable-userns|--cap-add) echo \"bwrap: Unknown option $word\" >&2; exit 1;; esac; done";
    fs::write(&path, format!("#!/bin/sh\n{script}\nexec {real} \"$@\"\n")).unwrap();
    fs::set_permissions(&path, open).unwrap();
    let mut options = Options::new(worker());
    options.bubblewrap = path;
    options.python = python();
    let sandbox = Sandbox::detect(options).await;
    assert!(matches!(sandbox.state(), State::On(_)), "{:?}", sandbox.state());
    let outcome = sandbox.run(&python_program("x = 1"), &CancellationToken::new()).await.unwrap();
    assert_eq!(outcome.assigned["x"], 1);
}

#[tokio::test]
async fn a_worker_that_is_none_is_no_confinement() {
    let options = Options::new(Worker::new("/bin/true", Vec::<String>::new()));
    let reason = reason(&Sandbox::detect(options).await);
    assert!(reason.starts_with("nothing here confines a program: "), "{reason}");
    let options = Options::new(Worker::new("/no/such/worker", Vec::<String>::new()));
    assert!(matches!(Sandbox::detect(options).await.state(), State::Off { .. }));
}

#[tokio::test]
async fn without_python_javascript_still_runs() {
    let mut options = Options::new(worker());
    options.python = PathBuf::from("no-such-python");
    let sandbox = Sandbox::detect(options).await;
    assert!(matches!(sandbox.state(), State::On(_)), "{:?}", sandbox.state());
    assert!(sandbox.offers(Language::Javascript).is_ok());
    let cancel = CancellationToken::new();
    let error = sandbox.run(&python_program("x = 1"), &cancel).await.unwrap_err();
    assert_eq!(error.to_string(), "programs are switched off: no-such-python was not found");
    assert_eq!(sandbox.run(&javascript("x = 1"), &cancel).await.unwrap().assigned["x"], 1);
}

#[tokio::test]
async fn packages_are_those_that_an_operator_approved() {
    let mut options = Options::new(worker());
    options.python = python();
    options.packages.approved = vec!["numpy".to_owned(), "pandas".to_owned()];
    let sandbox = Sandbox::detect(options).await;
    let mut program = python_program("import requests");
    program.packages = vec!["numpy".to_owned(), "requests".to_owned()];
    let error = sandbox.run(&program, &CancellationToken::new()).await.unwrap_err();
    assert!(matches!(&error, Error::PackageNotAllowed { package, .. } if package == "requests"));
    assert_eq!(
        error.to_string(),
        "the package \"requests\" is not approved for programs; approved are: numpy, pandas"
    );
    let mut program = javascript("x = 1");
    program.packages = vec!["numpy".to_owned()];
    let error = sandbox.run(&program, &CancellationToken::new()).await.unwrap_err();
    assert!(error.to_string().ends_with("approved are: none"), "{error}");
}

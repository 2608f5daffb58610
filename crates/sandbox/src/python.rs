//! Finds the machine's Python and what it needs to run: the only files that a program will see.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use tokio::process::Command;

/// Asks an interpreter about itself. A virtual environment names the interpreter that it was made from.
const QUESTION: &str = "import json, os, sys, sysconfig
get = sysconfig.get_config_var
paths = [sysconfig.get_path(name) for name in ('stdlib', 'platstdlib')]
library = os.path.join(get('LIBDIR') or '', get('INSTSONAME') or '')
print(json.dumps({'executable': os.path.realpath(getattr(sys, '_base_executable', None) or sys.executable),
                  'readable': paths + ([library] if get('Py_ENABLE_SHARED') else [])}))";

/// Where the shared libraries of the system are; the folders that a distribution does not have are passed over.
#[cfg(target_arch = "x86_64")]
const MULTIARCH: [&str; 2] = ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"];
#[cfg(not(target_arch = "x86_64"))]
const MULTIARCH: [&str; 2] = ["/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];

/// A Python interpreter and its files.
#[derive(Clone, Debug)]
pub(crate) struct Python {
    pub(crate) executable: PathBuf,
    pub(crate) readable: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Reply {
    executable: PathBuf,
    readable: Vec<PathBuf>,
}

impl Python {
    /// Finds it, or says why not.
    pub(crate) async fn find(wanted: &Path) -> Result<Self, String> {
        let path = which(wanted).ok_or_else(|| format!("{} was not found", wanted.display()))?;
        let output = Command::new(&path).args(["-I", "-c", QUESTION]).kill_on_drop(true).output().await;
        let output = output.map_err(|error| format!("{} cannot be started: {error}", path.display()))?;
        let reply: Reply = serde_json::from_slice(&output.stdout)
            .map_err(|_| format!("{} is no Python interpreter that works", path.display()))?;
        let mut readable = reply.readable;
        readable.push(reply.executable.clone());
        readable.push(PathBuf::from("/usr/share/zoneinfo"));
        Ok(Self { executable: reply.executable, readable })
    }
}

/// The folders and files that every program of the system needs.
pub(crate) fn system_libraries() -> Vec<PathBuf> {
    let there = |path: &&str| Path::new(path).exists();
    let mut folders: Vec<_> = MULTIARCH.iter().copied().filter(there).collect();
    if folders.is_empty() {
        // No folders per processor: everything is in these two.
        folders.extend(["/lib", "/usr/lib"].iter().copied().filter(there));
    }
    folders.extend(["/lib64", "/usr/lib64", "/etc/ld.so.cache"].iter().copied().filter(there));
    folders.into_iter().map(PathBuf::from).collect()
}

/// The path of a program as the shell would find it.
pub(crate) fn which(program: &Path) -> Option<PathBuf> {
    if program.components().count() > 1 {
        return program.is_file().then(|| program.to_owned());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file())
}

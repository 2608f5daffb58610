"""Installs what Conductor is compared with from the registries, into a cache outside of the tree, once for its pins."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PINS = ("requirements.txt", "package.json", "package-lock.json")


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    hashed = hashlib.sha256(b"".join((HERE / pin).read_bytes() for pin in PINS)).hexdigest()[:16]
    return Path(base) / "conductor/tools" / f"workflow-peers-{hashed}"


def install():
    """The folder of both: `venv`, and `node_modules` where npm could bring Restate."""
    if sys.version_info < (3, 11):
        sys.exit(f"Python 3.11 or newer is needed, and this is {sys.version}")
    folder = cache()
    if (folder / "complete").is_file():
        return folder
    print(f"installing LangGraph and Restate into {folder}", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    for pin in PINS:
        shutil.copy(HERE / pin, folder / pin)
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder / "venv"], check=True)
    pip = [folder / "venv/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--requirement", folder / "requirements.txt"], check=True)
    # The packages' own scripts are not needed: one of them only reports that it was installed.
    npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder]
    subprocess.run(npm, check=True)
    (folder / "complete").touch()
    return folder


def restate_server(folder):
    """Restate's server: the one of RESTATE_SERVER, else the registry's; None where there is none for this machine."""
    named = os.environ.get("RESTATE_SERVER")
    if named:
        return named if Path(named).is_file() else sys.exit(f"RESTATE_SERVER names {named}, which is no file")
    return next((str(path) for path in folder.glob("node_modules/@restatedev/restate-server-*/bin/restate-server")), None)


def inside(folder):
    """Goes on in the environment that has LangGraph, if this is not it."""
    python = folder / "venv/bin/python"
    if Path(sys.prefix).resolve() != (folder / "venv").resolve():
        os.execv(python, [str(python), *sys.argv])

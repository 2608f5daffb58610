"""Generated requests against the running server: no 5xx, no answer that breaks the document, no ignored sign-in.

Starts the binary of CONDUCTOR_BIN on a fresh data folder, signs in, and lets schemathesis read `/openapi.json`.
A JUnit report goes to the path in SCHEMATHESIS_REPORT.
"""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
PATIENCE_S = 60
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "50")


def start(data: str) -> tuple[subprocess.Popen, queue.Queue]:
    """The server, and its output line by line; None in the queue is the end."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    command = [os.environ["CONDUCTOR_BIN"], "serve", "--listen", "127.0.0.1:0", "--data", data]
    server = subprocess.Popen(
        command, env=environment, cwd=data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines: queue.Queue = queue.Queue()

    def read() -> None:
        for line in server.stdout:
            lines.put(line.rstrip("\n"))
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    return server, lines


def await_line(lines: queue.Queue, prefix: str, seen: list[str]) -> str:
    for line in seen:
        if line.startswith(prefix):
            return line.removeprefix(prefix)
    while (line := lines.get(timeout=PATIENCE_S)) is not None:
        seen.append(line)
        if line.startswith(prefix):
            return line.removeprefix(prefix)
    sys.exit("the server ended before it said `" + prefix + "`:\n" + "\n".join(seen))


def call(url: str, body: dict | None = None, token: str | None = None) -> dict:
    request = urllib.request.Request(url, data=None if body is None else json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return json.load(answer)


def set_up(base: str, link: str) -> str:
    """The first account, and something to read in each list; gives the access token."""
    session = call(
        f"{base}/api/setup",
        {
            "token": link.split("token=")[1].strip(),
            "email": "admin@example.com",
            "password": "correct horse battery staple",
            "name": "Ada Admin",
            "organization_name": "Example",
        },
    )
    token = session["access_token"]
    conversation = call(f"{base}/api/conversations", {"title": "A row to read"}, token)
    call(f"{base}/api/conversations/{conversation['id']}/messages", {"content": "Hello"}, token)
    return token


def main() -> int:
    program = Path(sys.executable).with_name("schemathesis")
    with tempfile.TemporaryDirectory() as data:
        server, lines = start(data)
        try:
            seen: list[str] = []
            base = await_line(lines, "listening on ", seen).strip()
            token = set_up(base, await_line(lines, "set up: ", seen))
            command = [program, "--config-file", HERE / "schemathesis.toml", "run", f"{base}/openapi.json"]
            command += ["--header", f"Authorization: Bearer {token}", "--max-examples", EXAMPLES]
            command += ["--generation-deterministic", "--request-timeout", "30"]
            command += ["--continue-on-failure", "--no-color", "--suppress-health-check", "all", "--warnings", "off"]
            if report := os.environ.get("SCHEMATHESIS_REPORT"):
                command += ["--report", "junit", "--report-junit-path", report]
            code = subprocess.run(command, cwd=data, check=False).returncode
            if server.poll() is not None:
                sys.exit(f"the server ended with {server.returncode} while it was being asked")
            call(f"{base}/health")
            return code
        finally:
            server.terminate()
            try:
                server.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                server.kill()


if __name__ == "__main__":
    sys.exit(main())

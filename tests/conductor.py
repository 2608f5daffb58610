"""The real binary for tests in Python: started on a fresh data folder, and set up with its first account."""

import json
import os
import queue
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

PATIENCE_S = 60


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


def call(url: str, body: dict | None = None, token: str | None = None, method: str | None = None) -> dict:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method)
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return json.load(answer)


def set_up(base: str, link: str) -> dict:
    """The session of the first account."""
    return call(
        f"{base}/api/setup",
        {
            "token": link.split("token=")[1].strip(),
            "email": "admin@example.com",
            "password": "correct horse battery staple",
            "name": "Ada Admin",
            "organization_name": "Example",
        },
    )


@contextmanager
def running() -> Iterator[tuple[str, dict, str]]:
    """A server, its first session, and its data folder; it must still live at the end."""
    with TemporaryDirectory() as data:
        server, lines = start(data)
        try:
            seen: list[str] = []
            base = await_line(lines, "listening on ", seen).strip()
            yield base, set_up(base, await_line(lines, "set up: ", seen)), data
            if server.poll() is not None:
                sys.exit(f"the server ended with {server.returncode} while it was being asked")
            call(f"{base}/health")
        finally:
            server.terminate()
            try:
                server.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                server.kill()

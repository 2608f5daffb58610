"""Restate's side: its server on a folder of its own, and a handler in its own SDK for Node, which is faster than that for Python."""

import json
import os
import socket
import subprocess
import time

from client import Client

CHAIN, LONG, ITEMS = 10, 1_000, 1_000
PATIENCE = 60


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Restate:
    """As one starts it by hand: one node, its log synced to disk before it answers (`rocksdb-disable-wal-fsync` is off)."""

    def __init__(self, binary, modules, folder, program):
        self.name, self.processes = "Restate", []
        folder.mkdir(parents=True)
        ingress, admin, node, handler = (free_port() for _ in range(4))
        self.client, self.admin = Client(ingress), Client(admin)
        environment = os.environ | {
            "RESTATE_BASE_DIR": str(folder), "RESTATE_DISABLE_TELEMETRY": "true", "RESTATE_LISTEN_MODE": "tcp",
            "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{ingress}",
            "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{admin}", "RESTATE_BIND_ADDRESS": f"127.0.0.1:{node}",
            "RESTATE_LOG_FILTER": "warn", "DO_NOT_TRACK": "1",
        }
        self.log = open(folder / "log.txt", "w+", encoding="utf-8")
        # Beside its modules, where Node looks for them.
        beside = modules / "restate.mjs"
        beside.write_bytes(program.read_bytes())
        self.start([binary], folder, environment)
        self.start(["node", str(beside), str(handler)], modules, os.environ | {"NODE_ENV": "production"})
        try:
            self.register(handler)
        except BaseException:
            self.close()
            raise

    def start(self, command, folder, environment):
        output = {"stdin": subprocess.DEVNULL, "stdout": self.log, "stderr": self.log}
        self.processes.append(subprocess.Popen(command, cwd=folder, env=environment, **output))

    def register(self, handler):
        """Tells the server where its handler is, once both are there, and waits until a run goes through."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.admin.call("POST", "/deployments", {"uri": f"http://127.0.0.1:{handler}"})
                self.client.call("POST", "/steps/chain", {"steps": 1})
                return
            except (OSError, RuntimeError) as error:
                if time.monotonic() > deadline or any(process.poll() is not None for process in self.processes):
                    self.log.seek(0)
                    raise RuntimeError(f"Restate does not answer: {error}\n{self.log.read()[-3000:]}") from error
                time.sleep(0.2)

    def measured(self, handler, given, at_once, seconds, wanted):
        message = self.client.message("POST", f"/steps/{handler}", given)
        elapsed, done = self.client.drive(at_once, seconds, lambda connection: connection.request(message))
        for _, (status, answer) in done:
            if status != 200 or json.loads(answer) != wanted:
                raise RuntimeError(f"Restate: {handler} came out wrong: {status} {answer[:600]}")
        return elapsed, [took for took, _ in done]

    def chain(self, at_once, seconds):
        elapsed, took = self.measured("chain", {"steps": CHAIN}, at_once, seconds, {"n": CHAIN})
        return len(took) * CHAIN / elapsed

    def sequential(self, seconds):
        elapsed, took = self.measured("chain", {"steps": LONG}, 1, seconds, {"n": LONG})
        return len(took) * LONG / elapsed

    def fan_out(self, seconds):
        items = list(range(ITEMS))
        wanted = {"items": [item * 2 for item in items]}
        _, took = self.measured("fan", {"items": items}, 1, seconds, wanted)
        return sorted(took)[len(took) // 2] * 1_000

    def close(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        self.log.close()

"""Conductor's side: the real binary, asked over HTTP in the session of a person, since only people start workflows.

A request starts a run, and its answer is the report that the server makes of the run's journal: what each node gave, and
how often it was begun. Nothing else is counted.
"""

import asyncio
import json
import os
import re
import subprocess
import threading
import time

from client import Client

CHAIN, LONG, ITEMS = 10, 1_000, 1_000
LONG_CALLS = 100
AGAIN = 0.01


def graph(name, nodes, edges):
    edges = [dict(zip(("from", "port", "to"), edge)) | {"id": f"e{at}"} for at, edge in enumerate(edges)]
    ids = [node["id"] for node in nodes]
    sources = {edge["from"] for edge in edges}
    return {
        "schema": "conductor.workflow/1", "name": name, "source_format": "native", "nodes": nodes, "edges": edges,
        "entry": [ids[0]],
        "exit": [node for node in ids if node not in sources],
    }


def chain(name, length, node):
    """Nodes one after the other, of which each needs what the one before gave."""
    nodes = [node(at) | {"id": f"s{at}"} for at in range(length)]
    return graph(name, nodes, [(f"s{at}", "out", f"s{at + 1}") for at in range(length - 1)])


def adds(at):
    before = f"steps.s{at - 1}.output.n" if at else "input.n"
    return {"kind": "transform", "inputs": {"n": "{{%s + 1}}" % before}}


def calls(target):
    address = {"method": "GET", "url": f"http://127.0.0.1:{target}"}
    return lambda at: {"kind": "http", "config": address | {"endpoint": "/s%d/{{input.n}}" % at}}


def mapped(name, node):
    nodes = [
        {"id": "each", "kind": "map", "config": {"over": "input.items", "item": "item"}},
        node | {"id": "work"},
        {"id": "end", "kind": "transform", "inputs": {"items": "{{steps.each.output}}"}},
    ]
    return graph(name, nodes, [("each", "loop", "work"), ("work", "out", "each"), ("each", "out", "end")])


def workflows(target):
    call = calls(target)
    called = call(0)
    called["config"]["endpoint"] = "/item/{{var.item}}"
    return [
        chain("steps", CHAIN, adds),
        chain("long", LONG, adds),
        mapped("fan", {"kind": "transform", "inputs": {"n": "{{var.item * 2}}"}}),
        chain("calls", CHAIN, call),
        chain("long-calls", LONG_CALLS, call),
        mapped("fan-calls", called),
    ]


class Conductor:
    """A server on a data folder of its own, set up, with the workflows in it."""

    EMAIL, PASSWORD = "bench@example.com", "a password for one benchmark"

    def __init__(self, binary, folder, target, database=None):
        self.name, self.target = "Conductor", Client(target)
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        environment |= {
            "CONDUCTOR_DATA": str(folder), "CONDUCTOR_EGRESS_ALLOW": "127.0.0.1/32",
            # One account starts what many would: the limits of one are not what is measured.
            "CONDUCTOR_LIMIT_USER_PER_MINUTE": "10000000", "CONDUCTOR_LIMIT_CONNECTOR_PER_MINUTE": "10000000",
            "CONDUCTOR_LIMIT_AGENT_TOOL_PER_MINUTE": "10000000",
        }
        if database:
            environment["CONDUCTOR_DATABASE_URL"] = database
        folder.mkdir(parents=True)
        self.process = subprocess.Popen(
            [binary, "serve", "--listen", "127.0.0.1:0"], cwd=folder, env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        self.lines, self.seen = [], threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()
        try:
            port = int(self.line(r"listening on http://127\.0\.0\.1:(\d+)"))
            setup = self.line(r"set up: .*token=(\S+)")
            self.sign_in(Client(port), setup, workflows(target))
        except BaseException:
            self.close()
            raise

    def read(self):
        for line in self.process.stdout:
            with self.seen:
                self.lines = [*self.lines[-100:], line]
                self.seen.notify_all()

    def line(self, pattern):
        def found():
            return next((match for line in self.lines if (match := re.search(pattern, line))), None)

        with self.seen:
            if not self.seen.wait_for(found, 60):
                raise RuntimeError(f"the server has not said {pattern}:\n{''.join(self.lines)}")
            return found()[1]

    def sign_in(self, client, setup, documents):
        body = {"token": setup, "email": self.EMAIL, "password": self.PASSWORD, "name": "Bench"}
        session = client.call("POST", "/api/setup", body | {"organization_name": "Bench"})
        client.token = session["access_token"]
        for document in documents:
            client.call("POST", "/api/workflows/import", document)
        self.client, self.session = client, session

    def renew(self):
        """A session lives for a quarter of an hour, and a benchmark for longer."""
        body = {"refresh_token": self.session["refresh_token"]}
        self.session = Client(self.client.port).call("POST", "/api/auth/refresh", body)
        self.client.token = self.session["access_token"]

    def run(self, workflow, inputs):
        """Starts a run and waits for its report."""
        message = self.client.message("POST", f"/api/workflows/execute/{workflow}", {"inputs": inputs})

        async def work(connection):
            status, answer = await connection.request(message)
            # A server that is slow answers before the end, and is asked again.
            while status == 200 and b'"status":"completed"' not in answer[:400] and under_way(answer):
                await asyncio.sleep(AGAIN)
                path = f"/api/workflows/executions/{json.loads(answer)['execution_id']}"
                status, answer = await connection.request(self.client.message("GET", path))
            return status, answer

        return work

    def measured(self, workflow, inputs, at_once, seconds, right):
        """Seconds, what each run took, and how many nodes all of them have finished, counted in their reports."""
        self.renew()
        elapsed, done = self.client.drive(at_once, seconds, self.run(workflow, inputs))
        steps = 0
        for _, (status, answer) in done:
            report = json.loads(answer)
            if status != 200 or report.get("status") != "completed":
                raise RuntimeError(f"{workflow}: {status} {json.dumps(report)[:1000]}")
            counted = {step["id"]: step["attempts"] for step in report["steps"]}
            wrong = [step for step in report["steps"] if step["status"] != "completed"]
            if wrong or not right(report["outputs"], counted):
                raise RuntimeError(f"{workflow} came out wrong: {json.dumps(report)[:1000]}")
            steps += sum(counted.values())
        return elapsed, [took for took, _ in done], steps

    def chain(self, at_once, seconds):
        right = lambda outputs, counted: outputs == {"n": CHAIN} and list(counted.values()) == [1] * CHAIN
        elapsed, _, steps = self.measured("steps", {"n": 0}, at_once, seconds, right)
        return steps / elapsed

    def sequential(self, seconds):
        right = lambda outputs, counted: outputs == {"n": LONG} and list(counted.values()) == [1] * LONG
        elapsed, _, steps = self.measured("long", {"n": 0}, 1, seconds, right)
        return steps / elapsed

    def fan_out(self, seconds):
        items = list(range(ITEMS))
        wanted = {"items": [{"n": item * 2} for item in items]}
        right = lambda outputs, counted: outputs == wanted and counted == {"each": 1, "work": ITEMS, "end": 1}
        _, took, _ = self.measured("fan", {"items": items}, 1, seconds, right)
        return sorted(took)[len(took) // 2] * 1_000

    def called(self, workflow, inputs, at_once, seconds, counts):
        """Steps that leave the server: each was sent exactly once, as the one that they were sent to says."""
        before = self.target.call("GET", "/count")["count"]
        right = lambda _, counted: counted == counts
        elapsed, took, steps = self.measured(workflow, inputs, at_once, seconds, right)
        sent = self.target.call("GET", "/count")["count"] - before
        calls = steps - len(took) * sum(count for node, count in counts.items() if node in ("each", "end"))
        if sent != calls:
            raise RuntimeError(f"{workflow}: {calls} calls in the journal, {sent} arrived")
        return elapsed, took, calls

    def chain_of_calls(self, at_once, seconds):
        counts = {f"s{at}": 1 for at in range(CHAIN)}
        elapsed, _, calls = self.called("calls", {"n": 0}, at_once, seconds, counts)
        return calls / elapsed

    def sequential_calls(self, seconds):
        counts = {f"s{at}": 1 for at in range(LONG_CALLS)}
        elapsed, _, calls = self.called("long-calls", {"n": 0}, 1, seconds, counts)
        return calls / elapsed

    def fan_out_of_calls(self, seconds):
        counts = {"each": 1, "work": ITEMS, "end": 1}
        _, took, _ = self.called("fan-calls", {"items": list(range(ITEMS))}, 1, seconds, counts)
        return sorted(took)[len(took) // 2] * 1_000

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()


def under_way(answer):
    return json.loads(answer).get("status") in ("pending", "running", "waiting")

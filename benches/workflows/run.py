"""P-W1 to P-W4: durable steps of workflows beside LangGraph and Restate, all taken in turns in one run.

`cargo xtask bench workflows` builds the release binary, starts a PostgreSQL and calls this. What is compared, and what is
not, stands in docs/benchmarks.md. By hand, on Python 3.11 with Node beside it:

    cargo xtask with-postgres python3 benches/workflows/run.py --conductor target/release/conductor
"""

import argparse
import contextlib
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import peers
from report import Table

HERE = Path(__file__).resolve().parent
POSTGRES = "CONDUCTOR_TEST_POSTGRES"
AT_ONCE, AT_ONCE_POSTGRES = 32, 16
# Fewer answers of the address that steps call than this many times the calls a second, and the round is void.
TARGET_SPARE = 3
PAUSE = 2


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--conductor", type=Path, required=True, help="the binary, a release build")
    parser.add_argument("--rounds", type=int, default=5, help="how often each side is measured; the median counts")
    parser.add_argument("--seconds", type=float, default=5, help="how long one turn takes")
    parser.add_argument("--out", type=Path, default=HERE.parents[1] / "target/bench/workflows.json")
    return parser.parse_args()


@contextlib.contextmanager
def target():
    """The address that steps call, as a process of its own; gives its port."""
    command = [sys.executable, HERE / "target.py"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()


@contextlib.contextmanager
def database(server):
    """A database of its own in a PostgreSQL; gives its address."""
    import psycopg

    name = f"bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


class Bench:
    """The sides that there are, and the table that they fill."""

    def __init__(self, options, sides, target_client):
        self.seconds, self.table, self.target = options.seconds, Table(), target_client
        self.ours, self.ours_postgres, self.langgraphs, self.langgraph_postgres, self.restate = sides

    def spare(self, calls):
        """The address that is called has to answer much faster than it is asked."""
        elapsed, done = self.target.drive(AT_ONCE, 1, self.answered)
        rate = self.table.add("the called address alone, 32 connections", "req/s", len(done) / elapsed)
        if rate < TARGET_SPARE * calls:
            sys.exit(f"void: the address answers {rate:.0f}/s, and is called {calls:.0f} times a second")

    async def answered(self, connection):
        return await connection.request(self.target.message("GET", "/alone"))

    def against(self, title, unit, ours, theirs, goals, better=lambda ours, theirs: ours / theirs):
        """Our turn and theirs, and how many times as good ours are; goals by what the name of a side begins with."""
        taken = []
        for side, measure in theirs:
            # What the side before still writes, such as seals and compactions, is not this one's burden.
            time.sleep(PAUSE)
            taken.append((side.name, self.table.add(f"{title}: {side.name}", unit, measure(side))))
        for what, value in ours.items():
            for name, other in taken:
                goal = next((goal for begins, goal in goals.items() if name.startswith(begins)), None)
                self.table.add(f"{title}: {what}, times {name}", "", better(value, other), goal)

    def mine(self, title, what, unit, value):
        return self.table.add(f"{title}: Conductor, {what}", unit, value)

    def sqlite(self):
        seconds, peers_ = self.seconds, [*self.langgraphs, *([self.restate] if self.restate else [])]
        ours = {
            "no-op steps": self.mine("P-W1", "no-op steps", "steps/s", self.ours.chain(AT_ONCE, seconds)),
            "calls": self.mine("P-W1", "calls", "steps/s", self.ours.chain_of_calls(AT_ONCE, seconds)),
        }
        self.spare(ours["calls"])
        theirs = [(side, lambda side: side.chain(AT_ONCE, seconds)) for side in peers_]
        self.against("P-W1", "steps/s", ours, theirs, {"LangGraph": 20, "Restate": 5})
        ours = {
            "no-op steps": self.mine("P-W2", "no-op steps", "steps/s", self.ours.sequential(seconds)),
            "calls": self.mine("P-W2", "calls", "steps/s", self.ours.sequential_calls(seconds)),
        }
        theirs = [(side, lambda side: side.sequential(seconds)) for side in peers_]
        self.against("P-W2", "steps/s", ours, theirs, {"LangGraph": 4})
        ours = {"no-op steps": self.mine("P-W3", "no-op steps", "ms", self.ours.fan_out(seconds))}
        ours["calls"] = self.mine("P-W3", "calls", "ms", self.ours.fan_out_of_calls(seconds))
        theirs = [(side, lambda side: side.fan_out(seconds)) for side in peers_]
        self.against("P-W3", "ms", ours, theirs, {"LangGraph": 8}, lambda ours, theirs: theirs / ours)

    def postgres(self):
        seconds = self.seconds
        ours = {
            "no-op steps": self.mine("P-W4", "no-op steps", "steps/s", self.ours_postgres.chain(AT_ONCE_POSTGRES, seconds)),
            "calls": self.mine("P-W4", "calls", "steps/s", self.ours_postgres.chain_of_calls(AT_ONCE_POSTGRES, seconds)),
        }
        theirs = [(self.langgraph_postgres, lambda side: side.chain(AT_ONCE_POSTGRES, seconds))]
        self.against("P-W4", "steps/s", ours, theirs, {"LangGraph": 15})

    def round(self, number):
        time.sleep(PAUSE)
        self.sqlite()
        time.sleep(PAUSE)
        if self.ours_postgres:
            self.postgres()
        shown = {name: row["values"][-1] for name, row in self.table.rows.items() if ", times" not in name}
        print(f"round {number}: " + "; ".join(f"{name} {value:.0f}" for name, value in shown.items()), flush=True)


def sides(options, folder, port, server, cache, open_sides, notes):
    from conductor import Conductor
    from langgraph_side import LangGraph
    from restate_side import Restate

    def opened(side):
        open_sides.callback(side.close)
        return side

    binary = str(options.conductor.resolve())
    ours = opened(Conductor(binary, folder / "ours", port))
    langgraphs = [opened(LangGraph.sqlite("LangGraph, SQLite", folder / "langgraph.db"))]
    levels = ("OFF", "NORMAL", "FULL", "EXTRA")
    made = langgraphs[0]
    notes["LangGraph's SQLite"] = f"journal_mode {made.journal}, synchronous {levels[made.synchronous]} as it comes"
    if made.synchronous != levels.index("FULL"):
        langgraphs.append(opened(LangGraph.sqlite("LangGraph, SQLite FULL", folder / "langgraph-full.db", "FULL")))
    ours_postgres = langgraph_postgres = restate = None
    if server:
        mine, theirs = (open_sides.enter_context(database(server)) for _ in range(2))
        ours_postgres = opened(Conductor(binary, folder / "ours-postgres", port, mine))
        langgraph_postgres = opened(LangGraph.postgres("LangGraph, PostgreSQL", theirs, AT_ONCE_POSTGRES))
    else:
        notes["P-W4"] = f"not measured: no PostgreSQL in {POSTGRES}"
    program = peers.restate_server(cache)
    if program:
        restate = opened(Restate(program, cache, folder / "restate", HERE / "restate.mjs"))
    else:
        notes["Restate"] = "not measured: the registry has no server for this machine; RESTATE_SERVER may name one"
    return ours, ours_postgres, langgraphs, langgraph_postgres, restate


def main():
    options = arguments()
    # Ended from outside, it still ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    cache = peers.install()
    peers.inside(cache)
    from client import Client

    pins = (HERE / "requirements.txt").read_text(encoding="utf-8").split("\n")
    notes = {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "peers": ", ".join(pin for pin in pins if pin and not pin.startswith("#")) + ", and package.json",
        "rounds": f"{options.rounds} of {options.seconds:g} s a turn",
    }
    with contextlib.ExitStack() as open_sides:
        folder = Path(open_sides.enter_context(tempfile.TemporaryDirectory(prefix="conductor-bench-")))
        port = open_sides.enter_context(target())
        server = os.environ.get(POSTGRES)
        bench = Bench(options, sides(options, folder, port, server, cache, open_sides, notes), Client(port))
        for number in range(1, options.rounds + 1):
            bench.round(number)
        version = subprocess.check_output([options.conductor.resolve(), "--version"], text=True).split()[-1]
        bench.table.publish("workflows", options.out, version, notes)


if __name__ == "__main__":
    main()

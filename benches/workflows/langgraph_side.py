"""LangGraph's side: compiled graphs in this very process, with a checkpointer that has each step on disk before the next.

`durability="sync"` is what it calls that. As many threads as runs go on at once, all of one checkpointer, which is how its
own documentation shares one.
"""

import operator
import os
import sqlite3
import threading
import time
import uuid
from typing import Annotated, TypedDict

# Nothing is told to the vendor's service meanwhile, whatever the environment says.
os.environ["LANGSMITH_TRACING"] = os.environ["LANGCHAIN_TRACING_V2"] = "false"

from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

CHAIN, LONG, ITEMS = 10, 1_000, 1_000


class Count(TypedDict):
    n: int


class Fan(TypedDict):
    items: list[int]
    doubled: Annotated[list[int], operator.add]


def add(state):
    return {"n": state["n"] + 1}


def chain():
    graph = StateGraph(Count)
    for at in range(CHAIN):
        graph.add_node(f"s{at}", add)
        graph.add_edge(f"s{at - 1}" if at else START, f"s{at}")
    graph.add_edge(f"s{CHAIN - 1}", END)
    return graph


def long():
    """A node that leads back to itself: the kinder form for LangGraph, whose cost of a step grows with the nodes."""
    graph = StateGraph(Count)
    graph.add_node("step", add)
    graph.add_edge(START, "step")
    graph.add_conditional_edges("step", lambda state: END if state["n"] >= LONG else "step")
    return graph


def fan():
    graph = StateGraph(Fan)
    graph.add_node("work", lambda state: {"doubled": [state["item"] * 2]})
    graph.add_conditional_edges(START, lambda state: [Send("work", {"item": item}) for item in state["items"]])
    graph.add_edge("work", END)
    return graph


class LangGraph:
    """Its three graphs over one checkpointer."""

    def __init__(self, name, saver, close):
        self.name, self.saver, self.close = name, saver, close
        saver.setup()
        self.graphs = {made.__name__: made().compile(checkpointer=saver) for made in (chain, long, fan)}

    @classmethod
    def sqlite(cls, name, file, synchronous=None):
        """As `SqliteSaver.from_conn_string` opens it, with another durability where one is named."""
        connection = sqlite3.connect(file, check_same_thread=False)
        if synchronous is not None:
            connection.execute(f"PRAGMA synchronous = {synchronous}")
        side = cls(name, SqliteSaver(connection), connection.close)
        side.synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
        side.journal = connection.execute("PRAGMA journal_mode").fetchone()[0]
        return side

    @classmethod
    def postgres(cls, name, url, connections):
        """With a connection for each run, set as `PostgresSaver.from_conn_string` sets its only one."""
        settings = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
        pool = ConnectionPool(url, min_size=connections, max_size=connections, kwargs=settings, open=True)
        pool.wait()
        return cls(name, PostgresSaver(pool), pool.close)

    def invoke(self, graph, given):
        config = {"configurable": {"thread_id": uuid.uuid4().hex}, "recursion_limit": LONG + 10}
        return self.graphs[graph].invoke(given, config, durability="sync"), config

    def measured(self, graph, given, at_once, seconds, right, steps):
        """Seconds, and what each run took. Each gave the right answer, and left as many checkpoints as it has steps."""
        done, errors, started = [], [], time.perf_counter()

        def lane():
            try:
                while time.perf_counter() - started < seconds:
                    began = time.perf_counter()
                    answer, config = self.invoke(graph, given)
                    done.append((time.perf_counter() - began, answer, config))
            except Exception as error:  # noqa: BLE001 - told by the one that waits
                errors.append(error)

        lanes = [threading.Thread(target=lane) for _ in range(at_once)]
        for thread in lanes:
            thread.start()
        for thread in lanes:
            thread.join()
        elapsed = time.perf_counter() - started
        if errors:
            raise errors[0]
        if wrong := [answer for _, answer, _ in done if not right(answer)]:
            raise RuntimeError(f"{self.name}: {graph} came out wrong: {str(wrong[0])[:600]}")
        # The input is step -1, and 0 the state that the first node begins with.
        for _, _, config in done:
            last = next(iter(self.saver.list(config, limit=1)))
            if last.metadata["step"] != steps:
                raise RuntimeError(f"{self.name}: {graph} has {last.metadata['step']} steps on disk, not {steps}")
        return elapsed, [took for took, _, _ in done]

    def chain(self, at_once, seconds):
        right = lambda answer: answer == {"n": CHAIN}
        elapsed, took = self.measured("chain", {"n": 0}, at_once, seconds, right, CHAIN)
        return len(took) * CHAIN / elapsed

    def sequential(self, seconds):
        right = lambda answer: answer == {"n": LONG}
        elapsed, took = self.measured("long", {"n": 0}, 1, seconds, right, LONG)
        return len(took) * LONG / elapsed

    def fan_out(self, seconds):
        items = list(range(ITEMS))
        right = lambda answer: sorted(answer["doubled"]) == [item * 2 for item in items]
        _, took = self.measured("fan", {"items": items, "doubled": []}, 1, seconds, right, 1)
        return sorted(took)[len(took) // 2] * 1_000

"""Medians, a table for people and JSON for programs, in the form of the other benches (apps/xtask/src/bench/report.rs)."""

import json
import math
import os


def percentile(values, percent):
    """The value that this share of all values does not exceed (nearest rank)."""
    values = sorted(values)
    return values[max(math.ceil(percent / 100 * len(values)) - 1, 0)]


def median(values):
    return percentile(values, 50)


def number(value):
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3f}"


class Table:
    """What was measured, row by row; a row has one value for each round."""

    def __init__(self):
        self.rows = {}

    def add(self, name, unit, value, at_least=None):
        row = self.rows.setdefault(name, {"name": name, "unit": unit, "values": [], "goal": at_least})
        row["values"].append(value)
        return value

    def verdict(self, row):
        if row["goal"] is None:
            return ""
        met = median(row["values"]) >= row["goal"]
        return f"≥ {number(row['goal'])} {'met' if met else 'MISSED'}"

    def publish(self, name, path, version, notes):
        print(f"\n{name:<46} {'median':>12} {'lowest':>12} {'highest':>12} {'unit':<7} goal")
        for row in self.rows.values():
            figures = [number(percentile(row["values"], share)) for share in (50, 0, 100)]
            figures = " ".join(f"{figure:>12}" for figure in figures)
            print(f"{row['name']:<46} {figures} {row['unit']:<7} {self.verdict(row)}")
        for note, text in notes.items():
            print(f"{note}: {text}")
        rows = [
            {key: row[key] for key in ("name", "unit", "values")}
            | {"median": median(row["values"]), "goal": row["goal"] and {"at_least": row["goal"]}}
            for row in self.rows.values()
        ]
        path.parent.mkdir(parents=True, exist_ok=True)
        report = {"bench": name, "version": version, "cores": os.cpu_count(), "rows": rows, "notes": notes}
        path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        print(f"written to {path}")

"""The page docs/results/bits.md, from the records of `benchmarks.bits` alone."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parents[1] / "docs" / "results"
RECORDS = RESULTS / "records" / "bits.jsonl"
PAGE = RESULTS / "bits.md"
DATASETS = ("cora", "chameleon", "squirrel", "photo", "minesweeper")

INTRODUCTION = """# Terms in few bits

LON-GNN with `placement="before"` on terms that were propagated once
([docs/large.md](../large.md#terms-in-few-bits)): float32 beside 16, 8, 4, 2 and 1 bit, and beside
the policy, which gives each order k the bits that leave the least error of the output within a
share of the bytes in float32. Bytes count codes, padding of rows and the ends of levels.

Ten splits (60/20/20 per class; Minesweeper: the masks of its file), one seed, K = 10, 32 hidden
channels, shared coefficients, no dropout, Adam at 0.02 for 50 epochs, the epoch selected on
validation nodes: short, so that the scores are no records. What each order's error does was
measured for each split on up to 256 of its own training nodes with the model trained on float32.
These settings were committed before the first run; nothing was chosen by a score.

- *same weights*: the models trained on float32 read rounded terms; paired difference of the test
  score in points, and the share of all nodes whose predicted class changes.
- *trained again*: on the terms of the policy, from the same initial values; paired difference in
  points.
- +- is the standard error over the ten splits (which share nodes, so that it is a little too
  small). The default policy is to lose no more than 0.2 points and two standard errors.
"""


def keep(record: dict[str, Any]) -> None:
    """Adds the record of a dataset, in place of an earlier one."""
    others = [r for r in read() if r["dataset"] != record["dataset"]]
    RECORDS.write_text("".join(json.dumps(r) + "\n" for r in [*others, record]))


def read() -> list[dict[str, Any]]:
    """The records that there are."""
    lines = RECORDS.read_text().splitlines() if RECORDS.is_file() else []
    return [json.loads(line) for line in lines]


def write() -> None:
    """Writes the page."""
    PAGE.write_text(page(read()))


def page(records: list[dict[str, Any]]) -> str:
    """The page of these records."""
    missing = [name for name in DATASETS if name not in {r["dataset"] for r in records}]
    parts = [INTRODUCTION, "## The default policy\n", _summary(records)]
    if missing:
        parts.append(f"Not measured yet: {', '.join(missing)}.\n")
    for record in records:
        title = f"{record['dataset']} ({record['metric']})"
        size = f"{record['nodes']:,} nodes, {record['features']:,} features"
        took = f"{record['seconds'] / 60:.0f} minutes on two cores that others used, too"
        parts += [f"## {title}\n\n{size}; {took}.\n", _rows(record), _orders(record)]
    names = " ".join(r["dataset"] for r in records)
    parts.append(
        "## How it was made\n\n`python -m benchmarks.bits " + names + "`, then `python -m "
        "benchmarks.bits --write`, which writes this page from [records/bits.jsonl]"
        "(records/bits.jsonl). AMD EPYC with AVX-512, two cores; jax 0.10.2.\n"
    )
    return "\n".join(parts)


def _summary(records: list[dict[str, Any]]) -> str:
    lines = []
    for r in records:
        name = _default(r)
        mean, error = _difference(r["trained"], r["scores"])
        held = "yes" if mean >= -0.2 - 2 * error else "no"
        row = r["rows"][name]
        lines.append(
            [
                r["dataset"],
                f"{np.mean(r['scores']):.2f}",
                f"{100 * np.mean(row['share']):.1f} %",
                f"{mean:+.2f} +- {error:.2f}",
                held,
                f"{100 * np.mean(row['changed']):.2f} %",
            ]
        )
    head = [
        "dataset",
        "float32",
        "bytes",
        "trained again",
        "within the limit",
        "predictions changed",
    ]
    return _table(head, lines)


def _rows(record: dict[str, Any]) -> str:
    lines = []
    for name, row in record["rows"].items():
        mean, error = _difference(row["scores"], record["scores"])
        again = "-"
        if name == _default(record):
            again = "{:+.2f} +- {:.2f}".format(*_difference(record["trained"], record["scores"]))
        lines.append(
            [
                "1 bit" if name == "1 bits" else name,
                f"{100 * np.mean(row['share']):.1f} %",
                f"{np.mean(row['error']):.1e}" if name != "float32" else "0",
                f"{np.mean(row['scores']):.2f}",
                f"{mean:+.2f} +- {error:.2f}",
                f"{100 * np.mean(row['changed']):.2f} %",
                again,
            ]
        )
    head = ["terms", "bytes", "error of the output", "same weights", "difference", "changed"]
    return _table([*head, "trained again"], lines)


def _orders(record: dict[str, Any]) -> str:
    """Error of the output by order and bits, and what the policies chose."""
    errors = np.mean(record["errors"], axis=0)
    policies = [name for name in record["rows"] if name.startswith("policy")]
    lines = []
    for k, row in enumerate(errors):
        chosen = [Counter(b[k] for b in record["rows"][p]["bits"]) for p in policies]
        words = [", ".join(f"{b} ({n})" for b, n in c.most_common()) for c in chosen]
        lines.append([str(k), *(f"{e:.1e}" if e else "0" for e in row), *words])
    sizes = [f"{b / 1e6:.3g} MB" for b in record["bytes"]]
    lines.append(["bytes", *sizes, *([f"float32: {record['plain'] / 1e6:.3g} MB"] * len(policies))])
    head = [
        "k",
        "16 bits",
        "8 bits",
        "4 bits",
        "2 bits",
        "1 bit",
        *(f"{p}: bits (splits)" for p in policies),
    ]
    caption = "Error of the output that rounding one order makes, relative to the output:\n\n"
    return caption + _table(head, lines)


def _default(record: dict[str, Any]) -> str:
    return next(name for name in record["rows"] if name.startswith("policy"))


def _difference(scores: list[float], base: list[float]) -> tuple[float, float]:
    """Mean and standard error of paired differences."""
    each = np.subtract(scores, base)
    return float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each)))


def _table(head: list[str], lines: list[list[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)

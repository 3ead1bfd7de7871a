"""The page docs/results/bits.md, from the records of `benchmarks.bits`."""

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "docs" / "results"
RECORDS = RESULTS / "records" / "bits.jsonl"


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

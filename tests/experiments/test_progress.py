"""A bar on a terminal, lines elsewhere."""

import io
import logging
import re

from longnn.experiments.jobs.progress import shown
from rich.console import Console

from longnn.training import Progress

STEPS = [Progress(epoch, 1000, 10 if epoch < 450 else 0, 10, 80.25) for epoch in range(90, 451, 90)]


def test_lines_elsewhere(caplog):
    with (
        caplog.at_level(logging.INFO),
        shown("longnn on cora", Console(file=io.StringIO())) as update,
    ):
        for step in STEPS:
            update(step)
    assert [record.message for record in caplog.records] == [
        "longnn on cora: epoch 270/1000, best validation 80.25 %, 10 of 10 running",
        "longnn on cora: epoch 450/1000, best validation 80.25 %, 0 of 10 running",
    ]


def test_bar_on_a_terminal():
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=150)
    with shown("longnn on cora", console) as update:
        for step in STEPS:
            update(step)
    assert "450/450" in out.getvalue()
    assert "best validation 80.25 %" in out.getvalue()
    assert "━" in out.getvalue()


def test_a_line_of_80_columns_says_what_is_known():
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80)
    long = Progress(123_456, 200_000, 1000, 1000, 100.0)
    with shown("optbasisgnn on a_dataset_of_a_long_name", console) as update:
        first = drawn(out)
        update(long)
    (before,) = [line for line in first if "optbasis" in line]
    assert before.split()[-2] == "compiling", "no score, epoch or time is known yet"
    assert "optbasisgnn on a_dataset_of_a_long_name" in before
    (told,) = {line for line in drawn(out) if "running" in line}
    assert "epoch 123456/200000, best validation 100.00 %, 1000/1000 running" in told
    assert told.startswith("optbasisg…")
    assert len(told) <= 80
    assert "-:--" not in out.getvalue()


def drawn(out) -> list[str]:
    """Lines without what moves the cursor or colours."""
    plain = re.sub(r"\x1b\[[?\d;]*[a-zA-Z]", "", out.getvalue())
    return [line.rstrip() for line in re.split(r"[\r\n]+", plain)]

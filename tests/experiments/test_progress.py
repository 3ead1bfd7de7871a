"""A bar on a terminal, lines elsewhere."""

import io
import logging

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

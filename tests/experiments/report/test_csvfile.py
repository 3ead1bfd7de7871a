"""What a spreadsheet makes of the cells of a report."""

import csv
import io

import pytest
from longnn.experiments.report.csvfile import cell, csv_text

from tests.experiments.report.made import result, run_of

CELLS = [
    ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
    ("+1+1", "'+1+1"),
    ("-2+3", "'-2+3"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("\t=1", r"'\t=1"),
    ("\r=1", r"'\r=1"),
    ("\n=1", r"'\n=1"),
    (" =1", "' =1"),
    ("\uff1d1+1", "'\uff1d1+1"),
    ("-0.5", "-0.5"),
    ("+1e-3", "+1e-3"),
    ("-", "-"),
    ("", ""),
    ("cora", "cora"),
    ("a=b", "a=b"),
    ("red\x1b[31m", r"red\x1b[31m"),
    ("\udcff", r"\udcff"),
    (-0.5, -0.5),
    (None, None),
]


@pytest.mark.parametrize(("value", "shown"), CELLS)
def test_cells(value, shown):
    assert cell(value) == shown


@pytest.mark.parametrize("per_run", [False, True])
def test_no_cell_of_a_table_is_a_formula(per_run):
    content = result(dataset="=1+1", model="@model", split="+split") | {"metric": "-metric"}
    content["seconds"] = {"train\x1b": 1.0}
    run = run_of(content, directory="-r/\x1b[2J")
    text = csv_text([run], per_run=per_run)
    assert text.encode()
    assert text.replace("\n", "").isprintable()
    for line in csv.DictReader(io.StringIO(text)):
        names = [line[name] for name in ("dataset", "model", "protocol", "metric", "directory")]
        assert names == ["'=1+1", "'@model", "'+split", "'-metric", r"'-r/\x1b[2J"]

"""The training benchmark runs, on a small graph; nothing is asserted about time."""

from datetime import date

import numpy as np
import pytest

from benchmarks import results, training, workloads
from longnn.operators.native.library import status
from longnn.operators.native.variants import model


@pytest.fixture
def small(monkeypatch):
    """Every case sees a power-law graph of 300 nodes."""
    w = workloads.power_law(300)
    monkeypatch.setattr(training, "load", lambda _: w)
    monkeypatch.setattr(training, "EPOCHS", 2)
    return w


def test_power_law_graph():
    w = workloads.power_law(2000, degree=20)
    degrees = np.sort(w.graph.degrees())
    assert 14 < degrees.mean() <= 20  # pairs drawn twice merge
    assert degrees[-1] > 8 * np.median(degrees)
    assert not (w.train & w.val).any()
    np.testing.assert_allclose(w.train.mean(1), 0.6, atol=0.01)


@pytest.mark.torch
@pytest.mark.parametrize("case", ["product", "table", "step", "search"])
def test_cases_that_time_both_sides(small, case):
    lines = list(training.CASES[case](True))
    assert lines
    for line in lines:
        assert any("torch" in side for side in line.seconds)
        assert all(seconds > 0 for seconds in line.seconds.values())
    text = results.markdown(lines, {case: "What it is."}, "python -m this")[case]
    assert text.startswith(case)
    assert "x)" in text


@pytest.mark.slow
def test_compilation(small, monkeypatch):
    monkeypatch.setattr("jax.clear_caches", lambda: None)  # the other tests need theirs
    (line,) = training.compilation(True)
    assert set(line.seconds) == set(training.OURS)


def test_real_graphs_are_asked_for_by_name():
    with pytest.raises(Exception, match="nosuch"):
        workloads.load("nosuch")


def test_one_case_measured_again_leaves_the_others():
    old = "# top\n\n## product\n\nfirst\n\n## large\n\nthird\n"
    again = {"product": "product\n\nagain", "table": "table\n\nsecond"}
    new = results.merged(old, again)
    assert new == "# top\n\n## product\n\nagain\n\n## large\n\nthird\n\n## table\n\nsecond\n"


def test_a_table_names_what_it_holds_for():
    line = results.Line("case", "what", {"native": 1.0, "csr": 2.0})
    section = results.markdown([line], {"case": "Caption."}, "python -m this")["case"]
    library = status().library
    kernels = f"kernels {library.name.split('-')[1]};" if library else "no kernels;"
    assert kernels in section
    assert f"`python -m this`, {date.today()}: {model()}, " in section
    assert section.endswith("| what | 1 s | 2 s (2 x) |\n")

"""What a run pays besides its training: calls of the compiler, figures, searches for garbage."""

import gc
import subprocess
import sys
from collections.abc import Iterator

import jax
import jax.monitoring
import numpy as np
import pytest
from longnn.experiments.garbage import kept
from matplotlib.figure import Figure

from tests.experiments.conftest import SMALL

PROGRAMS = {"run_chunk", "_start", "predict", "_scores", "_responses", "_products"}
"""Training, first values, outputs, scores, responses, spectrum; see python -m benchmarks.start."""


@pytest.fixture
def compiled() -> Iterator[list[str]]:
    """The names of what is compiled, where nothing has been before."""
    names: list[str] = []

    def count(event: str, _: float, **told: str) -> None:
        if event.endswith("backend_compile_duration"):
            names.append(told["fun_name"].removeprefix("jit(").removesuffix(")"))

    jax.clear_caches()
    jax.monitoring.register_event_duration_secs_listener(count)
    yield names
    jax.monitoring.unregister_event_duration_listener(count)


@pytest.mark.parametrize(
    "varied",
    [
        ["backend=auto"],
        pytest.param(["backend=csr"], marks=pytest.mark.slow),
        pytest.param(["backend=auto", "model.dropout=0.1,0.2", "-m"], marks=pytest.mark.slow),
    ],
)
def test_a_run_with_figures_is_a_few_programs(train, compiled, varied):
    runs = train(*SMALL, "model.order=3", "model.hidden=13", *varied)
    assert all((run / "filter.png").exists() for run in runs)
    assert "_start" in compiled
    assert set(compiled) <= PROGRAMS
    assert len(compiled) == len(set(compiled)), "a program for each job, or for each shape"


def test_a_figure_is_drawn_as_savefig_would(tmp_path):
    from longnn.experiments.jobs.figures import DPI, _save

    def figure() -> Figure:
        made = Figure(figsize=(3, 2), layout="constrained")
        axes = made.subplots()
        axes.plot([1, 3, 2], label="$\\lambda$")
        axes.legend()
        axes.set_ylabel("takes room")
        return made

    _save(figure(), tmp_path / "once.png")
    figure().savefig(tmp_path / "twice.png", dpi=DPI)
    assert (tmp_path / "once.png").read_bytes() == (tmp_path / "twice.png").read_bytes()


def test_what_is_imported_is_not_searched_for_garbage():
    before = gc.get_freeze_count()
    try:
        with kept():
            assert not gc.isenabled()
            cells = [[i] for i in range(1000)]
        assert gc.isenabled()
        assert gc.get_freeze_count() >= before + len(cells)
    finally:
        gc.unfreeze()


def test_a_command_without_figures_loads_no_matplotlib(tmp_path):
    code = (
        "import sys; from longnn.experiments.train import main; main(); "
        "assert 'longnn.training.trials' in sys.modules; print('matplotlib' in sys.modules)"
    )
    overrides = [*SMALL, "optim.max_epochs=1", "model=mlp", "figures=false"]
    done = subprocess.run(
        [sys.executable, "-c", code, *overrides, f"hydra.run.dir={tmp_path}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[-1] == "False"
    assert np.load(tmp_path / "curves.npz")["val"].shape == (2, 1)

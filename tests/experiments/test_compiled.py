"""The compilation cache, in processes of their own; programs dropped from memory."""

import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from longnn.experiments.jobs.compiled import release_compiled

from tests.experiments.conftest import SMALL

PROGRAM = """
import jax, jax.numpy as jnp
from longnn.experiments.jobs.compiled import keep_compiled
keep_compiled({directory!r})
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
jax.jit(lambda x: jnp.sin(x) @ x.T)(jnp.ones((4, 4))).block_until_ready()
"""


def run(directory: str | None, home: Path) -> set[str]:
    """Files below ``home`` after a process that compiled something."""
    subprocess.run(
        [sys.executable, "-c", PROGRAM.format(directory=directory)],
        env={"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")},
        check=True,
    )
    return {str(file.relative_to(home)) for file in home.rglob("*-cache")}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("directory", "where"), [("auto", "cache/longnn/compiled"), ("~/mine", "mine")]
)
def test_programs_are_kept(tmp_path, directory, where):
    kept = run(directory, tmp_path)
    assert kept
    assert {str(Path(file).parent) for file in kept} == {where}
    assert run(directory, tmp_path) == kept, "compiled again instead of read"


def test_switched_off(tmp_path):
    assert run(None, tmp_path) == set()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits memory maps")
@pytest.mark.parametrize("dropped", [False, True])
def test_programs_are_dropped_beyond_the_share(dropped):
    traced = []

    @jax.jit
    def double(x):
        traced.append(x)
        return 2 * x

    double(jnp.ones(3))
    assert release_compiled(0.0 if dropped else 1.0) is dropped
    assert double(jnp.ones(3)).tolist() == [2, 2, 2]
    assert len(traced) == 1 + dropped


@pytest.mark.slow
def test_jobs_of_a_sweep_ask_for_it(train, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "longnn.experiments.jobs.run.release_compiled", lambda: asked.append(jax.clear_caches())
    )
    runs = train("-m", *SMALL, "model=mlp", "model.hidden=4,8", "figures=false")
    assert len(runs) == len(asked) == 2

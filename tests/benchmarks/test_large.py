"""The benchmark of large graphs, on tiny sizes; nothing is asserted about time."""

import argparse

import pytest

from benchmarks import large
from longnn.stores import StoredDataset, StoredTerms


@pytest.fixture
def options(tmp_path) -> argparse.Namespace:
    words = ["--nodes=3000", "--features=4", "--classes=3", f"--folder={tmp_path}"]
    return large.parser().parse_args(words)


@pytest.mark.slow
def test_stages(options, monkeypatch):
    copied = large.copied
    monkeypatch.setattr(large, "copied", lambda threads: copied(threads, 1 << 16))
    lines = [large.line(stage, options) for stage in large.STAGES]
    data = StoredDataset(options.folder / "data")
    assert (data.graph.num_nodes, data.features, data.classes) == (3000, 4, 3)
    assert StoredTerms(options.folder / "terms").order == large.ORDER
    for line in lines:
        assert line["entries"] == data.graph.entries
        assert line["peak GB"] > 0
    assert all(lines[2][name] > 0 for name in ("product GB/s", "copy GB/s", "disk GB/s"))


@pytest.mark.slow
def test_a_stage_in_a_process_of_its_own_is_bounded(options):
    options.limit_gb = 4.0
    found = large.in_process("build", options)
    assert found["bound"].startswith("4 GB by ")
    assert found["disk GB"] > 0
    options.limit_gb, options.folder = 0.05, options.folder / "other"
    with pytest.raises(SystemExit, match="build ended with"):
        large.in_process("build", options)

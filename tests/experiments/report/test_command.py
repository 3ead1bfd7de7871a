"""The command: what it prints, what it writes, and how it refuses."""

import csv
import io
import json
import shutil
import subprocess
import sys

import pytest
from longnn.experiments.report.__main__ import main

from tests.experiments.report.made import result, write


@pytest.fixture
def runs(tmp_path):
    write(tmp_path / "runs" / "a", result())
    write(tmp_path / "runs" / "b", result(model="mlp", tests=(10.0, 20.0)))
    write(tmp_path / "runs" / "c", result(split="fixed", split_hash="b" * 64))
    (tmp_path / "runs" / "a" / "filter.png").touch()
    return tmp_path / "runs"


def _refused(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main([str(a) for a in arguments])
    assert stopped.value.code == 2
    return capsys.readouterr()


def test_markdown(runs, capsys):
    main([str(runs)])
    out = capsys.readouterr().out
    assert "**cora, split fixed (bbbbbbbb)**" in out
    assert "| 85.00 +- 63.53 | 50.00 +- 0.00 | 2 | 0.25 | - |" in out
    assert "**mlp minus longnn, paired by split**" in out
    assert "Not compared: cora, split fixed (bbbbbbbb). Reason: all runs there are of one" in out
    assert "filter.png" in out


def test_csv(runs, capsys):
    main([str(runs), "--format", "csv"])
    lines = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    by_directory = {line["directory"]: line for line in lines}
    line = by_directory[str(runs / "a")]
    assert len(lines) == 3
    assert float(line["test_mean"]) == 85.0
    assert line["test_n"] == "2"
    assert line["val_mean"] == "50.0"
    assert line["seconds_train"] == "2.0"
    assert line["split_hash"] == "a" * 64


def test_csv_by_split_and_seed(runs, capsys):
    main([str(runs), "--format", "csv", "--per-run"])
    lines = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    of_b = [line for line in lines if line["directory"] == str(runs / "b")]
    assert len(lines) == 6
    assert [(line["split"], line["test"]) for line in of_b] == [("0", "10.0"), ("1", "20.0")]


def test_output(runs, tmp_path, capsys):
    main([str(runs), "--output", str(tmp_path / "out")])
    assert "report.html" in capsys.readouterr().err
    written = {str(f.relative_to(tmp_path / "out")) for f in (tmp_path / "out").rglob("*.*")}
    assert {"report.html", "report.md", "report.csv", "figures/seconds.png"} <= written
    assert "comparisons.csv" in written
    markdown = (tmp_path / "out" / "report.md").read_text()
    assert "](figures/seconds.png)" in markdown
    main([str(runs), "--output", str(tmp_path / "out")])  # its own report may be replaced


def test_refusals(runs, tmp_path, capsys):
    assert "does not exist" in _refused(capsys, tmp_path / "nowhere").err
    assert "none of the runs" in _refused(capsys, runs, "--compare", "mlp", "gcn").err
    assert "from 1 on" in _refused(capsys, runs, "--top", "0").err
    assert "--format csv" in _refused(capsys, runs, "--per-run").err
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "report.html").write_text("mine")
    said = _refused(capsys, runs, "--output", tmp_path / "taken")
    assert "--force" in said.err
    assert said.out == ""
    assert [f.name for f in (tmp_path / "taken").iterdir()] == ["report.html"]


def test_help_and_tables_load_no_jax(runs):
    code = (
        "import sys; from longnn.experiments.report.__main__ import main\n"
        f"main([{str(runs)!r}])\n"
        "sys.exit('jax' in sys.modules or 'matplotlib' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize(
    "spoiled", ["{", "[]", json.dumps(result() | {"model": "\x1b[2J", "seconds": 3})]
)
def test_what_is_damaged_is_listed_and_the_others_are_shown(
    runs, tmp_path, capsys, caplog, spoiled
):
    bad = runs / "bad\x1b[31m"
    write(bad, result())
    (bad / "result.json").write_text(spoiled)
    assert main([str(runs), "--output", str(tmp_path / "out")]) == 1
    told = capsys.readouterr()
    assert "**longnn" in told.out or "| longnn |" in told.out
    assert "## Left out" in told.out
    assert r"bad\\x1b" in told.out
    assert r"left out:" in caplog.text
    for name in ("report.html", "report.md"):
        assert "Left out" in (tmp_path / "out" / name).read_text()
    assert main([str(runs / "a"), str(bad)]) == 1, "the others are in another folder"
    shown = told.out + told.err + caplog.text
    assert all(line.isprintable() for line in shown.splitlines())
    shutil.rmtree(bad)
    assert main([str(runs)]) == 0


def test_names_do_not_steer_the_terminal(runs, capsys):
    write(runs / "d\x1b[2J", result(dataset="\x1b]0;x\x07", model="a\rb"))
    (runs / "d\x1b[2J" / "filter.png").touch()
    for form in ("markdown", "csv", "latex"):
        assert main([str(runs), "--format", form]) == 0
        told = capsys.readouterr()
        assert all(line.isprintable() for line in (told.out + told.err).split("\n"))


def test_default_test_that_cannot_be_made_is_named(tmp_path, capsys):
    write(tmp_path / "a", result())
    other = result(model="mlp")
    other["per_run"] = [row | {"split": row["split"] + 7} for row in other["per_run"]]
    write(tmp_path / "b", other)
    assert main([str(tmp_path)]) == 0
    told = capsys.readouterr()
    assert "Not compared: cora" in told.out
    assert told.err == ""
    assert "cannot be paired with splits" in told.out
    assert "| longnn |" in told.out


def test_factor(runs, capsys):
    write(runs / "d", result(learnable=True, tests=(81.0, 92.0)))
    write(runs / "e", result(learnable=False))
    main([str(runs), "--factor", "model.learnable"])
    out = capsys.readouterr().out
    assert (
        "**longnn: model.learnable = true minus model.learnable = false, paired by split**" in out
    )
    assert "minus longnn" not in out, "the setting is compared alone"
    assert "which have no model.learnable" in out
    assert "unknown setting" in _refused(capsys, runs, "--factor", "model.x").err
    both = _refused(capsys, runs, "--factor", "model.learnable", "--compare", "mlp", "longnn")
    assert "leave out --compare" in both.err

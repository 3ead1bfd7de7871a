"""The page of one run: its sections, and what it says of what is missing."""

import json
import re
import shlex
import shutil
import sys
from urllib.parse import unquote

import numpy as np
import pytest
from longnn.experiments.report.__main__ import main as report
from longnn.experiments.report.single import run_page, write_page
from longnn.experiments.report.write import OutputError
from longnn.experiments.train import main as train_main

from longnn.runs.result import read_result
from tests.experiments.conftest import SMALL
from tests.experiments.report.test_page import HOSTILE, Reader
from tests.longnn.runs.made import change_result, written

FIGURES = ("Training curves", "Learned filter", "Energy of the labels", "Path of the exponents",
           "Confusion matrix", "Calibration", "Errors by neighbours")  # fmt: skip
TABLES = ("Settings", "The command that repeats this run", "Versions and device", "Files")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Two small runs of LON-GNN, trained once for this module."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("longnn.experiments.jobs.run.keep_compiled", lambda _: None)
        patch.setattr(sys, "argv", ["train", *SMALL, f"hydra.run.dir={folder / 'run'}"])
        train_main()
    return folder / "run"


@pytest.fixture
def run(trained, tmp_path):
    """A copy of the run that a test may damage."""
    return shutil.copytree(trained, tmp_path / "run")


def sections(page):
    """Title of each section -> (its text, its tags)."""
    found, title = {}, None
    for part in re.split(r'<h2 id="h\d+">', page)[1:]:
        title, _, rest = part.partition("</h2>")
        reader = Reader()
        reader.handle_endtag = lambda tag: None
        reader.feed(rest)
        found[title] = " ".join(reader.text), reader.tags
    return found


def balanced(page):
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def page(trained):
    return run_page(trained)


def test_every_section_is_there_with_its_figure(page, trained):
    found = sections(page)
    assert tuple(found) == ("Scores", *FIGURES, *TABLES)
    for title in FIGURES:
        (image,) = [attributes for tag, attributes in found[title][1] if tag == "img"]
        assert image["src"].startswith("data:image/png;base64,")
        assert len(image["alt"]) > 40
        assert "figcaption" in dict(found[title][1])
    result = read_result(trained)
    assert f"longnn on csbm: test accuracy {result.test}".replace("+-", "±") in page
    assert f"{result.per_run[1].test:.2f}" in found["Scores"][0]
    assert "model.order 10" in re.sub(r"\s+", " ", found["Settings"][0])
    assert result.versions["jax"] in found["Versions and device"][0]
    assert result.device in found["Versions and device"][0]


def test_the_page_is_whole_and_loads_nothing(page):
    reader = balanced(page)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in reader.tags}
    assert not re.search(r"https?:|url\(|@import", page)
    ids = {attributes["id"] for _, attributes in reader.tags if "id" in attributes}
    links = [attributes["href"] for tag, attributes in reader.tags if tag == "a"]
    assert {link[1:] for link in links if link[0] == "#"} <= ids


def test_files_are_linked(page, run):
    reader = balanced(page)
    links = [a["href"] for tag, a in reader.tags if tag == "a" and a["href"][0] != "#"]
    assert {"./result.json", "./config.yaml", "./parameters.npz"} <= set(links)
    assert all((run / unquote(link)).is_file() for link in links)


def test_the_command_is_that_of_the_run(page):
    (command,) = re.findall("<pre><code>(.*)</code></pre>", page)
    assert sorted(shlex.split(command)) == sorted(
        ["longnn", "train", "dataset=csbm", "model=longnn", *SMALL[:-1]]
    ), "chunk decides no result"


def left_out(page, *titles):
    """Asserts that these sections alone have no figure, and gives their texts."""
    balanced(page)
    found = sections(page)
    without = {t for t in FIGURES if not any(tag == "img" for tag, _ in found[t][1])}
    assert without == set(titles)
    return [found[title][0] for title in titles]


def test_without_parameters_the_drawn_figures_stand_for_new_ones(run):
    (run / "parameters.npz").unlink()
    said = left_out(run_page(run), "Energy of the labels", "Calibration", "Errors by neighbours")
    assert all("Left out:" in text and "parameters.npz" in text for text in said)
    assert "Not drawn again:" in sections(run_page(run))["Learned filter"][0]
    for file in run.glob("*.png"):
        file.unlink()
    left_out(run_page(run), *FIGURES)


def test_other_data_leave_out_what_needs_labels(run):
    change_result(run, dataset_checksum="0" * 64)
    said = left_out(run_page(run), "Energy of the labels", "Calibration", "Errors by neighbours")
    assert all("was trained on data" in text for text in said)


def test_code_that_is_not_trusted_is_not_run(run):
    config = json.loads((run / "result.json").read_text())["config"]
    config["model"] = {"_target_": "antigravity.geohash"}
    change_result(run, config=config)
    said = left_out(run_page(run), "Energy of the labels", "Calibration", "Errors by neighbours")
    assert all("a module that is not trusted" in text for text in said)
    assert "antigravity" not in sys.modules


def test_a_run_of_a_search_shows_nothing_of_test_nodes(run, trained):
    result = json.loads((run / "result.json").read_text())
    change_result(run, config=result["config"] | {"show_test": False})
    page = run_page(run)
    said = left_out(page, "Confusion matrix", "Calibration", "Errors by neighbours")
    assert all("belongs to a search" in text for text in said)
    assert "validation accuracy" in page.partition("</title>")[0]
    assert not re.search("<th[^>]*>test</th>", page)
    assert re.search("<th[^>]*>test</th>", run_page(trained))


def test_a_run_made_by_hand_has_neither_data_nor_command(tmp_path):
    written(tmp_path / "run", "mlp")  # in double precision, as tests are
    config = json.loads((tmp_path / "run" / "result.json").read_text())["config"]
    change_result(tmp_path / "run", config=config | {"dtype": "float64"})
    page = run_page(tmp_path / "run")
    assert "There is none: its record has no config of split" in page
    said = left_out(page, *set(FIGURES) - {"Training curves", "Path of the exponents"})
    assert any("the model mlp has no filter" in text for text in said)


def test_scores_name_other_metrics_the_limit_and_classes_that_nobody_tests(run):
    rows = json.loads((run / "result.json").read_text())["per_run"]
    rows = [row | {"metrics": {"log_loss": {"test": 0.25, "val": 0.5}}} for row in rows]
    change_result(run, per_run=rows, untested=["rare"])
    said = sections(run_page(run))["Scores"][0]
    assert re.search(r"test log_loss\s+0.25 ± 0.00", said)
    assert "in nats, not in percent." in said
    assert "2 of 2 ended at the limit of 12 epochs" in said
    assert "No test part holds the class(es) rare." in said


def test_names_from_files_stay_text(run):
    change_result(run, model=HOSTILE, dataset=HOSTILE)
    (run / "<b>&'.txt").write_text("mine")
    page = run_page(run)
    reader = balanced(page)
    assert not {"script", "b"} & {tag for tag, _ in reader.tags}
    assert "Training curves" in page
    left_out(page)


def test_the_command_writes_the_page_and_prints_the_table(run, capsys):
    report([str(run)])
    told = capsys.readouterr()
    assert told.err == f"page written: {run / 'report.html'}\n"
    assert "| longnn |" in told.out
    write_page(run)  # its own may be replaced
    (run / "report.html").write_text("mine")
    with pytest.raises(OutputError, match="--force"):
        write_page(run)
    with pytest.raises(SystemExit):
        report([str(run)])
    report([str(run), "--force"])
    assert "<title>" in (run / "report.html").read_text()


def test_tables_alone_are_printed_where_more_is_asked_for(run, capsys):
    report([str(run), "--format", "csv"])
    report([str(run.parent)])
    assert not (run / "report.html").exists()
    capsys.readouterr()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("overrides", "without"),
    [
        (["model=mlp", "split.count=1"], {"Learned filter", "Path of the exponents"}),
        (["model=gcn"], {"Learned filter", "Path of the exponents"}),
        (["model=sgc", "dtype=float64"], {"Path of the exponents"}),
    ],
    ids=["one split, no filter", "gcn", "float64"],
)
def test_other_kinds_of_runs(train, overrides, without):
    (folder,) = train(*SMALL, *overrides)
    said = left_out(run_page(folder), *without)
    assert all("Left out: the model" in text for text in said)


RNG = np.random.default_rng(0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("metric", "labels", "why"),
    [
        ("r2", RNG.normal(size=60).astype(np.float32), "predict values and no classes"),
        ("multilabel_roc_auc", RNG.integers(0, 2, (60, 3)), "predict several labels"),
    ],
)
def test_a_run_without_one_class_a_node(train, tmp_path, metric, labels, why):
    edges, features = RNG.integers(0, 60, (150, 2)), RNG.normal(size=(60, 4))
    np.savez(tmp_path / "mine.npz", edges=edges, features=features, labels=labels)
    own = ["dataset=npz", "dataset.path=mine.npz", f"dataset.metric={metric}", "split=random"]
    (folder,) = train(*own, *SMALL[2:], "model=gprgnn")
    page = run_page(folder)
    of_classes = ("Confusion matrix", "Calibration", "Errors by neighbours")
    exponents, matrix, *said = left_out(page, "Path of the exponents", *of_classes)
    assert "learns no exponents" in exponents
    assert "no single class" in matrix
    assert all(why in text for text in said)
    assert "longnn train dataset=npz dataset.path=mine.npz" in page

"""The phase diagram: its plan, its records, its statistics and its page."""

import json
from collections import Counter

import numpy as np
import pytest
import scipy.stats
from longnn.experiments.reproduce import phase_design as design
from longnn.experiments.reproduce import phase_fits as fits
from longnn.experiments.reproduce import phase_records as records
from longnn.experiments.reproduce import phase_study as study
from longnn.experiments.reproduce import phase_tests as statistics
from longnn.experiments.reproduce.__main__ import FOLDER, main
from longnn.experiments.reproduce.phase_figures import diagram
from longnn.experiments.reproduce.phase_page import page
from scipy.special import eval_chebyu

import longnn
import polybases

CONTRAST = {contrast.name: contrast for contrast in design.CONTRASTS}


def entry(place, number=0, seed=0, **gains):
    """A record whose variants have 70 % but for their gains, with noise of its own."""
    rng = np.random.default_rng(seed)
    tests = np.full((len(design.TRIALS), design.SPLITS), 70.0)
    for name, gain in gains.items():
        tests[design.TRIALS.index(name.replace("_", " "))] += gain + rng.normal(size=2)
    values = tests.tolist()
    return {
        "place": list(place), "graph": number, "seed": seed, "nodes": [50, 200, 750],
        "val": values, "test": values, "epoch": values, "norm": values, "exponents": [],
        "seconds": 36.0,
    }  # fmt: skip


def every(count=2, **gains):
    return [
        entry(place, number, 97 * number + i, **gains)
        for number in range(count)
        for i, place in enumerate(design.places())
    ]


def test_every_region_has_as_many_graphs_and_every_graph_a_seed_of_its_own():
    plan = list(design.planned())
    assert len(set(plan)) == len(plan)
    of_region = Counter(design.region_of(place) for place, _ in plan)
    assert set(of_region.values()) == {48}
    assert set(of_region) == set(statistics.regions())
    seeds = {design.seed_of(*pair) for pair in plan}
    assert len(seeds) == len(plan)
    assert max(seeds) < design.PILOT
    first = plan[: len(design.places())]
    assert {place for place, _ in first} == set(design.places()), "killed, it is balanced"


@pytest.mark.parametrize("place", [design.places()[0], design.places()[-1]])
def test_graphs_of_all_seeds_have_equally_many_edges(place):
    made = [fits.graph_at(place, seed) for seed in (3, 4)]
    assert {len(data.graph.pairs()) for data in made} == {round(450 * place.degree)}
    assert made[0].checksum != made[1].checksum
    assert made[0].features.shape == (design.NODES, design.FEATURES)
    again = fits.graph_at(place, 3)
    assert again.checksum == made[0].checksum


def test_a_graph_of_too_few_edges_is_refused():
    data = longnn.data.csbm.generate(nodes=60, features=4)
    with pytest.raises(ValueError, match="fewer than 9000; take another seed"):
        fits.thinned(data, 9000, seed=0)


def test_starts_of_free_bases_are_what_they_are_called():
    x = np.linspace(-1, 1, 9)
    legendre = polybases.evaluate(polybases.favard(*fits.legendre(4)), x)
    exact = [np.sqrt(2 * k + 1) * scipy.special.eval_legendre(k, x) for k in range(5)]
    np.testing.assert_allclose(legendre, exact, atol=1e-12)
    second = polybases.evaluate(polybases.favard(*fits.chebyshev(4)), x)
    np.testing.assert_allclose(second, [eval_chebyu(k, x) for k in range(5)], atol=1e-12)


@pytest.mark.slow
def test_a_graph_is_measured(monkeypatch):
    """What is called fixed stays where it starts; learned bases leave it."""
    monkeypatch.setattr(design, "NODES", 120)
    place = design.Place("bands", "high", 1.0, 4, 0.4, 4)
    found = fits.measure(place, 7, design.PILOT, epochs=6)
    assert (found["place"], found["graph"]) == (list(place), 7)
    assert found["nodes"][0] == pytest.approx(48, abs=3)
    for name in ("val", "test", "epoch", "norm"):
        assert np.shape(found[name]) == (len(design.TRIALS), design.SPLITS)
    starts = np.array([*design.STARTS, (0, 0), (0, 0)])[:, None]
    moved = np.abs(np.array(found["exponents"]) - starts)
    assert moved.shape == (7, design.SPLITS, 2)
    assert moved[:5].max() < 0.07 < moved[5].max()  # rates 0.01 and 0.05, six steps
    assert json.loads(json.dumps(found)) == found
    assert len(json.dumps(found)) < 2500, "rounded"
    norm = np.array(found["norm"])
    assert np.abs(norm[0] - norm[5]).max() > 0


def test_rates_of_the_programs_follow_the_names_of_the_trials():
    data = longnn.data.bands.generate(nodes=60)
    made = fits.programs(data, 4)
    rates = [rate for _, each in made for rate in each]
    fixed = [name.startswith("fixed") or name == "density" for name in design.TRIALS]
    assert [rate == 0 for rate in rates] == fixed
    assert rates[design.TRIALS.index("learned, faster")] == design.FAST
    jacobi, given, own = (settings for settings, _ in made)
    assert [(s["alpha"], s["beta"]) for s in jacobi] == [*design.STARTS * 2, design.STARTS[0]]
    assert own[0]["own_basis"]
    np.testing.assert_array_equal(given[2]["recurrence"], given[3]["recurrence"])


def test_what_is_chosen_validates_best():
    made = entry(design.places()[0])
    made["val"] = np.array(made["val"])
    made["val"][2, 0] = made["val"][4, 1] = 99.0
    made["test"] = np.arange(32.0).reshape(16, 2)
    np.testing.assert_array_equal(records.scores(made, "fixed, chosen"), [4.0, 9.0])
    np.testing.assert_array_equal(records.scores(made, "learned, chosen"), [10.0, 11.0])
    np.testing.assert_array_equal(records.scores(made, "fixed"), [0.0, 1.0])
    np.testing.assert_array_equal(records.scores(made, "density, learned"), [28.0, 29.0])
    starts = np.array([[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]])
    np.testing.assert_allclose(records.spread(made, "fixed"), starts.std(axis=1, ddof=1))


def test_differences_are_tested_by_graph():
    found = statistics.results(entries := every(6, own=2.0, learned_0=0.0))
    (one,) = [
        f for f in found if f.contrast == CONTRAST["own"] and f.region == statistics.regions()[0]
    ]
    of_region = [e for e in entries if design.region_of(records.place_of(e)) == one.region]
    each = [np.mean(np.subtract(e["test"][15], e["test"][5])) for e in of_region]
    exact = scipy.stats.ttest_1samp(each, 0)
    assert one.graphs == len(of_region) == 48
    assert one.test.mean == pytest.approx(np.mean(each))
    assert one.test.p == pytest.approx(exact.pvalue)
    low, high = exact.confidence_interval()
    assert one.test.ci95 == pytest.approx((high - low) / 2)
    tests = sum(f.test is not None for f in found)
    assert one.test.p < one.adjusted <= tests * one.test.p * (1 + 1e-9)
    assert one.verdict == "++"


@pytest.mark.parametrize(
    ("mean", "half", "adjusted", "verdict"),
    [
        (0.6, 0.1, 0.01, "++"),
        (0.3, 0.1, 0.01, "+"),
        (-0.3, 0.1, 0.01, "-"),
        (-0.7, 0.1, 0.01, "--"),
        (0.3, 0.15, 0.2, "="),
        (0.3, 0.25, 0.2, "?"),
        (-0.3, 0.25, 0.2, "?"),
    ],
)
def test_verdicts(mean, half, adjusted, verdict):
    test = statistics.TTest(mean, half / 2, half, 2.0, adjusted)
    region, contrast = statistics.regions()[0], design.CONTRASTS[0]
    assert statistics.Found(region, contrast, 9, test, adjusted).verdict == verdict


def test_page_and_figure_of_records():
    found = every(2, own=9.0)
    text = page(found)
    assert "*own* minus *learned*: `++` 18, `+` 0, `=` 0, `?` 0, `-` 0, `--` 0." in text
    assert "*learned* minus *fixed*: `++` 0, `+` 0, `=` 0, `?` 18" in text  # all are equal
    assert "Pays: nowhere" in text
    assert "208 of 864 graphs, 2.1 hours" in text
    figure = diagram(found)
    assert [axes.get_title() for axes in figure.axes[:2]] == [
        "5 % of the nodes train", "40 % of the nodes train",
    ]  # fmt: skip
    values = np.ma.filled(figure.axes[0].images[0].get_array(), np.nan)
    own = design.CONTRASTS.index(CONTRAST["own"])
    assert values.shape == (9, len(design.CONTRASTS))
    np.testing.assert_allclose(values[:, own], 9, atol=1.5)


def test_the_design_is_written_without_runs(tmp_path):
    assert main(["phase", "--render", "--output", str(tmp_path)]) == 0
    text = (tmp_path / "phase.md").read_text()
    assert "104 places" in text
    assert "864 graphs, 27,648 fits" in text
    assert "No runs yet" in text
    assert not (tmp_path / "figures").exists()


def test_the_committed_page_follows_from_the_committed_records():
    found = records.read(FOLDER / "records" / "phase.jsonl")
    assert (FOLDER / "phase.md").read_text() == page(found)


def test_a_run_goes_on_where_it_was(tmp_path, monkeypatch):
    measured = []

    def measure(place, number, seed):
        measured.append((place, number))
        return entry(place, number, seed)

    monkeypatch.setattr(study, "measure", measure)
    study.run(tmp_path, limit=2)
    file = tmp_path / "records" / "phase.jsonl"
    with file.open("a") as out:
        out.write('{"place": ["bands", ')  # killed while it wrote
    assert main(["phase", "--graphs", "1", "--output", str(tmp_path)]) == 0
    assert measured == list(design.planned())[:3]
    assert len(records.read(file)) == len(file.read_text().splitlines()) == 3
    assert "3 of 864 graphs" in (tmp_path / "phase.md").read_text()


@pytest.mark.parametrize("text", ["{", '{"test": []}', '{"test": 3, "place": []}'])
def test_damaged_records_are_named(tmp_path, text):
    file = tmp_path / "phase.jsonl"
    file.write_text(text + "\n")
    with pytest.raises(
        ValueError, match=r"line 1 is no record of the phase diagram.*move the file"
    ):
        records.read(file)

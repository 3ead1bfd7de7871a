"""The figures of a search: every parameter is there, and how many trials stand behind it."""

import optuna
from longnn.experiments.sweep.study import _importances, draw


def _study(trials: int) -> optuna.Study:
    study = optuna.create_study(direction="maximize")
    spaces = {
        "model.order": optuna.distributions.IntDistribution(1, 40),
        "model.embedding": optuna.distributions.CategoricalDistribution(["mlp", "linear"]),
        "optim.groups.mlp.lr": optuna.distributions.FloatDistribution(1e-4, 1.0),
    }
    for n in range(trials):
        params = {"model.order": n + 1, "model.embedding": ("mlp", "linear")[n % 2]}
        params |= {"optim.groups.mlp.lr": 1e-3 * (n + 1)} if n else {}
        space = {key: spaces[key] for key in params}
        study.add_trial(
            optuna.trial.create_trial(params=params, distributions=space, value=50.0 + n % 7)
        )
    return study


def test_words_and_parameters_that_some_trials_lack_are_drawn(tmp_path, monkeypatch):
    seen = {}
    monkeypatch.setattr(
        "longnn.experiments.sweep.study._saved",
        lambda file, figure: seen.setdefault(file.name, figure),
    )
    draw(_study(8), "longnn on csbm: search of 8 trials", tmp_path, "accuracy")
    shown = {axes.get_xlabel() for axes in seen["parameters.png"].axes}
    assert shown == {"order", "embedding", "mlp.lr"}
    assert seen["parameters.png"].get_suptitle() == "longnn on csbm: search of 8 trials"
    assert seen["history.png"].axes[0].get_title() == "longnn on csbm: search of 8 trials"


def test_importances_say_how_many_trials_stand_behind_them():
    few = _importances(_study(8), "longnn on csbm", 8)
    shares = len(few.axes[0].patches)
    assert few.get_supxlabel() == f"from 8 trials that completed; few for {shares} parameters"
    many = _importances(_study(40), "longnn on csbm", 40)
    assert many.get_supxlabel() == "from 40 trials that completed"
    assert many.axes[0].get_title() == "longnn on csbm"

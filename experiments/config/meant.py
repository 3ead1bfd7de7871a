"""What somebody means by a name that other programs have for a setting of ours."""

import difflib
from collections.abc import Collection

_RATES = "the rates of the groups of parameters mlp, decomposition, coefficients and basis"

_WORDS = {
    ("optim.groups.mlp.lr", f"and likewise {_RATES}"): (
        *("lr", "learning_rate", "learningrate", "eta"),
    ),
    ("optim.groups.mlp.weight_decay", f"and likewise {_RATES}"): (
        *("wd", "weight_decay", "decay", "l2", "reg", "weightdecay"),
    ),
    ("optim.max_epochs", ""): (
        *("epochs", "epoch", "max_epochs", "num_epochs", "n_epochs", "max_epoch", "steps"),
        *("iterations", "max_iter", "max_steps"),
    ),
    ("optim.patience", ""): ("patience", "early_stopping", "early_stop", "earlystopping"),
    ("model.layers", "the number of filters, with +model.placement=stacked where none is listed"): (
        *("layers", "num_layers", "n_layers", "nlayers", "depth"),
    ),
    ("model.order", "the highest degree K of the filter"): ("K", "k", "order", "degree", "hops"),
    ("model.hidden", ""): (
        *("hidden", "hidden_dim", "hidden_size", "hidden_channels", "hid", "nhid", "width"),
    ),
    ("model.dropout", "or model.filter_dropout"): (
        "dropout",
        "dp",
        "dprate",
        "drop",
        "dropout_rate",
    ),
    ("model.alpha", ""): ("alpha",),
    ("model.beta", ""): ("beta",),
    ("dataset", ""): ("data", "graphs", "data_name"),
    ("dataset.metric", "for a dataset of your own"): ("metric", "score"),
    ("dataset.nodes", "for a generated graph"): ("nodes", "num_nodes"),
    ("seed", "and repeats=N for N seeds from there on"): ("seeds", "random_seed", "random_state"),
    ("repeats", "the number of seeds; split.count is that of the splits"): (
        *("runs", "num_runs", "n_runs", "trials", "repeat"),
    ),
    ("split.count", "the number of splits"): ("splits", "folds", "num_splits", "n_splits"),
    ("split.train", "the share of training nodes"): ("train", "train_ratio", "train_rate"),
    ("split.val", "the share of validation nodes"): ("val", "val_ratio", "val_rate", "valid"),
    ("hydra.run.dir", "of a sweep hydra.sweep.dir"): ("output", "out", "dir", "output_dir", "name"),
    ("chunk", "epochs between two looks; every epoch trains on the whole graph"): (
        *("batch", "batch_size", "bs"),
    ),
    ("dtype", "float32 or float64"): ("fp64", "x64", "float64", "double"),
    ("memory_gb", ""): ("memory", "mem"),
    ("devices", "all, or a number"): ("gpus", "num_gpus", "num_devices", "n_gpus", "ngpus"),
    ("nodes_over", "the number of devices that share one graph"): ("shards", "num_shards", "parts"),
    ("optim.transformation._target_", "such as optax.adamw, in place of Adam"): (
        *("optimizer", "optim.name", "optim.optimizer", "momentum", "optim.momentum"),
    ),
    ("optim/schedule", "constant, cosine, warmup_cosine, step or plateau"): (
        *("optim.scheduler", "schedule", "scheduler", "lr_scheduler", "lr_schedule"),
    ),
    ("optim.clip", "the greatest norm of the gradient"): (
        *("grad_clip", "clip_norm", "gradient_clip", "clip_grad", "max_grad_norm"),
    ),
    ("the environment variable JAX_PLATFORMS", "cpu or cuda"): ("device", "gpu", "cuda", "cpu"),
}

_MEANT = {word: setting for setting, words in _WORDS.items() for word in words}


def advice(key: str, known: Collection[str]) -> str | None:
    """What to set instead of a key that nothing reads; None where nothing is near.

    A name of other programs goes first, then a key that differs by a slip, then another program's
    name at the end of the key (`optim.lr` is as `lr`), then whatever is near.

    Args:
        key: dotted, whole.
        known: the keys that could stand in its place.

    Example:
        >>> advice("epochs", ["optim.max_epochs", "model.order"])
        'set optim.max_epochs'
        >>> advice("optim.patiense", ["optim.patience"])
        'did you mean optim.patience?'
        >>> advice("dataset.K", [])
        'set model.order (the highest degree K of the filter)'
    """
    last = key.rpartition(".")[2]
    return _set(key, key) or _near(key, known, 0.85) or _set(last, key) or _near(key, known, 0.5)


def _set(name: str, key: str) -> str | None:
    setting, more = _MEANT.get(name, (key, ""))
    if setting == key:
        return None
    return f"set {setting} ({more})" if more else f"set {setting}"


def _near(key: str, known: Collection[str], cutoff: float) -> str | None:
    near = difflib.get_close_matches(key, known, n=3, cutoff=cutoff)
    return f"did you mean {' or '.join(near)}?" if near else None

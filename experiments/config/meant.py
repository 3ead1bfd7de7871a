"""What somebody means by a name that other programs have for a setting of ours."""

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
    ("model.dropout", "or model.filter_dropout"): ("dropout", "dp", "dprate", "drop", "dropout_rate"),
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
    ("optim", "Adam; another optimizer, or a schedule, is given in Python: longnn.Optim"): (
        *("optimizer", "optim.scheduler", "optim.name", "optim.optimizer", "optim.schedule"),
        *("scheduler", "momentum", "optim.momentum"),
    ),
    ("the environment variable JAX_PLATFORMS", "cpu or cuda"): ("device", "gpu", "cuda", "cpu"),
}

_MEANT = {word: setting for setting, words in _WORDS.items() for word in words}


def meant_by(key: str) -> str | None:
    """What to set instead of a key that nothing reads; None where no setting is known by the name.

    The last part counts too, unless the setting is the key itself: `optim.lr` is as `lr`.

    Args:
        key: dotted.

    Example:
        >>> meant_by("epochs")
        'set optim.max_epochs'
        >>> meant_by("dataset.K")
        'set model.order (the highest degree K of the filter)'
    """
    found = _MEANT.get(key) or _MEANT.get(key.rpartition(".")[2])
    if found is None or found[0] == key:
        return None
    name, more = found
    return f"set {name} ({more})" if more else f"set {name}"

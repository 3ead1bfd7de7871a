"""Settings that had another name before, so that a command or a file of that time is understood."""

from omegaconf import DictConfig

from .configs import keys_of

RENAMED = {
    "graph.r": "graph.degree_exponent",
    "model.dpr_con": "model.filter_dropout",
    "model.pcd": "model.coefficient_decomposition",
    "model.start": "model.initial_coefficients",
    "optim.groups.eta": "optim.groups.decomposition",
    "optim.groups.w": "optim.groups.coefficients",
}
"""Old key -> new key; what lies below moves with it."""


def new_name(key: str) -> str | None:
    """The present name of a key; None if it was not renamed.

    >>> new_name("optim.groups.w.lr")
    'optim.groups.coefficients.lr'
    """
    for old, new in RENAMED.items():
        if key == old or key.startswith(f"{old}."):
            return new + key.removeprefix(old)
    return None


def refuse_old_names(config: DictConfig) -> None:
    """Refuses a composed config that has a setting under its old name, from a file of the user's.

    A model of the user's own may have settings of any name, so that ``graph`` alone is looked at.

    Args:
        config: of a run.

    Raises:
        ValueError: naming the new name.
    """
    ours = str(config.model.get("_target_", "")).startswith("longnn.")
    for key in keys_of(config):
        name = new_name(key)
        if name is not None and (ours or key.startswith("graph.")):
            raise ValueError(f"the setting {key} is called {name} now; set {name} instead")

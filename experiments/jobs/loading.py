"""From a config to a dataset: its files first, with a bar, then the nodes that are asked for."""

from collections.abc import Iterable
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from longnn.data.dataset import Dataset
from longnn.data.reduce import reduced
from longnn.runs.configured import instantiate

from ..config.identity import dataset_files
from .downloads import download, logged_warnings


def load(config: DictConfig, trust: Iterable[str] = (), sweep: Path | None = None) -> Dataset:
    """Loads the dataset of ``config.dataset`` on the nodes that ``config.graph.keep`` asks for.

    Files that are not there yet are downloaded first. Warnings become log lines.

    Args:
        config: of a run or a fit.
        trust: names of modules whose code the config may name.
        sweep: the directory of the sweep that it is loaded for, where warnings are said once.

    Raises:
        ValueError: if a value of the config is out of its range.
        DataFileError: if a file is missing, altered or cannot be fetched.
    """
    node = OmegaConf.to_container(config.dataset, resolve=True)
    assert isinstance(node, dict)
    download(dataset_files(node))
    with logged_warnings(sweep):
        return reduced(instantiate(node, trust), config.graph.keep)

"""The settings of every config group, from the files of conf/ and their targets' docstrings."""

import re
from pathlib import Path

from longnn.training.ranges import RANGES
from website.arguments import arguments
from website.config_files import ConfigFile, Setting, read
from website.docstrings import for_pages

GROUPS = {
    "dataset": "Which graph, with which features and labels; [data](../data.md) describes them.",
    "split": "Which nodes train, validate and test; see [protocols](../understand/protocols.md).",
    "model": "Which model; [models](../models.md) compares them.",
    "graph": "What is done to the graph before its operator is made.",
    "optim": "How a model is trained; [settings](../config.md#optimisation) has the formulas.",
    "optim/schedule": "How the learning rates change with the epochs.",
    "logger": "Where else a run is reported; the run directory is always written.",
    "sweep": "What `-m` does: every combination, or a search and its space "
    "([sweeps](../sweeps.md#a-search)).",
    "experiment": "Whole studies, each in one file ([sweeps](../sweeps.md#a-study-in-one-file)).",
}
"""Group -> the sentence at the top of its page."""

DESCRIBED = {
    "optim": "longnn.training.Optim",
    "optim/schedule/constant": "longnn.training.Constant",
    "optim/schedule/cosine": "longnn.training.Cosine",
    "optim/schedule/plateau": "longnn.training.Plateau",
    "optim/schedule/step": "longnn.training.Step",
    "optim/schedule/warmup_cosine": "longnn.training.WarmupCosine",
}
"""Group or file without a target of its own -> what it becomes, whose docstring describes it."""

COMMON = {"metric": "the score, which also selects the epoch ([metrics](../config.md#metrics))"}
"""What the functions of datasets pass on."""

UNRANGED = ("model", "dataset", "split")
"""Groups whose classes and functions check their settings themselves."""

SUPPLIED = {"in_features", "classes", "rngs", "dtype", "make", "widens", "body", "data", "trust"}
"""Arguments that longnn itself gives, or that say whom to trust."""


def pages(conf: Path) -> dict[str, str]:
    """Name of each page -> its Markdown.

    Args:
        conf: the folder of the config groups.
    """
    groups = {group: _group(conf, group) for group in GROUPS}
    top = {
        "train": _command(conf, "config", "train", "longnn.fit"),
        "approximate": _command(conf, "approximate", "approximate", ""),
    }
    return {**top, **{group.replace("/", "_"): page for group, page in groups.items()}}


def _command(conf: Path, file: str, command: str, function: str) -> str:
    """The settings that are in no group."""
    settings = read(conf / f"{file}.yaml").settings
    own = tuple(setting for setting in settings if not setting.name.startswith("hydra."))
    table = _table(own, arguments(function) if function else {}, "")
    return (
        f"# longnn {command}\n\nThe settings of `longnn {command}` that belong to no group. Each "
        f"is given as `longnn {command} NAME=VALUE`, and `longnn {command} --help` shows commands "
        f"that work.\n\n{table}\n"
    )


def _group(conf: Path, group: str) -> str:
    files = [read(path) for path in sorted((conf / group).glob("*.yaml"))]
    head = f"# {group}\n\n{GROUPS[group]} A file is chosen by `{group}=NAME`.\n"
    return "\n".join([head, *(_option(group, file) for file in files)])


def _option(group: str, file: ConfigFile) -> str:
    """The section of one file."""
    prefix = "" if group in ("sweep", "experiment") else f"{group.replace('/', '.')}."
    target = file.target or DESCRIBED.get(f"{group}/{file.option}", DESCRIBED.get(group, ""))
    described = arguments(target) if target else {}
    parts = [f"## {file.option}", _cell(file.about)]
    if file.target:
        parts.append(f"Taken by `{file.target}`.")
    if file.settings:
        parts.append(_table(file.settings, described, prefix))
    listed = {setting.name.partition(".")[0] for setting in file.settings}
    further = {n: t for n, t in described.items() if n not in listed | SUPPLIED}
    if file.target and further:
        rows = "\n".join(f"| `+{prefix}{n}` | {_cell(t)} |" for n, t in further.items())
        parts.append(
            f"Also taken, with a `+` in front:\n\n| setting | meaning |\n|---|---|\n{rows}"
        )
    return "\n\n".join(parts) + "\n"


def _table(settings: tuple[Setting, ...], described: dict[str, str], prefix: str) -> str:
    rows = []
    for setting in settings:
        last = setting.name.rpartition(".")[2]
        texts = [described.get(setting.name) or setting.comment or COMMON.get(setting.name, "")]
        if last in RANGES and not prefix.startswith(UNRANGED) and ".params." not in setting.name:
            texts.append(str(RANGES[last]))
        meaning = "; ".join(re.sub(r"(?<!\.)\.$", "", text) for text in texts if text)
        rows.append(f"| `{prefix}{setting.name}` | {_code(setting.value)} | {_cell(meaning)} |")
    return "\n".join(["| setting | value | meaning |", "|---|---|---|", *rows])


def _code(value: str) -> str:
    return f"`{value}`".replace("|", "\\|") if value else ""


def _cell(text: str) -> str:
    """A text that a table can hold, with links to the documents that it names."""
    linked = re.sub(r"\bdocs/(\w+)\.md", r"[\1](../\1.md)", for_pages(text))
    return linked.replace("``", "`").replace("|", "\\|").replace("<", "&lt;")

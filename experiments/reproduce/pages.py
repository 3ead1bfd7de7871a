"""The pages of docs/results as Markdown, from records alone."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from longnn.models import NAMES

from ..report.differences import by_split, on_shared_splits
from ..report.markdown import markdown_table
from ..report.tables import Table
from . import trials
from .ablation import combinations, effects, neighbours
from .again import run_again
from .directed import beside_symmetric, charges, datasets_of
from .records import Record, read
from .scores import (
    distances,
    grid,
    measured,
    paired,
    place,
    published,
    quoted,
    rivals,
)
from .stouffer import differences, together
from .targets import FAMILY, NINE, TARGETS, command

TRIALS = (
    "![Trials of the searches](figures/trials.png)\n\n*Each trial of a search, by its mean scores "
    "on the splits of the search; the better three quarters by validation. Nothing was chosen by "
    "it.*"
)

SEARCHED = Path(__file__).parents[2] / "conf" / "tuned" / "search"


def page(name: str, records: Sequence[Record], folder: Path) -> str:
    """The text of a page, ending in a newline.

    Args:
        name: of a target.
        records: of its runs; those that are missing are missing in the tables.
        folder: docs/results, with the scores of others.
    """
    target = TARGETS[name]
    drawn = [f"![{target.title}](figures/{name}.png)"] if records else []
    parts = [f"# {target.title}", *PAGES[name](records, folder), *drawn, _made(name, records)]
    return "\n\n".join(parts) + "\n"


def _published(records: Sequence[Record], folder: Path) -> list[str]:
    reference = measured(folder)
    parts = [
        "Hyperparameters as their authors published them, on the same ten `per_class` index sets "
        "([splits](splits)) as the measured reference: the published code, for LON-GNN with its "
        "evaluation dropout fixed. Ours are three seeds on each split, averaged within the split "
        "before the difference is taken. Nothing was chosen on test nodes."
    ]
    compared = {}
    for model in ("longnn", "jacobiconv"):
        of_model = [r for r in records if r.result.model == model]
        parts.append(markdown_table(paired(NAMES[model], NAMES[model], of_model, reference)))
        compared[NAMES[model]] = differences(NAMES[model], of_model, reference)
    parts.append(markdown_table(together("All datasets together", compared)))
    lost = sum(r.result.diverged for r in records)
    parts.append(f"Runs that ended in a loss that is not finite: {lost}.")
    parts += run_again(folder, [r for r in records if r.result.model == "jacobiconv"], reference)
    return [*parts, published(folder, NINE, ("LON-GNN", "JacobiConv"))]


def _searched(records: Sequence[Record], folder: Path) -> list[str]:
    reference = measured(folder)
    rows = []
    for record in sorted(records, key=lambda r: place(r.result.dataset)):
        name = record.result.dataset
        cells = [
            f"{f.first:.2f} ({f.mean:+.2f}, s.e. {f.standard_error or 0.0:.2f})"
            for m in ("LON-GNN", "JacobiConv")
            for f in [on_shared_splits(reference[m][name], by_split(record.result.per_run))]
        ]
        chosen = _search("longnn", name)
        row = (name, str(record.result.test.n), str(record.result.test))
        validation = (chosen.get("validation"), record.result.val.mean)
        rows.append((*row, *map(_number, validation), *cells))
    about = (
        "test accuracy in percent on the ten index sets; +- is half the 95 % interval; of the "
        "measured references also the difference, ours minus it, paired by split"
    )
    header = ("dataset", "n", "LON-GNN, searched", "validation in the search",
              "validation here", "LON-GNN, published values", "JacobiConv")  # fmt: skip
    found = Table("LON-GNN after a search", about, header, rows)
    return [
        "One search for each dataset, as planned in [searches.md](searches.md); its values are in "
        "`conf/tuned/search/longnn_DATASET.yaml`. References are those of "
        "[published.md](published.md).",
        markdown_table(found),
        *_others(records, folder),
        *_trials(folder, ("longnn",)),
        published(folder, NINE),
    ]


def _others(records: Sequence[Record], folder: Path) -> list[str]:
    found = read(folder / "records" / "family.jsonl")
    return [markdown_table(rivals(records, found, FAMILY))] if found and records else []


def _trials(folder: Path, models: Sequence[str]) -> list[str]:
    found = [t for t in trials.read(folder / "records" / "trials.jsonl") if t["model"] in models]
    return [markdown_table(trials.searches_table(found)), TRIALS] if found else []


def _family(records: Sequence[Record], folder: Path) -> list[str]:
    models = sorted({quoted(r.result.model) for r in records})
    theirs = [r for r in records if not r.searched]
    ours = [r for r in records if r.searched]
    return [
        "Each model with the hyperparameters that its authors published (`conf/tuned/published`), "
        "and after a search of its own, as planned in [searches.md](searches.md) "
        "(`conf/tuned/search`), on the ten `per_class` index sets, three seeds each.",
        markdown_table(grid("Hyperparameters of the authors", theirs, FAMILY)),
        markdown_table(grid("After our own search", ours, FAMILY)),
        published(folder, FAMILY, models),
        markdown_table(distances(records, folder, FAMILY)),
    ]


def _fixed(records: Sequence[Record], folder: Path) -> list[str]:
    datasets = TARGETS["fixed"].sweeps[0].datasets
    return [
        "Protocol `fixed`: the ten masks that the files of these datasets ship (48/32/20 and "
        "50/25/25), one seed each. Every model has the defaults of its config; nothing was "
        "searched, so this says what a model does untuned, not what it can do. SAGE and GAT-sep, "
        "which came later, have not been run.",
        markdown_table(grid("Every model, untuned", records, datasets)),
        published(folder, datasets, protocol="fixed"),
    ]


def _ablation(records: Sequence[Record], folder: Path) -> list[str]:
    if not records:
        return ["No runs yet."]
    return [
        "LON-GNN with its published hyperparameters, and with parts of it changed, on the ten "
        "`per_class` index sets, one seed each. The hyperparameters were tuned for the first row, "
        "so the others may do better with their own. Without PCD theta is its only factor, and the "
        "two decays are one. *start* is where w begins: at ones, as published, or at the identity, "
        "(1, 0, ..., 0), a filter that only scales the signal; the latter was run with a learned "
        "basis and without layer norm alone.",
        markdown_table(effects("One part of LON-GNN changed", neighbours(records))),
        markdown_table(
            effects("One part changed in every combination of the others, mean", records)
        ),
        markdown_table(combinations(records)),
    ]


def _directed(records: Sequence[Record], folder: Path) -> list[str]:
    plan = (
        "LON-GNN with the defaults of its config, one seed each, with the operators of "
        "[models.md](../models.md#directed-graphs): on the ten masks in the files of the filtered "
        "graphs, and on the ten `per_class` index sets ([splits](splits)) of Photo and Computers. "
        "The charge is that of the highest mean validation score. The operators of directed graphs "
        "add a linear layer of 2C to C channels behind the filter; the magnetic one at q = 0 has "
        "the layer and no directions, so that the last column of the first table says what "
        "directions alone do. All of this was written down before the first run."
    )
    wanted = dict.fromkeys(name for sweep in TARGETS["directed"].sweeps for name in sweep.datasets)
    missing = [name for name in wanted if name not in datasets_of(records)]
    tables = (beside_symmetric(records), charges(records)) if records else ()
    absent = f"Not run yet: {', '.join(missing)}. A dash stands for runs that are missing, too."
    notes = [absent] if missing else []
    return [plan, *map(markdown_table, tables), *notes]


PAGES: dict[str, Callable[[Sequence[Record], Path], list[str]]] = {
    "published": _published,
    "searched": _searched,
    "family": _family,
    "fixed": _fixed,
    "ablation": _ablation,
    "directed": _directed,
}


def _made(name: str, records: Sequence[Record]) -> str:
    """How the page came about."""
    lines = [
        " ".join(["longnn train", *map(_quoted, command(sweep, f"runs/{name}"))])
        for sweep in TARGETS[name].sweeps
    ]
    versions = sorted({f"jax {r.versions['jax']}, {r.backend} kernels on {r.device}"
                       for r, _ in records})  # fmt: skip
    return "\n\n".join(
        [
            "## How it was made",
            f"`longnn reproduce {name}` runs what is missing and writes this page "
            f"from [records/{name}.jsonl](records/{name}.jsonl); the sweeps are",
            "```sh\n" + "\n".join(lines) + "\n```",
            f"{len(records)} runs; {'; '.join(versions) or 'none yet'}.",
        ]
    )


def _quoted(argument: str) -> str:
    return f"'{argument}'" if "$" in argument else argument


def _search(model: str, dataset: str) -> dict[str, Any]:
    """How the tuned values of a model on a dataset were found; empty if no search has ended."""
    file = SEARCHED / f"{model}_{dataset}.yaml"
    if not file.exists():
        return {}
    content: Any = OmegaConf.to_container(OmegaConf.load(file).tuned.search)
    return content


def _number(value: Any) -> str:
    return "-" if value is None else f"{value:.2f}"

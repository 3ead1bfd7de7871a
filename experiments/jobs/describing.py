"""What a store on the disk holds, in lines."""

from pathlib import Path
from typing import Any

from longnn.stores import StoredDataset, StoredGraph, StoredTerms
from longnn.stores.header import kind_of


def described(folder: Path) -> str:
    """What a store holds, a line for each fact.

    Args:
        folder: of a graph, a dataset or terms.

    Raises:
        StoreError: if it is no finished store, or damaged.
    """
    kind = kind_of(folder)
    facts = {"graph": _of_graph, "dataset": _of_dataset, "terms": _of_terms}[kind](folder)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    facts = {"store": f"{kind} in {folder}"} | facts | {"on the disk": f"{size / 1e9:.3g} GB"}
    shown = {n: f"{v:,}" if isinstance(v, int) else v for n, v in facts.items()}
    return "\n".join(f"{name:20} {value}" for name, value in shown.items())


def _of_graph(folder: Path) -> dict[str, Any]:
    graph = StoredGraph(folder)
    degree = graph.counts()
    return {
        "nodes": graph.num_nodes,
        "entries": graph.entries,
        "weighted": "yes" if graph.weighted else "no",
        "neighbours, mean": f"{degree.mean():.2f}",
        "neighbours, most": int(degree.max()),
        "isolated nodes": int((degree == 0).sum()),
        "checksum": graph.checksum,
    }


def _of_dataset(folder: Path) -> dict[str, Any]:
    data = StoredDataset(folder)
    counts = {f"{name} nodes": int((data.part == part).sum())
              for part, name in enumerate(("training", "validation", "test"))}  # fmt: skip
    labelled = int((data.labels >= 0).sum())
    about = {"features": data.features, "classes": data.classes, "labelled nodes": labelled}
    return _of_graph(folder / "graph") | about | counts | {"checksum": data.checksum}


def _of_terms(folder: Path) -> dict[str, Any]:
    terms = StoredTerms(folder)
    return {
        "nodes": terms.num_nodes,
        "features": terms.features,
        "order": terms.order,
        "graph": terms.graph,
        "checksum": terms.checksum,
    }

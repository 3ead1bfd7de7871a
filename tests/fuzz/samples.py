"""A small file of every format, and how it is read."""

import gzip
import io
import json
import warnings
import zipfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.io
from scipy import sparse

from longnn.data import (
    edgelist,
    facebook100,
    graphdata,
    heterophilous,
    images,
    many,
    musae,
    npz,
    ogb,
    own_dataset,
    planetoid,
    splits,
)
from longnn.data.partition import Splits
from longnn.runs import arrays, directory
from tests.longnn.data.test_planetoid import python2_pickle

NODES = 12
EDGES = np.array([(i, (i + 1) % NODES) for i in range(NODES)] + [(0, 6), (3, 9)])
LABELS = np.arange(NODES) % 2
FEATURES = np.random.default_rng(0).integers(0, 3, (NODES, 4)).astype(np.float32)
PART = np.array([np.roll([0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2], i) for i in range(10)])


class Sample(NamedTuple):
    """Files of one format by their path below a folder, and what reads them.

    Attributes:
        variants: the contents of the files, in each way in which the format writes them.
        load: reads the files of a folder, to which LONGNN_DATA_DIR points too.
    """

    variants: list[dict[str, bytes]]
    load: Callable[[Path], object]


def adjacency(kind: type = sparse.csr_matrix) -> Any:
    """[N, N] the graph as a sparse matrix of scipy."""
    ones = np.ones(len(EDGES))
    return kind((ones, (EDGES[:, 0], EDGES[:, 1])), shape=(NODES, NODES))


def npz_of(packed: bool = False, **arrays: np.ndarray) -> bytes:
    """An npz file."""
    made = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(made, allow_pickle=True, **arrays)
    return made.getvalue()


def mat_of(packed: bool, **arrays: Any) -> bytes:
    """A MAT-file of level 5."""
    made = io.BytesIO()
    scipy.io.savemat(made, arrays, do_compression=packed)
    return made.getvalue()


def _own(folder: Path) -> object:
    return npz.load(folder / "mine.npz")


def _tables(ending: str) -> Callable[[Path], object]:
    def load(folder: Path) -> object:
        names = ("edges", "features", "labels")
        return edgelist.load(**{name: folder / f"{name}.{ending}" for name in names})

    return load


def _csv() -> dict[str, bytes]:
    edges = "source,target,weight\n" + "".join(f"n{a},n{b},1.5\n" for a, b in EDGES)
    features = "node,x,y\n" + "".join(f"n{i},{i},{i / 2}\n" for i in range(NODES))
    labels = "node,label\n" + "".join(f"n{i},{'ab'[i % 2]}\n" for i in range(NODES))
    texts = {"edges.csv": edges, "features.csv": features, "labels.csv": labels}
    return {name: text.encode() for name, text in texts.items()}


def _parquet() -> dict[str, bytes]:
    import pyarrow
    import pyarrow.parquet

    names = [f"n{i}" for i in range(NODES)]
    ends = [[names[i] for i in column] for column in EDGES.T]
    tables = {
        "edges": {"source": ends[0], "target": ends[1], "weight": [1.5] * len(EDGES)},
        "features": {"node": names, "x": FEATURES[:, 0], "y": FEATURES[:, 1]},
        "labels": {"node": names, "label": ["ab"[i] for i in LABELS]},
    }
    made = {}
    for name, columns in tables.items():
        sink = io.BytesIO()
        pyarrow.parquet.write_table(pyarrow.table(columns), sink)
        made[f"{name}.parquet"] = sink.getvalue()
    return made


def _facebook(packed: bool) -> dict[str, bytes]:
    info = np.arange(7 * NODES).reshape(NODES, 7).astype(np.uint16) % 3
    friends = adjacency(sparse.csc_matrix) + adjacency(sparse.csc_matrix).T
    return {"facebook100/Cornell5.mat": mat_of(packed, A=friends, local_info=info)}


def _images() -> dict[str, bytes]:
    content = {"A": np.eye(3), "F": np.zeros((10_000, 50), np.uint8), "mask": np.ones((10_000, 1))}
    return {images.FILE: mat_of(True, **content)}


def _graphdata() -> dict[str, bytes]:
    objects = {"adj_matrix": adjacency(), "node_attr": sparse.csr_matrix(FEATURES)}
    arrays = {name: np.array(matrix, dtype=object) for name, matrix in objects.items()}
    content = npz_of(**arrays, node_label=LABELS.astype(np.int32))
    return {"graphdata/amazon_photo.npz": content}


def _planetoid() -> dict[str, bytes]:
    rows, hot = sparse.csr_matrix(FEATURES), np.eye(2, dtype=np.int32)[LABELS]
    graph = defaultdict(list)
    for a, b in EDGES.tolist():
        graph[a].append(b)
        graph[b].append(a)
    parts = {"allx": rows[:8], "tx": rows[8:], "ally": hot[:8], "ty": hot[8:], "y": hot[:4]}
    made = {part: python2_pickle(value) for part, value in (parts | {"graph": graph}).items()}
    made["test.index"] = b"11\n8\n10\n9\n"
    return {f"planetoid/ind.cora.{part}": content for part, content in made.items()}


def _ogb() -> dict[str, bytes]:
    def text(rows: np.ndarray) -> bytes:
        return gzip.compress("".join(",".join(map(str, row)) + "\n" for row in rows).encode())

    tables = {"raw/edge": EDGES, "raw/node-feat": FEATURES, "raw/node-label": LABELS[:, None]}
    for number, key in enumerate(("train", "valid", "test")):
        tables[f"split/time/{key}"] = np.flatnonzero(PART[0] == number)[:, None]
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, rows in tables.items():
            archive.writestr(f"arxiv/{name}.csv.gz", text(rows))
    return {"ogb/arxiv.zip": made.getvalue()}


def _musae() -> dict[str, bytes]:
    parts = {"train": 0, "valid": 1, "test": 2}
    split = np.empty(5, object)
    split[:] = [
        {key: np.flatnonzero(row == number).tolist() for key, number in parts.items()}
        for row in PART[:5]
    ]
    table = "".join(f"{i},9,{i % 2 == 0},{i * i},False,{i}\n" for i in range(NODES))
    sets = {str(i): np.flatnonzero(FEATURES[i]).tolist() for i in range(NODES)}
    saved = io.BytesIO()
    np.save(saved, split, allow_pickle=True)
    return {
        "musae/DE_edges.csv": b"from,to\n" + b"".join(b"%d,%d\n" % (a, b) for a, b in EDGES),
        "musae/DE_target.csv": b"id,days,mature,views,partner,new_id\n" + table.encode(),
        "musae/DE.json": json.dumps(sets).encode(),
        "non-homophily/twitch-e-DE-splits.npy": saved.getvalue(),
    }


def _heterophilous(packed: bool) -> dict[str, bytes]:
    names = ("train_masks", "val_masks", "test_masks")
    masks = {name: number == PART for number, name in enumerate(names)}
    arrays = {"edges": EDGES, "node_features": FEATURES, "node_labels": LABELS}
    return {"heterophilous-graphs/texas.npz": npz_of(packed, **arrays, **masks)}


def _splits() -> dict[str, bytes]:
    made = {"mine.npz": npz_of(part=PART)}
    for number, row in enumerate(PART):
        masks = {f"{key}_mask": row == i for i, key in enumerate(("train", "val", "test"))}
        made[f"geom-gcn/splits/texas_split_0.6_0.2_{number}.npz"] = npz_of(
            packed=True, **{key: mask.astype(np.uint8) for key, mask in masks.items()}
        )
    return made


def _read_splits(folder: Path) -> object:
    graph = own_dataset("texas", EDGES, FEATURES, LABELS)
    return splits.file(graph, folder / "mine.npz"), splits.geom_gcn(graph)


def _run() -> dict[str, bytes]:
    part = PART[:2]
    row = {"seed": 0, "val": 80.0, "test": 79.0, "best_epoch": 3, "epochs": 5}
    names = ("identity", "dataset", "dataset_checksum", "model", "split")
    content = {"schema": directory.SCHEMA, **dict.fromkeys(names, "word"), "metric": "accuracy"}
    content |= {"split_hash": Splits("word", part).hash, "config": {"model": {"K": 3}}}
    content |= {"per_run": [{"split": i} | row for i in range(2)], "seconds": {"train": 1.0}}
    content |= {key: {"mean": row[key], "std": 0.0, "ci95": 0.0, "n": 2} for key in ("test", "val")}
    val = np.array([[0.1, 0.2, 0.8, 0.3, 0.2]] * 2)
    return {
        directory.RESULT: json.dumps(content).encode(),
        directory.PARAMETERS: npz_of(True, **{"filters.0.w": np.ones((2, 4, 3), np.float32)}),
        directory.PREDICTIONS: npz_of(
            True, probabilities=np.full((2, NODES, 2), 0.5), part=part.astype(np.int8)
        ),
        directory.CURVES: npz_of(True, loss=np.ones((2, 5)), val_loss=np.ones((2, 5)), val=val),
    }


def _mine(packed: bool) -> dict[str, bytes]:
    arrays = {"edges": EDGES, "features": FEATURES, "labels": LABELS, "part": PART}
    return {"mine.npz": npz_of(packed, **arrays, weights=np.ones(len(EDGES)))}


GRAPH = np.repeat([0, 1, 2], 4)
INSIDE = np.array([(i, i + 1) for i in range(NODES - 1) if GRAPH[i] == GRAPH[i + 1]])


def _many(**labels: np.ndarray) -> dict[str, bytes]:
    arrays = {"edges": INSIDE, "features": FEATURES, "graph": GRAPH, "part": np.array([[0, 1, 2]])}
    return {"mine.npz": npz_of(packed=True, **arrays, **labels)}


def _tu() -> dict[str, bytes]:
    lines = {
        "A": [f"{a + 1}, {b + 1}" for a, b in INSIDE],
        "graph_indicator": GRAPH + 1,
        "graph_labels": [1, -1, 1],
        "node_labels": LABELS,
        "node_attributes": [f"{a}, {b}" for a, b in FEATURES[:, :2]],
    }
    texts = {name: "".join(f"{line}\n" for line in each) for name, each in lines.items()}
    return {f"mine/mine_{name}.txt": text.encode() for name, text in texts.items()}


with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # numpy's, of scipy's matrices as objects
    SAMPLES = {
        "npz": Sample([_mine(False), _mine(True)], _own),
        "csv": Sample([_csv()], _tables("csv")),
        "parquet": Sample([_parquet()], _tables("parquet")),
        "facebook100": Sample(
            [_facebook(False), _facebook(True)], lambda _: facebook100.load("cornell5")
        ),
        "images": Sample([_images()], lambda _: images.load()),
        "graphdata": Sample([_graphdata()], lambda _: graphdata.load("photo", trust=True)),
        "planetoid": Sample([_planetoid()], lambda _: planetoid.load("cora")),
        "ogb": Sample([_ogb()], lambda _: ogb.load()),
        "musae": Sample(
            [_musae()], lambda _: (musae.load("twitch_de"), musae.load("twitch_de", target="views"))
        ),
        "heterophilous": Sample(
            [_heterophilous(False), _heterophilous(True)], lambda _: heterophilous.load("texas")
        ),
        "many": Sample(
            [_many(labels=LABELS), _many(graph_labels=np.array([0, 1, 0]))],
            lambda folder: many.npz.load(folder / "mine.npz"),
        ),
        "tu": Sample([_tu()], lambda folder: many.tu.load(folder / "mine")),
        "splits": Sample([_splits()], _read_splits),
        "run": Sample([_run()], arrays.read),
    }

import warnings
from dataclasses import replace

import numpy as np
import pytest

from longnn.data import DataFileError, Dataset, Splits, given, splits
from longnn.data.contents import one_of
from longnn.data.errors import MissingClassWarning
from longnn.graphs.graph import Graph

# Class counts, unlabelled nodes, and the sizes of the published "60/20/20" splits.
PER_CLASS = {
    "cora": ((351, 217, 418, 818, 426, 298, 180), 0, (1557, 542, 609)),
    "citeseer": ((249, 590, 668, 701, 596, 508), 15, (1914, 665, 733)),
    "chameleon": ((456, 460, 453, 521, 387), 0, (1365, 455, 457)),
    "texas": ((33, 1, 18, 101, 30), 0, (85, 37, 61)),
    "cornell": ((38, 16, 30, 82, 17), 0, (99, 37, 47)),
    "squirrel": ((1042, 1040, 1039, 1040, 1040), 0, (3120, 1040, 1041)),
}
DRAWN = [splits.per_class, splits.stratified, splits.random]


def make(counts=(30, 20, 10), unlabelled=5, shipped=None):
    labels = np.repeat(np.arange(-1, len(counts)), (unlabelled, *counts))
    np.random.default_rng(0).shuffle(labels)
    nodes = len(labels)
    graph = Graph.from_edges(np.zeros((0, 2), np.int64), nodes)
    features = np.ones((nodes, 1), np.float32)
    return Dataset("toy", graph, features, labels, len(counts), shipped=shipped or {})


def sizes(made):
    return np.stack([made.train.sum(1), made.val.sum(1), made.test.sum(1)], axis=1)


@pytest.mark.parametrize("name", PER_CLASS)
def test_per_class_has_the_published_sizes(name):
    counts, unlabelled, expected = PER_CLASS[name]
    dataset = make(counts, unlabelled)
    made = splits.per_class(dataset)
    np.testing.assert_array_equal(sizes(made), [expected] * 10)
    quota = round(0.6 * len(dataset.labels) / len(counts))
    in_train = np.bincount(dataset.labels[made.train[0]], minlength=len(counts))
    np.testing.assert_array_equal(in_train, np.minimum(counts, quota))


def test_stratified_keeps_proportions_in_every_class():
    dataset = make((30, 20, 10))
    made = splits.stratified(dataset)
    for masks, expected in zip((made.train, made.val, made.test), (0.6, 0.2, 0.2), strict=True):
        for mask in masks:
            counts = np.bincount(dataset.labels[mask])
            np.testing.assert_allclose(counts, expected * np.array([30, 20, 10]), atol=1e-9)


@pytest.mark.parametrize("protocol", DRAWN)
def test_parts_are_disjoint_and_cover_the_labelled_nodes(protocol):
    dataset = make()
    made = protocol(dataset)
    covered = made.train.astype(int) + made.val + made.test
    np.testing.assert_array_equal(covered, np.tile(dataset.labels >= 0, (10, 1)))
    assert made.protocol == protocol.__name__
    assert made.part.dtype == np.int8


@pytest.mark.parametrize("protocol", DRAWN)
def test_split_i_depends_on_its_seed_only(protocol):
    dataset = make()
    ten, three = protocol(dataset), protocol(dataset, count=3, first_seed=4)
    np.testing.assert_array_equal(ten.part[4:7], three.part)
    assert len({split.tobytes() for split in ten.part}) == 10


@pytest.mark.parametrize("protocol", DRAWN)
def test_fractions_are_settings(protocol):
    made = protocol(make((50, 50), 0), train=0.5, val=0.3, count=1)
    np.testing.assert_array_equal(sizes(made), [[50, 30, 20]])


@pytest.mark.parametrize("protocol", DRAWN)
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"train": 0.8}, r"train \+ val < 1, .*train=0.8, val=0.2"),
        ({"train": 0}, "positive"),
        ({"val": 0}, "positive"),
        ({"count": 0}, "count=0"),
    ],
)
def test_drawing_says_what_is_wrong(protocol, arguments, words):
    with pytest.raises(ValueError, match=words):
        protocol(make(), **arguments)


def test_empty_part_is_named():
    with pytest.raises(
        ValueError, match=r"split 0 of protocol 'stratified' has no .* its val part"
    ):
        splits.stratified(make((2, 2)))
    with pytest.raises(ValueError, match=r"split 1 of protocol 'mine' has no .* its test part"):
        Splits("mine", np.array([[0, 1, 2], [0, 1, 1]]))


@pytest.mark.parametrize(
    "part", [np.array([0, 1, 2]), np.array([[0.0, 1, 2]]), np.zeros((0, 3), int)]
)
def test_part_must_be_a_table_of_integers(part):
    with pytest.raises(ValueError, match=r"integer array part \[S, N\]"):
        Splits("mine", part)


def test_hash_is_of_the_index_sets_alone():
    part = np.array([[0, 1, 2, -1], [2, 1, 0, 0]])
    known = "2b94af875b95f79970519531886b5d7b"
    first = Splits("mine", part)
    assert first.hash.startswith(known)
    assert Splits("yours", part.astype(np.int32)).hash == first.hash
    assert Splits("mine", np.asfortranarray(part)).hash == first.hash
    assert Splits("mine", part[::-1]).hash != first.hash
    changed = part.copy()
    changed[0, 3] = 0
    assert Splits("mine", changed).hash != first.hash
    assert Splits("mine", part[:, :3]).hash != Splits("mine", part[:1]).hash


@pytest.mark.parametrize("protocol", [splits.fixed, splits.public])
def test_shipped_splits_leave_out_unlabelled_nodes(protocol):
    part = np.tile(np.arange(65) % 3, (2, 1)).astype(np.int8)
    dataset = make(shipped={protocol.__name__: part})
    made = protocol(dataset)
    assert made.protocol == protocol.__name__
    np.testing.assert_array_equal(made.part, np.where(dataset.labels >= 0, part, -1))


def test_split_that_is_not_shipped():
    dataset = make(shipped={"fixed": np.zeros((1, 65), np.int8)})
    words = r"'toy' ships no split 'public' \(it ships fixed\); use one of fixed, per_class, strat"
    with pytest.raises(ValueError, match=words):
        splits.public(dataset)
    with pytest.raises(ValueError, match=r"\(it ships none\); use one of per_class"):
        splits.fixed(make())


def test_the_first_of_the_shipped_masks():
    dataset = make(shipped={"fixed": np.tile(np.arange(65) % 3, (4, 1)).astype(np.int8)})
    every, first = splits.fixed(dataset), splits.fixed(dataset, count=3)
    assert len(every.part) == 4
    np.testing.assert_array_equal(first.part, every.part[:3])
    assert first.protocol == "fixed"
    with pytest.raises(ValueError, match=r"split\.count is 5, but dataset 'toy' ships 4 masks"):
        splits.fixed(dataset, count=5)
    with pytest.raises(ValueError, match=r"split\.count must be an integer >= 1, got 0"):
        splits.fixed(dataset, count=0)


def test_file_is_read_and_unlabelled_nodes_removed(tmp_path):
    dataset = make()
    part = np.tile(np.arange(65) % 4 - 1, (3, 1))
    np.savez(tmp_path / "s.npz", part=part, note="anything")
    made = splits.file(dataset, str(tmp_path / "s.npz"))
    assert made.protocol == "file"
    np.testing.assert_array_equal(made.part, np.where(dataset.labels >= 0, part, -1))


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"part": np.zeros((3, 64), int)}, r"\(3, 64\), expected \[S, 65\] for dataset 'toy'"),
        ({"part": np.zeros(65, int)}, r"\(65,\), expected \[S, 65\]"),
        ({"part": np.zeros((1, 65))}, "float64, expected integers"),
        ({"part": np.full((1, 65), 3)}, "has value 3 at node"),
        ({"part": np.full((1, 65), 256)}, "has value 256 at node"),
        ({"part": np.full((1, 65), -2)}, "has value -2 at node"),
        ({"parts": np.zeros((1, 65), int), "b": np.ones(1)}, "no array part, it holds parts, b"),
        (
            {"part": np.zeros((1, 65), int), "train_mask": np.ones(65, bool), "b": np.ones(1)},
            r"holds train_mask \(did you mean part\?\), b, .* ignore=\[train_mask,b\]",
        ),
    ],
)
def test_file_content_is_checked(arrays, words, tmp_path):
    np.savez(tmp_path / "s.npz", **arrays)
    with pytest.raises(ValueError, match=words):
        splits.file(make(), tmp_path / "s.npz")


@pytest.mark.parametrize("kind", ["missing", "empty", "text", "truncated", "npy", "objects"])
def test_unreadable_file(kind, tmp_path):
    path = tmp_path / "s.npz"
    if kind == "truncated":
        np.savez(path, part=np.zeros((9, 65), int))
        path.write_bytes(path.read_bytes()[:300])
    elif kind == "npy":
        with path.open("wb") as stream:
            np.save(stream, np.zeros((1, 65), int))
    elif kind == "objects":
        np.savez(path, part=np.array([{"a": 1}]))
    elif kind != "missing":
        path.write_text("" if kind == "empty" else "0 1 2")
    with pytest.raises(DataFileError, match=r"s\.npz.*numpy\.savez"):
        splits.file(make(), path)


def test_file_without_a_path_says_how_to_give_one():
    with pytest.raises(ValueError, match=r"split\.path="):
        splits.file(make())


def test_random_takes_the_labelled_nodes_alike():
    made = splits.random(make((300, 60)), count=3)
    np.testing.assert_array_equal(sizes(made), [(216, 72, 72)] * 3)


def test_a_part_without_a_class_is_said_with_counts():
    dataset = make((30, 20, 1))
    message = (
        r"'stratified' of 'toy': val lacks class 2 \(1 nodes\) in 10 of 10; test lacks class 2"
    )
    with pytest.warns(MissingClassWarning, match=message):
        splits.stratified(dataset)
    part = np.zeros((2, 56), int)
    part[:, :20], part[:, 20:30] = 1, 2
    with pytest.warns(MissingClassWarning, match="test lacks class 2"):
        given.labelled_only(dataset, "file", part, "x")


def valued(shipped=None):
    """60 nodes with real values and 5 without."""
    labels = np.random.default_rng(0).normal(size=65).astype(np.float32)
    labels[::13] = np.nan
    graph, features = Graph.from_edges(np.zeros((0, 2), int), 65), np.ones((65, 1), np.float32)
    return Dataset("real", graph, features, labels, 1, "r2", shipped=shipped or {})


def test_real_values_are_split_without_regard_to_classes(tmp_path):
    part = np.tile(np.arange(65) % 3, (2, 1))
    np.savez(tmp_path / "s.npz", part=part)
    dataset = valued({"fixed": part.astype(np.int8)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # no class is missing where there are none
        drawn, given = splits.random(dataset), splits.file(dataset, tmp_path / "s.npz")
        shipped = splits.fixed(dataset)
    np.testing.assert_array_equal(sizes(drawn), [(36, 12, 12)] * 10)
    assert (drawn.part[:, ::13] == -1).all()
    expected = np.where(np.arange(65) % 13 == 0, -1, part)
    np.testing.assert_array_equal(given.part, expected)
    np.testing.assert_array_equal(shipped.part, expected)


@pytest.mark.parametrize("protocol", [splits.per_class, splits.stratified])
def test_protocols_that_need_classes_refuse_real_values(protocol):
    words = (
        f"{protocol.__name__}' needs one class a node, but .* 'real' are real .*use split=random"
    )
    with pytest.raises(ValueError, match=words):
        protocol(valued())


def test_what_is_offered_for_real_values_needs_no_classes():
    with pytest.raises(ValueError, match=r"use one of random, file$"):
        splits.fixed(valued())


def test_a_file_of_geom_gcn_without_a_training_node_is_named(tmp_path, monkeypatch):
    def fetched(name):
        path = tmp_path / name.replace("/", "-")
        masks = np.arange(12) % 3 == np.arange(3)[:, None]
        masks[0] &= "_1." not in name
        np.savez(path, **dict(zip(("train_mask", "val_mask", "test_mask"), masks, strict=True)))
        return path

    monkeypatch.setattr(given, "fetch", fetched)
    dataset = replace(make((6, 6), 0), name="texas")
    message = r"texas_split_0.6_0.2_1.npz: split 0 of protocol 'geom_gcn' has no labelled node in"
    with pytest.raises(ValueError, match=message):
        splits.geom_gcn(dataset)


def test_keys_of_any_kind_are_named():
    with pytest.raises(ValueError, match="it has no array train, it holds 1, test"):
        one_of({1: [], "test": []}, "train")

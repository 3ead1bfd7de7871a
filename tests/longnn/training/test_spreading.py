"""The runs of a batch over the devices of a process."""

from functools import cache

import jax
import pytest

from longnn.training.device_counts import checked_devices, spread_over
from longnn.training.spreading import ONE
from tests.longnn.training.test_drive import train
from tests.simulated import on_eight


@cache
def eight(work: str) -> dict:
    """What :mod:`tests.longnn.training.spread` finds on eight simulated devices."""
    return on_eight("tests.longnn.training.spread", work)


@pytest.mark.slow
def test_four_devices_give_what_one_gives():
    assert eight("fast")["float64"] < 1e-9


def test_nothing_crosses_the_devices_inside_an_epoch():
    found = eight("fast")
    assert (found["partitions"], found["collectives"]) == (["4"], [])


def test_memory_is_counted_for_each_device():
    """Three runs of ten, and the graph."""
    one, four = eight("fast")["bytes"]
    assert 0.25 * one < four < 0.45 * one


@pytest.mark.slow
@pytest.mark.parametrize("case", ["pruned", "shrinks", "waits"])
def test_devices_change_no_result(case):
    found = eight("slow")
    assert found[case] < 1e-9
    assert found["float32"] < 1e-4
    assert (found["waiting"], found["given up"]) == (6, [False, True])


@pytest.mark.slow
@pytest.mark.parametrize("case", ["4 to 1", "1 to 4"])
def test_a_checkpoint_goes_on_with_other_devices(case):
    found = eight("slow")
    assert found[case] < 1e-9
    assert found[f"{case}, from"] == [10, 10]
    assert not found[f"{case}, ignored"]


@pytest.mark.parametrize(
    ("devices", "told"),
    [
        (0, r"devices must be all or a whole number in \[1, inf\), got 0"),
        (True, "got True"),
        ("two", "got 'two'"),
        (1.0, r"got 1\.0"),
        (2, "devices=2, but there are 1 cpu device; leave devices out .*XLA_FLAGS"),
    ],
)
def test_devices_that_are_not_there_are_refused(devices, told):
    with pytest.raises(ValueError, match=told):
        train(devices=devices)


def test_one_device_is_as_it_was():
    """No mesh, so that the program is that of the runs alone."""
    assert spread_over("all", 10) is ONE
    with jax.default_device(jax.devices()[0]):
        assert checked_devices("all") == 1

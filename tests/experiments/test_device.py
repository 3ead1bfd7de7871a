"""What the environment asks for and does not get is said in one line."""

import jax
import pytest
from longnn.experiments.jobs import device
from longnn.experiments.jobs.device import check_device, computing_in

from longnn import doctor


@pytest.mark.parametrize("error", [AssertionError(), RuntimeError("Unable to initialize")])
def test_a_device_that_is_not_here(error, monkeypatch, capsys):
    def devices():
        raise error

    monkeypatch.setattr(jax, "devices", devices)
    with pytest.raises(type(error)):  # nobody asked for anything
        check_device()
    monkeypatch.setenv("JAX_PLATFORMS", "cuda")
    with pytest.raises(
        ValueError, match=r"JAX_PLATFORMS=cuda asks for a device .*JAX_PLATFORMS=cp"
    ):
        check_device()
    assert doctor.main([]) == 2
    assert capsys.readouterr().err.startswith("error: JAX_PLATFORMS=cuda asks for")


@pytest.mark.parametrize(("dtype", "lines"), [("float32", 1), ("float64", 0)])
def test_the_setting_decides_and_the_environment_is_told(dtype, lines, monkeypatch, caplog):
    monkeypatch.setenv("JAX_ENABLE_X64", "1")
    device._tell.cache_clear()
    before = jax.config.read("jax_enable_x64")
    for _ in range(2):
        with computing_in(dtype):
            assert jax.config.read("jax_enable_x64") == (dtype == "float64")
        assert jax.config.read("jax_enable_x64") == before
    told = [record.message for record in caplog.records]
    assert (
        told
        == ["JAX_ENABLE_X64 changes nothing: dtype=float32 is computed; set dtype=float64"] * lines
    )

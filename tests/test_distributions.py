"""The two distributions: what their wheels and sdists hold, in every order, and that they work."""

import configparser
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from email.message import Message
from email.parser import Parser
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

import pytest

import longnn
import polybases
from longnn.operators.native.library import library_path
from longnn.operators.native.variants import variants_here, variants_of
from tests.experiments.conftest import SMALL

ROOT = Path(__file__).parents[1]
VERSIONS = {"polybases": polybases.__version__, "longnn": longnn.__version__}
REQUIREMENT = "polybases<2,>=1.0"
"""What longnn asks for, as metadata write it: from the first version with promises to the next."""
BUILD = "from setuptools import build_meta as b; import sys; b.build_{}(sys.argv[1])"
CODE = ("*.py", "*.pyi", "py.typed", "*.toml", "*.txt", "*.h", "*.cc", "*.yaml")
"""What a package consists of; compiled kernels and caches are of one machine."""


def ran(*words: str, cwd: Path, **settings: str) -> str:
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **settings}
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, f"{words}\n{done.stdout[-500:]}\n{done.stderr[-3000:]}"
    return done.stdout


def build(kind: str, source: Path, target: Path, **settings: str) -> Path:
    """Builds as pip does, with every warning of setuptools an error."""
    target.mkdir(parents=True, exist_ok=True)
    command = (sys.executable, "-W", "error", "-c", BUILD.format(kind), str(target))
    ran(*command, cwd=source, **settings)
    (found,) = target.iterdir()
    return found


class Built(NamedTuple):
    """Files of both distributions, and the folder that they were built in."""

    source: Path
    wheels: dict[str, Path]
    sdists: dict[str, Path]


def not_of_the_repository(folder: str, names: list[str]) -> set[str]:
    """What a build, a test or a run leaves in a checkout."""
    left = {
        "build",
        "__pycache__",
        "measured.json",
        *(name for name in names if name.endswith((".egg-info", ".so"))),
    }
    if Path(folder) == ROOT:
        left |= {"dist", "runs", "fits", "outputs", "multirun", "wandb", ".git", ".venv"}
        left |= {name for name in names if name.endswith("_cache") or name.startswith(".coverage")}
    return left & {*names}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """polybases built twice and longnn after it, among the remains of older builds."""
    folder = tmp_path_factory.mktemp("distributions")
    source = Path(shutil.copytree(ROOT, folder / "source", ignore=not_of_the_repository))
    for remains in ("build/lib/polybases", "build/lib/experiments", "polybases/build/lib/longnn"):
        (source / remains).mkdir(parents=True)
        (source / remains / "stale.py").write_text("")
    build("wheel", source / "polybases", folder / "first")
    build("wheel", source, folder / "longnn")
    return Built(
        source,
        {
            "polybases": build("wheel", source / "polybases", folder / "polybases"),
            "longnn": build("wheel", source, folder / "again"),
        },
        {
            "polybases": build("sdist", source / "polybases", folder / "polybases_sdist"),
            "longnn": build("sdist", source, folder / "longnn_sdist"),
        },
    )


@pytest.fixture(scope="module")
def with_kernels(built) -> Path:
    """longnn's wheel as make wheels builds it, before auditwheel names the glibc that it needs."""
    return build("wheel", built.source, built.source.parent / "kernels", LONGNN_KERNELS="1")


def versioned(wheel: Path) -> str:
    """The name and the version of a distribution, as its files have them."""
    name = wheel.name.split("-")[0]
    return f"{name}-{VERSIONS[name]}"


def contents(wheel: Path) -> set[str]:
    names = zipfile.ZipFile(wheel).namelist()
    assert len(names) == len(set(names))
    return {name for name in names if not name.startswith(f"{versioned(wheel)}.")}


def metadata(wheel: Path) -> Message:
    name = f"{versioned(wheel)}.dist-info/METADATA"
    return Parser().parsestr(zipfile.ZipFile(wheel).read(name).decode())


def files_of(folder: Path, package: str, without: str = "") -> set[str]:
    """Files of a package in the tree, by the names that they have where it is installed."""
    return {
        f"{package}/{path.relative_to(folder).as_posix()}"
        for pattern in CODE
        for path in folder.rglob(pattern)
        if not {"build", "polybases.egg-info", without} & {*path.relative_to(folder).parts[:-1]}
    }


def test_wheel_of_polybases_holds_polybases_alone(built):
    assert contents(built.wheels["polybases"]) == files_of(ROOT / "polybases", "polybases") - {
        "polybases/pyproject.toml"
    }


def test_wheel_of_longnn_holds_longnn_and_its_plugins(built):
    assert contents(built.wheels["longnn"]) == (
        files_of(ROOT / "longnn", "longnn")
        | files_of(ROOT / "experiments", "longnn/experiments", without="reproduce")
        | files_of(ROOT / "conf", "longnn/experiments/conf")
        | files_of(ROOT / "hydra_plugins", "hydra_plugins")
    )


@pytest.mark.slow
def test_wheel_with_kernels_is_active_without_a_compiler(with_kernels, built, tmp_path):
    """In an empty directory, found by the processor's features; csr where it is told to."""
    assert re.fullmatch(rf"{versioned(with_kernels)}-py3-none-\w+\.whl", with_kernels.name)
    assert "-any" not in with_kernels.name
    extra = contents(with_kernels) - contents(built.wheels["longnn"])
    expected = {library_path(variant).name for variant in variants_of(platform.machine())}
    assert {Path(name).name for name in extra} == expected
    python = environment(tmp_path / "venv")
    pip(python, "install", str(built.wheels["polybases"]), str(with_kernels))
    settings = {"PATH": "/nowhere", "CXX": "", "XDG_CACHE_HOME": str(tmp_path)}
    for variant in variants_here():
        told = ran(str(python), "-m", "longnn.doctor", cwd=tmp_path, **settings,
                   LONGNN_NATIVE=variant.name)  # fmt: skip
        assert f"native kernels: active: built and loaded ({library_path(variant).name})" in told


def test_packages_in_setup_cfg_are_those_of_the_tree():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = config["options"]["packages"].split()
    packages = {
        f"{name}{''.join('.' + part for part in path.parent.relative_to(ROOT / folder).parts)}"
        for folder, name in (("longnn", "longnn"), ("experiments", "longnn.experiments"))
        for path in (ROOT / folder).rglob("__init__.py")
    }
    packages -= {"longnn.experiments.reproduce"}
    plugins = {"hydra_plugins", "hydra_plugins.longnn_sweeps"}
    assert sorted(listed) == sorted(packages | plugins | {"longnn.experiments.conf"})


def test_the_requirement_admits_polybases_and_no_version_that_breaks_promises():
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg")
    assert "polybases>=1.0,<2" in config["options"]["install_requires"].split()
    assert (1, 0) <= tuple(map(int, VERSIONS["polybases"].split("."))) < (2,)


def test_licences_are_the_same():
    assert (ROOT / "LICENSE").read_text() == (ROOT / "polybases" / "LICENSE").read_text()


def test_constraints_name_every_requirement_once():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    names = [canonical(line) for line in lines if not line.startswith("#")]
    assert len(names) == len(set(names))
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg")
    polybases = tomllib.loads((ROOT / "polybases" / "pyproject.toml").read_text())["project"]
    required = [
        *config["options"]["install_requires"].split(),
        *[r for r in config["options.extras_require"]["test"].split() if r[0] != "%"],
        *polybases["dependencies"],
    ]
    assert {canonical(line) for line in required} - set(names) == {"polybases"}


def test_the_lock_of_ci_has_a_hash_for_every_pin_and_nothing_else():
    text = (ROOT / "requirements-ci.txt").read_text().replace("\\\n", " ")
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    pins = {pin for pin, *_ in lines}
    constraints = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {line for line in constraints if not line.startswith("#")}
    assert {spelt_alike(pin) for pin in pins} == {spelt_alike(pin) for pin in pinned}
    assert len(lines) == len(pins)
    for pin, *hashes in lines:
        assert hashes, pin
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", one) for one in hashes), pin
    assert "://" not in text, "where packages come from is the business of each machine"


def spelt_alike(pin: str) -> tuple[str, str]:
    """The name, in which - and _ and capitals mean the same, and the version."""
    name, _, version = pin.partition("==")
    return canonical(name), version


def canonical(requirement: str) -> str:
    return re.split(r"[=<>\[; ]", requirement)[0].lower().replace("_", "-")


@pytest.mark.parametrize("name", ["polybases", "longnn"])
def test_metadata(name, built):
    found = metadata(built.wheels[name])
    assert (found["Name"], found["Version"]) == (name, VERSIONS[name])
    assert (found["License-Expression"], found["License"]) == ("MIT", None)
    readme = (ROOT / {"longnn": "README.md"}.get(name, f"{name}/README.md")).read_text()
    assert readme.strip() in found.get_payload()
    names = zipfile.ZipFile(built.wheels[name]).namelist()
    assert f"{name}-{VERSIONS[name]}.dist-info/licenses/LICENSE" in names
    required = {line for line in found.get_all("Requires-Dist") if "extra ==" not in line}
    if name == "longnn":
        assert REQUIREMENT in required
    else:
        assert {canonical(line) for line in required} == {"jax", "jaxtyping", "numpy"}


@pytest.mark.parametrize("name", ["polybases", "longnn"])
def test_a_wheel_from_the_sdist_is_the_same(name, built, tmp_path):
    with tarfile.open(built.sdists[name]) as archive:
        archive.extractall(tmp_path, filter="data")
    wheel = build("wheel", tmp_path / f"{name}-{VERSIONS[name]}", tmp_path / "wheel")
    assert contents(wheel) == contents(built.wheels[name])
    assert (tmp_path / f"{name}-{VERSIONS[name]}" / "CHANGELOG.md").is_file()


def environment(folder: Path, dependencies: bool = True) -> Path:
    """A new virtual environment, with the packages that these tests run with; its Python."""
    ran(sys.executable, "-m", "venv", "--without-pip", str(folder), cwd=folder.parent)
    python = folder / "bin" / "python"
    if dependencies:  # a path in a .pth file: editable packages there stay unknown
        (site(folder) / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return python


def site(folder: Path) -> Path:
    (found,) = (folder / "lib").glob("python*/site-packages")
    return found


def pip(python: Path, command: str, *words: str) -> None:
    start = [sys.executable, "-m", "pip", "--python", str(python), command, "--quiet"]
    alone = ["--no-deps", "--no-index", "--no-build-isolation", "--no-compile"]
    ran(*start, *(["-y"] if command == "uninstall" else alone), *words, cwd=python.parent)


@pytest.mark.slow
def test_sdist_holds_what_its_tests_need(built, tmp_path):
    with tarfile.open(built.sdists["longnn"]) as archive:
        archive.extractall(tmp_path, filter="data")
    unpacked = tmp_path / f"longnn-{VERSIONS['longnn']}"
    tracked = {
        path.relative_to(built.source).as_posix()
        for path in built.source.rglob("*")
        if path.is_file() and not {"build"} & {*path.relative_to(built.source).parts}
    }
    held = {p.relative_to(unpacked).as_posix() for p in unpacked.rglob("*") if p.is_file()}
    missing = {name for name in tracked - held if ".egg-info/" not in name}
    assert missing == {".gitignore"} & tracked
    python = environment(tmp_path / "venv")
    pip(python, "install", "--editable", f"{unpacked}/polybases", "--editable", str(unpacked))
    test = ["tests/experiments/test_cli.py", "-p", "no:cacheprovider", "--quiet"]
    assert "passed" in ran(str(python), "-m", "pytest", *test, cwd=unpacked)
    where = "import longnn.experiments.config.cli as c; print(c.__file__)"
    assert ran(str(python), "-c", where, cwd=tmp_path).startswith(str(unpacked))


@pytest.mark.slow
@pytest.mark.parametrize("order", list(permutations(["polybases", "longnn"])))
def test_neither_owns_a_file_of_the_other_in_any_order(order, built, tmp_path):
    first, second = order
    python = environment(tmp_path / "venv", dependencies=False)
    empty = installed(tmp_path / "venv")
    for name in order:
        pip(python, "install", str(built.wheels[name]))
    both = contents(built.wheels[first]) | contents(built.wheels[second])
    assert installed(tmp_path / "venv") - empty == both
    pip(python, "uninstall", first)
    assert installed(tmp_path / "venv") - empty == contents(built.wheels[second])
    pip(python, "install", str(built.wheels[first]))
    assert installed(tmp_path / "venv") - empty == both
    for name in (second, first):
        pip(python, "uninstall", name)
    assert installed(tmp_path / "venv") == empty


def installed(folder: Path) -> set[str]:
    return {
        path.relative_to(site(folder)).as_posix()
        for path in site(folder).rglob("*")
        if path.is_file() and not {"__pycache__"} & {*path.parts} and ".dist-info" not in str(path)
    }


@pytest.fixture(scope="module")
def command(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``longnn`` of the two wheels, in an environment of their own."""
    folder = tmp_path_factory.mktemp("wheels") / "venv"
    pip(environment(folder), "install", *map(str, built.wheels.values()))
    return folder / "bin" / "longnn"


QUICK = (*SMALL, "optim.max_epochs=5", "figures=false", "compilation_cache=null")


@pytest.mark.slow
def test_wheels_work_in_an_empty_directory(command, tmp_path):
    python = str(command.with_name("python"))
    ran(str(command), "train", "-m", "seed=0,1", "hydra/launcher=vmap", *QUICK, cwd=tmp_path)
    files = sorted((tmp_path / "runs").rglob("result.json"))
    assert [json.loads(file.read_text())["config"]["seed"] for file in files] == [0, 1]
    assert "csbm" in ran(str(command), "report", "runs", cwd=tmp_path)
    assert "cora" in ran(str(command), "data", "list", cwd=tmp_path)
    load = f"import longnn; print(longnn.__file__, longnn.load({str(files[0].parent)!r}))"
    assert ran(python, "-c", load, cwd=tmp_path).startswith(str(command.parents[1]))
    found = ran(str(command), "doctor", cwd=tmp_path)
    assert f"longnn: {VERSIONS['longnn']} on Python" in found
    assert found.count(f"installed in {site(command.parents[1])}") == 2
    done = subprocess.run([str(command), "reproduce"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert "clone the repository" in done.stderr


WORKS_ALONE = """
import importlib.abc, sys
import jax, jaxtyping, numpy  # with what they need themselves
jaxtyping.PyTree  # which takes longer, and so waits for its first use

class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in known and top not in sys.stdlib_module_names and top != "polybases":
            raise ImportError(f"polybases imports {name}")

known = {name.partition(".")[0] for name in sys.modules} | {"scipy"}  # jax needs scipy
assert not {"flax", "longnn", "matplotlib", "hydra", "jraph"} & known
sys.meta_path.insert(0, Refuse())
import polybases
assert polybases.__file__.startswith(sys.prefix), polybases.__file__
exec(sys.argv[1])
assert abs(float(weights.sum()) - numpy.pi) < 1e-5
print(polybases.__version__)
"""


@pytest.mark.slow
def test_polybases_works_with_its_three_dependencies_as_its_readme_says(built, tmp_path):
    python = environment(tmp_path / "venv")
    pip(python, "install", str(built.wheels["polybases"]))
    readme = metadata(built.wheels["polybases"]).get_payload()
    code = "".join(re.findall(r"```python\n(.*?)```", str(readme), re.DOTALL))
    done = ran(str(python), "-c", WORKS_ALONE, code, cwd=tmp_path).splitlines()
    assert (done[0], done[-1]) == ("(11, 101)", VERSIONS["polybases"])
    assert len(done) > 5

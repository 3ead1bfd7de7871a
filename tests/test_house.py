"""The rooms of the house stand in an order, and no import runs up; frameworks stay in their places.

Imports are read from the sources, those inside functions too.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ROOMS = (
    "polybases",
    "longnn.version",
    "longnn.graphs",
    "longnn.data",
    "longnn.operators",
    "longnn.filters",
    "longnn.stores",
    "longnn.models",
    "longnn.layers",
    "longnn.training",
    "longnn.runs",
    "longnn.analysis",
    "longnn.fitting",
    "longnn.plot",
    "longnn.doctor",
    "longnn",
    "longnn.experiments",
    "hydra_plugins",
)
"""From the ground up: a room imports from itself and from the rooms before it."""


def module_of(path: Path) -> str:
    """Dotted name, as installed."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return f"longnn.{name}" if parts[0] == "experiments" else name


def imported(path: Path) -> set[str]:
    """Every module that a file imports or takes names from, as absolute dotted names."""
    module = module_of(path)
    package = module if path.stem == "__init__" else module.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            parts = [*(above if node.level else []), *([node.module] if node.module else [])]
            source = ".".join(parts)
            found |= {source} | {f"{source}.{alias.name}" for alias in node.names}
    return found


FILES = {
    str(path.relative_to(ROOT)): (module_of(path), imported(path))
    for package in ("polybases", "longnn", "experiments", "hydra_plugins")
    for path in sorted((ROOT / package).rglob("*.py*"))
    if path.suffix == ".py" or path.name == "__init__.pyi"
}
assert {"polybases/recurrence.py", "longnn/filters/polynomial.py"} <= set(FILES)


def room_of(module: str) -> str | None:
    """The longest name of a room that a module is in; None for foreign ones."""
    inside = [room for room in ROOMS if (module + ".").startswith(room + ".")]
    return max(inside, key=len, default=None)


def test_every_file_has_a_room_and_the_root_holds_no_other():
    at_root = {path.name for path in (ROOT / "longnn").iterdir() if path.is_file()}
    assert at_root == {"__init__.py", "__init__.pyi", "py.typed", "version.py", "doctor.py"}
    assert {f for f, (module, _) in FILES.items() if room_of(module) is None} == set()
    inside = {path.parent.name for path in (ROOT / "longnn").glob("*/__init__.py")}
    assert inside == {r.split(".")[1] for r in ROOMS if r.count(".")} - {
        "version",
        "doctor",
        "experiments",
    }


def test_no_merge_is_left_half_done():
    folders = (
        "conf",
        "docs",
        "benchmarks",
        "examples",
        "longnn",
        "polybases",
        "experiments",
        "tests",
    )
    files = [*ROOT.glob("*"), *(f for folder in folders for f in (ROOT / folder).rglob("*"))]
    texts = [f for f in files if f.is_file() and f.suffix not in (".so", ".pyc", ".png", ".npz")]
    marks = tuple("\n" + 7 * sign + " " for sign in "<>")
    assert len(texts) > 100
    assert not [f for f in texts if any(m in f.read_text(errors="replace") for m in marks)]


def test_no_import_runs_up():
    up = {
        f"{file}: {name}"
        for file, (module, names) in FILES.items()
        for name in names
        if (target := room_of(name)) is not None
        and ROOMS.index(target) > ROOMS.index(room_of(module) or "")
        and not (target == "longnn" and name == "longnn.version")
    }
    # `import longnn.x` also names longnn itself, the stub of the root names every room
    assert {line for line in up if not line.startswith("longnn/__init__.pyi")} == set()


FLOORS = ("config", "jobs", "report", "sweep", "approximate", "completion", "reproduce")
"""What experiments are made of, from the ground up; the single files, which are commands, stand on
them all."""


def floor_of(module: str) -> int:
    part = module.removeprefix("longnn.experiments.").split(".")[0]
    return FLOORS.index(part) if part in FLOORS else len(FLOORS)


def test_no_import_runs_up_inside_experiments():
    up = {
        f"{file}: {name}"
        for file, (module, names) in FILES.items()
        for name in names
        if file.startswith("experiments/")
        and name.startswith("longnn.experiments.")
        and floor_of(name) > floor_of(module)
    }
    assert up == set()
    assert floor_of("longnn.experiments.sweep.grid") > floor_of("longnn.experiments.jobs.run") == 1


def test_no_files_import_each_other_in_a_circle():
    """Lazy imports inside functions count, those of a package's stub do not."""
    modules = {module: file for file, (module, _) in FILES.items() if file.endswith(".py")}
    arrows = {
        module: {name for name in FILES[file][1] if name in modules and name != module}
        for module, file in modules.items()
    }
    # a package's own file says only what its files export, lazily
    packages = {m for m, f in modules.items() if f.endswith("__init__.py") and m != "polybases"}
    left = {m: to - packages for m, to in arrows.items() if m not in packages | {"polybases"}}
    while ends := {m for m, to in left.items() if not to & set(left)}:
        left = {m: to for m, to in left.items() if m not in ends}
    assert left == {}


def test_results_are_parsed_in_one_place():
    """Every other file asks longnn.runs, which alone knows the names and the layout of a run."""
    names = ("result.json", "curves.npz", "parameters.npz", "predictions.npz", "config.yaml",
             "train.log")  # fmt: skip
    written = {
        f"{file}: {node.value}"
        for file in FILES
        if file.endswith(".py") and not file.startswith("longnn/runs/")
        for node in ast.walk(ast.parse((ROOT / file).read_text()))
        if isinstance(node, ast.Constant) and node.value in names
    }
    assert written == set()


def users(*modules: str, within: str = "") -> set[str]:
    """Files below ``within`` that import from one of the top-level ``modules``."""
    return {
        file
        for file, (_, names) in FILES.items()
        if file.startswith(within) and {name.split(".")[0] for name in names} & set(modules)
    }


def test_polybases_needs_jax_and_numpy_only():
    assert users("flax", within="polybases/") == {"polybases/modules.py"}
    known = {"polybases", "jax", "numpy", "flax", "jaxtyping"} | sys.stdlib_module_names
    foreign = {
        name
        for file, (_, names) in FILES.items()
        if file.startswith("polybases/")
        for name in names
    }
    assert {name.split(".")[0] for name in foreign} <= known


def test_longnn_knows_neither_experiments_nor_hydra():
    assert users("experiments", "hydra", "omegaconf", "hydra_plugins", within="longnn/") == set()


@pytest.mark.parametrize(
    ("module", "places"),
    [
        ("jraph", ("longnn/graphs/convert.py", "longnn/models/messages.py")),
        ("hydra", ("experiments/", "hydra_plugins/")),
        ("omegaconf", ("experiments/", "hydra_plugins/")),
        ("wandb", ("experiments/jobs/sinks.py",)),
        ("tensorboard", ("experiments/jobs/tensorboard_sink.py",)),
        ("mlflow", ("experiments/jobs/mlflow_sink.py",)),
    ],
)
def test_framework_stays_in_its_place(module, places):
    assert {f for f in users(module) if not f.startswith(places)} == set()


def test_analysis_takes_functions_and_arrays_never_runs():
    taken = {
        room_of(name)
        for file, (_, names) in FILES.items()
        if file.startswith("longnn/analysis/")
        for name in names
    }
    assert not taken & {"longnn.training", "longnn.runs", "longnn.models", "longnn.data"}


def test_no_module_bears_the_name_of_a_function_that_it_exports():
    same = [
        file
        for file in FILES
        if file.endswith(".py")
        and Path(file).stem
        in {
            node.name
            for node in ast.parse((ROOT / file).read_text()).body
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
        }
    ]
    assert same == []


def loaded_by(code: str) -> set[str]:
    """Top-level modules that a fresh process has loaded after running ``code``."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys\n{code}\nprint(*{{n.split('.')[0] for n in sys.modules}})",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


HEAVY = "flax jraph hydra omegaconf matplotlib optax pooch requests rich wandb longnn experiments"


@pytest.mark.parametrize(
    ("code", "needed", "refused"),
    [
        ("import polybases", "polybases jax", HEAVY),
        ("import longnn", "longnn", "jax flax jraph optax hydra matplotlib"),
        (
            "import longnn\nlongnn.data.lattices.ring(nodes=12)",
            "longnn jax",
            "optax flax jraph hydra matplotlib",
        ),
        ("from longnn.data import graphdata, planetoid, facebook100", "longnn", "jraph flax optax"),
    ],
)
def test_what_an_import_loads(code, needed, refused):
    loaded = loaded_by(code)
    assert set(needed.split()) <= loaded
    assert loaded & set(refused.split()) == set()

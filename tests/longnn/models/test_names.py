"""The models by name: one table, which the configs, the classes and the documentation follow."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from longnn import models
from longnn.models.names import MODELS
from tests.longnn.models.cases import MODELS as CASES

ROOT = Path(__file__).parents[3]


def test_each_model_has_a_config_and_each_config_is_of_a_model():
    files = {file.stem: OmegaConf.load(file) for file in (ROOT / "conf/model").glob("*.yaml")}
    targets = {name: config._target_ for name, config in files.items()}
    assert targets == {n: f"longnn.models.{models.by_name(n).__name__}" for n in models.NAMES}


def test_each_class_is_public():
    for name, (class_name, title) in MODELS.items():
        assert models.by_name(name) is getattr(models, class_name)
        assert (class_name in dir(models), models.NAMES[name]) == (True, title)


def test_each_model_is_in_the_contract_suite():
    assert {models.by_name(name) for name in models.NAMES} == {case[0] for case in CASES.values()}


def test_the_documentation_lists_each_model_and_its_class():
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", (ROOT / "docs/models.md").read_text(), re.M)
    assert dict(rows) == {name: named.class_name for name, named in MODELS.items()}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("LonGNN", r"unknown model 'LonGNN': did you mean longnn.*\? The models are longnn, jac"),
        ("bernet", r"did you mean bernnet"),
        ("transformer", r"unknown model 'transformer': The models are .*gcn, gat, sage, gat_sep$"),
    ],
)
def test_unknown_names_are_refused(name, message):
    with pytest.raises(ValueError, match=message):
        models.by_name(name)


def test_names_alone_load_no_framework():
    code = "import sys\nfrom longnn.models import NAMES\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"jax", "flax", "jraph"} & set(done.stdout.split())

"""The checker of annotations catches a wrong shape, and is off where it is told to be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CALLS = {
    "values of another number than points": "polybases.least_squares("
    "polybases.monomial(1), jnp.ones(5), jnp.ones(4))",
    "nodes and weights of different lengths": "polybases.from_nodes(1, jnp.ones(3), jnp.ones(2))",
    "a matrix where a scalar belongs": "polybases.vander(jnp.ones(2), 1, jnp.ones((2, 2)))",
    "integers where a signal belongs": "polybases.evaluate("
    "polybases.monomial(1), jnp.ones(2, int))",
    "a word where a number belongs": "polybases.eval_jacobi(1, 'a', 0.0, 0.5)",
}
CODE = """
import jax.numpy as jnp, jaxtyping
from tests import typecheck
if typecheck.ON:
    typecheck.install()
import polybases
try:
    {call}
except jaxtyping.TypeCheckError:
    print("caught by the checker")
except Exception as error:
    print("refused by", type(error).__name__)
"""


def said(call: str, switch: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(call=call)],
        cwd=ROOT,
        env={**os.environ, "LONGNN_TYPECHECK": switch},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_wrong_argument_is_caught(call):
    assert said(call, "1") == "caught by the checker"


def test_it_is_off_where_the_environment_says_so():
    assert said(next(iter(CALLS.values())), "0") != "caught by the checker"

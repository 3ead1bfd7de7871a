"""Responses: the six formulas, a user's arithmetic, and what is refused."""

import math

import numpy as np
import pytest

from longnn.fitting import RESPONSES, interpolated, parse, response

VALUES = {  # by hand, at lambda = 0, 1/2, 3/4, 1, 3/2
    "low": (1, math.exp(-2.5), math.exp(-5.625), math.exp(-10), math.exp(-22.5)),
    "band": (math.exp(-10), math.exp(-2.5), math.exp(-0.625), 1, math.exp(-2.5)),
    "comb": (0, 1, math.sqrt(0.5), 0, 1),
    "low_band": (1, 1, math.exp(-6.25), math.exp(-12.5), 1),
}
VALUES["high"] = tuple(1 - v for v in VALUES["low"])
VALUES["rejection"] = tuple(1 - v for v in VALUES["band"])


@pytest.mark.parametrize("name", RESPONSES)
def test_formulas_of_the_image_experiment(name):
    found = response(name)(np.array([0, 0.5, 0.75, 1, 1.5]))
    np.testing.assert_allclose(found, VALUES[name], rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("exp(-3*lam)", math.exp(-2.1)),
        ("1", 1.0),
        ("-x**2 + 2*pi/e", -(0.3**2) + 2 * math.pi / math.e),
        ("where(lam < 0.5, 1, minimum(lam, x))", 0.3),
        ("(lam > 0.5) * 2 - +abs(x - 1)", 2 - 0.7),
        ("sqrt(maximum(sin(lam), cos(lam))) * log(2 + tanh(x))",
         math.sqrt(math.cos(0.7)) * math.log(2 + math.tanh(0.3))),
        ("2**-1.5", 2**-1.5),
    ],
)  # fmt: skip
def test_expressions(text, value):
    found = parse(text)(np.array([0.7, 0.7]))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, [value, value], rtol=1e-14)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("__import__('os').system('true')", "__import__"),
        ("lam.__class__", "'lam.__class__'"),
        ("lam[0]", "'lam[0]'"),
        ("open('x')", "open"),
        ("exp(lam, 2)", "'exp(lam, 2)'"),
        ("exp(x=lam)", "'exp(x=lam)'"),
        ("lam if lam else 1", "'lam if lam else 1'"),
        ("lam and 1", "'lam and 1'"),
        ("[lam for lam in (1, 2)]", "for"),
        ("(lambda: 1)()", "lambda"),
        ("'text'", "text"),
        ("1j * lam", "'1j'"),
        ("True", "'True'"),
        ("mu + 1", "'mu' at column 1"),
        ("0 < lam < 1", "'0 < lam < 1'"),
        ("lam // 2", "'lam // 2'"),
        ("(x := 3)", "x := 3"),
        ("f'{lam}'", "lam"),
        ("lam +", "cannot read"),
        ("import os", "cannot read"),
        ("1\n+", "cannot read"),
    ],
)
def test_anything_but_arithmetic_is_refused(text, part):
    with pytest.raises(ValueError, match="allowed are numbers, lam") as error:
        parse(text)
    assert part in str(error.value)


def test_sizes_are_bounded():
    with pytest.raises(ValueError, match="at most 1000 characters"):
        parse("1" + "+1" * 1000)
    with pytest.raises(ValueError, match="nests deeper"):
        parse("-" * 100 + "lam")
    with pytest.raises(ValueError, match="not finite"):  # a Python int would grow without end
        parse("9**9**9**9")


@pytest.mark.parametrize(
    ("text", "place"),
    [("log(lam)", "lam = 0 "), ("1/(lam-1)", "lam = 1 "), ("sqrt(x)", "lam = 1.001 "),
     ("x**0.5", "lam = 1.001 "), ("exp(1000*lam)", "lam = 0.71 ")],
)  # fmt: skip
def test_not_finite_says_where(text, place):
    with pytest.raises(ValueError, match="not finite") as error:
        parse(text)
    assert place in str(error.value)


def test_unknown_names_have_near_misses():
    with pytest.raises(ValueError, match="unknown filter 'lowband': did you mean low_band"):
        response("lowband")
    np.testing.assert_array_equal(response("lam")(np.array([0.5])), [0.5])


def test_values_are_joined_by_lines():
    g = interpolated(np.array([[0.0, 1.0, 2.0], [1.0, 3.0, 0.0]]))
    np.testing.assert_allclose(g(np.array([0, 0.5, 1, 1.5, 2])), [1, 2, 3, 1.5, 0])


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (np.ones((3, 4)), r"shape \[2, G\]"),
        (np.array([[0.0, 1.5], [1, 1]]), "cover"),
        (np.array([[0, 2, 1, 2.0], [1, 1, 1, 1]]), "not ascending"),
        (np.array([[0, 2.0], [1, np.nan]]), "not finite at lam = 2"),
    ],
)
def test_values_that_describe_no_response(points, message):
    with pytest.raises(ValueError, match=message):
        interpolated(points)

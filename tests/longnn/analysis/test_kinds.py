"""The kinds of filters, by functions that everybody names alike."""

import numpy as np
import pytest

from longnn.analysis import filter_kind

LAM = np.linspace(0, 2, 201)


@pytest.mark.parametrize(
    ("g", "kind"),
    [
        (np.exp(-10 * LAM), "low-pass"),
        (1 - LAM / 2, "low-pass"),
        (-(1 - LAM / 2), "low-pass"),
        (1 - np.exp(-10 * LAM**2), "high-pass"),
        (LAM, "high-pass"),
        (np.exp(-10 * (LAM - 1) ** 2), "band-pass"),
        (1 - np.exp(-10 * (LAM - 1) ** 2), "band-stop"),  # g(0) is as large as g(2)
        (0.6 + 0.4 * LAM / 2 - np.exp(-50 * (LAM - 1) ** 2), "band-stop"),  # g(0) is large, too
        (1 - LAM, "band-stop"),
        (np.abs(np.sin(np.pi * LAM)), "band-pass"),  # a comb
        (np.ones(201), "all-pass"),
        (1 + 0.3 * LAM, "all-pass"),
        (np.zeros(201), "zero"),
    ],
)
def test_kinds(g, kind):
    assert filter_kind(g) == kind
    assert filter_kind(-3 * g) == kind


def test_only_the_values_count_that_are_given():
    g = LAM**8 + 1  # huge above lambda = 1, where this graph has no eigenvalue
    assert filter_kind(g) == "high-pass"
    assert filter_kind(g[LAM < 0.9]) == "all-pass"


def test_no_filter_is_refused():
    for values in ([], [1.0, np.nan]):
        with pytest.raises(ValueError, match="finite values"):
            filter_kind(np.array(values))

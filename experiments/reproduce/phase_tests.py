"""Paired differences of variants of the phase diagram, with intervals and their correction."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from longnn.analysis import TTest, corrected_t_test, holm

from . import phase_design as design
from .phase_design import CONTRASTS, Contrast, Region
from .phase_records import Entry, place_of, scores

WORTH = 0.5
"""Points of accuracy from which a difference is called worth something."""


class Found(NamedTuple):
    """What a contrast comes to in a region.

    Attributes:
        region: the places.
        contrast: the variants.
        graphs: how many graphs, which are the units of the test.
        test: of the mean over the splits of each graph; None without two graphs that differ.
        adjusted: p value by Holm over all regions and contrasts.
    """

    region: Region
    contrast: Contrast
    graphs: int
    test: TTest | None
    adjusted: float

    @property
    def verdict(self) -> str:
        """ "+" or "-" where the sign is sure at 5 % over all tests; doubled where it is worth
        something; "=" where the interval lies within what is worth nothing; else "?"."""
        if self.test is None:
            return "?"
        low, high = self.test.mean - self.test.ci95, self.test.mean + self.test.ci95
        if self.adjusted < 0.05:
            sign = "+" if self.test.mean > 0 else "-"
            return 2 * sign if abs(self.test.mean) >= WORTH else sign
        return "=" if low > -WORTH and high < WORTH else "?"


def regions() -> list[Region]:
    """All regions, in the order of the places."""
    return list(dict.fromkeys(design.region_of(place) for place in design.places()))


def differences(entries: Sequence[Entry], contrast: Contrast) -> Float[np.ndarray, " graphs"]:
    """Points of test accuracy, first minus second variant, mean over the splits of each graph."""
    pairs = [(scores(entry, contrast.first), scores(entry, contrast.second)) for entry in entries]
    return np.array([np.mean(first - second) for first, second in pairs])


def results(entries: Sequence[Entry]) -> list[Found]:
    """Every contrast in every region, corrected for their number."""
    raw = list(_tests(entries))
    p = np.array([np.nan if test is None else test.p for *_, test in raw])
    return [Found(*parts, float(q)) for parts, q in zip(raw, holm(p), strict=True)]


def _tests(
    entries: Sequence[Entry],
) -> Iterator[tuple[Region, Contrast, int, TTest | None]]:
    for region in regions():
        of_region = [e for e in entries if design.region_of(place_of(e)) == region]
        for contrast in CONTRASTS:
            values = differences(of_region, contrast)
            yield region, contrast, len(values), t_test(values)


def t_test(values: Float[np.ndarray, " n"]) -> TTest | None:
    """The plain paired t test of differences that are independent; None where there is none."""
    return corrected_t_test(values, train=1, test=0) if len(values) else None

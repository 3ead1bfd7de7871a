"""Over-passing: the part of a filter that passes frequencies where the labels carry no energy."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Real

from longnn.analysis.measure import Measure, bin_of
from longnn.graphs.oneline import brief


class OverPassing(NamedTuple):
    """What a filter lets through, beside what the labels ask for.

    Attributes:
        share: [...] over-passing of the filter (of each channel), in [0, 1].
        flat: over-passing of g = 1: the total variation distance of labels and spectrum, in bins.
        norm: [...] sum_j rho_j g(lambda_j)^2, so that share * norm is what is over-passed.
        edges: [bins + 1] edges of the bins over [0, 2].
        missing: [bins] max(0, 1 - e_i / rho_i), 0 where the graph has no eigenvalue.
        passed: [bins, ...] share of the norm in each bin; sums to 1.
    """

    share: Float[np.ndarray, "..."] | np.floating
    flat: float
    norm: Float[np.ndarray, "..."] | np.floating
    edges: Float[np.ndarray, " edges"]
    missing: Float[np.ndarray, " bins"]
    passed: Float[np.ndarray, "bins ..."]

    def __repr__(self) -> str:
        return brief(self)


def over_passing(
    values: Real[np.ndarray, "J *C"], density: Measure, energy: Measure, bins: int = 31
) -> OverPassing:
    """Share of the filter's norm that passes where the labels carry less energy than average.

    With rho_i and e_i the shares of the eigenvalues and of the labels' energy in bin i, and
    q_i = sum_{j in i} rho_j g(lambda_j)^2 / sum_j rho_j g(lambda_j)^2 the share of the norm,

        OP(g) = sum_i q_i max(0, 1 - e_i / rho_i).

    White noise at the input leaves the filter with the spectrum q, since ||g(L)||_F^2 is
    N sum_j rho_j g(lambda_j)^2, and e_i / rho_i is the energy of the labels per eigenvalue,
    relative to the mean over the graph. A bin without label energy counts in full, one with half
    the mean by half, one with the mean or more not at all. So

    - OP lies in [0, 1]; it is 0 if and only if g passes only where labels have their mean energy or
      more, and 1 if and only if it passes only where they have none;
    - it does not change when g is multiplied by a number: it compares the same theta in two scales
      of a basis, or two trained filters, by their shape alone (``norm`` has the size);
    - it is linear in q, and continuous; there is no threshold to choose;
    - OP(1) = sum_i max(0, rho_i - e_i), the total variation distance of both (``flat``): what to
      compare with.

    Limits: where the graph has no eigenvalues g is free, and does not count. Bins of few
    eigenvalues make e_i / rho_i noisy, which adds to OP: with n eigenvalues in a bin and C classes,
    labels without regard to edges leave a relative spread of about sqrt(2 / (n (C - 1))); keep
    ``bins`` small, and compare at equal bins. The sign of g is not seen: a filter may pass the
    right frequencies with the wrong one. What passes may be useful to a layer behind the filter.

    Args:
        values: [J] or [J, C], g at ``density.lam``.
        density: of the graph, ``spectral_measure``.
        energy: of the labels, ``signal_measure`` of ``label_signal``; same method as the density.
        bins: the number of equal bins over [0, 2], >= 1.

    Raises:
        ValueError: if values do not fit, are not finite, or are zero at every eigenvalue.
    """
    values = np.asarray(values, np.float64)
    if values.ndim not in (1, 2) or len(values) != len(density.lam):
        raise ValueError(
            f"values must be g at the {len(density.lam)} points of the density, [J] or [J, C], got "
            f"shape {values.shape}; evaluate the filter at density.lam"
        )
    place = bin_of(density.lam, bins)
    rho = np.bincount(place, density.mass, bins)
    wanted = np.bincount(bin_of(energy.lam, bins), energy.mass, bins)
    missing = np.where(rho > 0, np.maximum(1 - wanted / np.where(rho > 0, rho, 1), 0), 0)
    power = np.zeros((bins, *values.shape[1:]))
    np.add.at(power, place, (values.T**2 * density.mass).T)
    norm = power.sum(axis=0)
    if not np.all(np.isfinite(norm) & (norm > 0)):
        raise ValueError(
            f"a filter must be finite and non-zero somewhere on the spectrum, got norms {norm}"
        )
    passed = power / norm
    flat = float(missing @ rho / rho.sum())
    share, edges = np.tensordot(missing, passed, axes=1), np.linspace(0, 2, bins + 1)
    return OverPassing(share, flat, norm, edges, missing, passed)

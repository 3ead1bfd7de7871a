"""The design of the phase diagram in words, as its page has it from before the run."""

from collections.abc import Sequence

from ..report.markdown import markdown_table
from ..report.tables import Table
from . import phase_design as design
from .phase_design import CONTRASTS
from .phase_tests import WORTH


def design_text() -> list[str]:
    """The parts of the page that say what is run, and how it is judged."""
    count = sum(design.GRAPHS[place.family] for place in design.places())
    fits = count * design.SPLITS * len(design.TRIALS)
    factors = Table(
        "Places",
        "every combination of these",
        ("factor", "levels"),
        [
            ("labels of bands sit in", ", ".join(design.LEVELS["bands"])),
            ("noise of bands", _listed(design.NOISE["bands"])),
            ("phi of csbm", ", ".join(design.LEVELS["csbm"])),
            ("mean degree asked for", _listed(design.DEGREES)),
            ("share of the nodes that train", _listed(design.TRAIN)),
            ("order K", _listed(design.ORDERS)),
        ],
    )
    questions = Table(
        "Comparisons",
        "first minus second; all were named before the run",
        ("what", "first", "second"),
        [(c.question, c.first, c.second) for c in CONTRASTS],
    )
    return [
        "LON-GNN learns alpha and beta of its basis. This page asks on generated graphs where that "
        "gains accuracy over a basis that stays fixed, where other ways to have a basis do, and "
        "what else is gained. Whatever comes out is the result.",
        "## The design, written before the run",
        f"Graphs have {design.NODES} nodes, {design.FEATURES} standardised features and two "
        "classes. The labels of `bands` follow from signals in a quarter of the spectrum, and the "
        "edges say nothing else of them; those of `csbm` stand in edges and features "
        "([docs/data.md](../data.md#built-in-synthetic-graphs)). Every graph has "
        f"{100 * design.KEPT:.0f} % of the edges that its mean degree asks for, so that all have "
        "equally many.",
        markdown_table(factors),
        f"These are {len(design.places())} places. At each there are {design.GRAPHS['bands']} "
        f"graphs of `bands` or {design.GRAPHS['csbm']} of `csbm`, with {design.SPLITS} splits "
        f"each and one seed of training for each graph: {count} graphs, {fits:,} fits.",
        f"Every variant is LON-GNN as published (decomposed coefficients that start at ones) with "
        f"{design.HIDDEN} hidden units and the default dropout, trained by Adam at "
        f"{design.RATE} for {design.EPOCHS} epochs; the epoch is selected on "
        f"{100 * design.VALIDATION:.0f} % validation nodes. A *fixed* basis is the same program "
        f"with rate 0 of the basis, *faster* is rate {design.FAST}. *Chosen* is the best of "
        f"{len(design.STARTS)} starts (alpha, beta) by validation accuracy: "
        f"{', '.join(str(pair) for pair in design.STARTS)}. Fixed and learned bases thus have the "
        "same budget. Bases that are given by a recurrence have p_0 = 1 in place of 1 / sqrt(2), "
        "so that their filters start sqrt(2) times as large. Nothing is chosen on test nodes.",
        markdown_table(questions),
        "A *region* is a level of the labels and a share of training nodes, over all else. The "
        "unit is the graph: the mean difference of test accuracy over its splits. Intervals are "
        "95 % (Student's t), p values are corrected by Holm over all regions and comparisons "
        f"together. A difference is sure (`+`, `-`) at a corrected p below 0.05, and worth "
        f"something (`++`, `--`) from {WORTH} points on. `=` is an interval within {WORTH} points "
        "of 0, `?` anything else. Learning pays in a region where it is `++`.",
        "The number of graphs follows from a pilot of 20 graphs of degree 4 and order 4 with other "
        "seeds, of which standard deviations and selected epochs were used, and no mean "
        "difference: by graph the deviations were 0.5 to 2.5 points, so that half intervals of 48 "
        "graphs are 0.16 to 0.47 points for 14 of the 18 pairs of comparison and share of training "
        "nodes; they are 0.55 to 0.71 for three pairs with the density, and for Favard's basis at "
        "5 %. A graph took 5 s of processor time. A fifth of the pilot's runs selected one of the "
        "last ten epochs, so that a difference also says what learns faster. Real datasets are not "
        "part of this design.",
    ]


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)

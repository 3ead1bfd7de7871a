"""``longnn data show`` of many graphs: a generated family, an npz file, or a TU folder."""

import argparse
from pathlib import Path


def holds_graphs(name: str) -> bool:
    """Whether a name is that of many graphs; nothing is imported for other names."""
    if not (name.endswith(("_graphs", ".npz")) or Path(name).is_dir()):
        return False
    from longnn.data.many import shown

    return shown.holds_graphs(name)


def show_graphs(options: argparse.Namespace) -> int:
    """Prints what many graphs hold; of them there is no figure."""
    if options.output is not None:
        raise ValueError(
            f"{options.names[0]} holds many graphs, without a figure; leave --output out"
        )
    from longnn.data.many.shown import load_shown
    from longnn.data.many.statistics import describe

    from .jobs.downloads import logged_warnings

    with logged_warnings():
        data = load_shown(options.names[0], options.overrides)
    for key, value in describe(data).items():
        print(f"{key:28} {value:,}" if isinstance(value, int) else f"{key:28} {value:.4f}")
    print(f"{'labels of':28} {data.level}s\n{'metric':28} {data.metric}")
    print(f"{'shipped splits':28} {', '.join(data.shipped) or 'none'}")
    print(f"{'checksum':28} {data.checksum}")
    return 0

"""What there is to say of how the models of a run ended, and of what they were tested on."""

from longnn.runs.result import Result
from longnn.runs.text import printable


def at_limit(run: Result) -> int:
    """How many of the B models ended at ``max_epochs`` while their patience still lasted.

    Args:
        run: whose config may be older than these settings; then none is counted.
    """
    optim = run.config.get("optim", {})
    most, patience = optim.get("max_epochs"), optim.get("patience")
    if not isinstance(most, int) or not isinstance(patience, int):
        return 0
    return sum(
        row.epochs >= most and row.epochs - row.best_epoch <= patience and not row.diverged
        for row in run.per_run
    )


def limit_note(run: Result) -> str:
    """A sentence on the models that ended at the limit of epochs; empty where none did."""
    count = at_limit(run)
    if not count:
        return ""
    most = run.config["optim"]["max_epochs"]
    return (
        f"{count} of {len(run.per_run)} ended at the limit of {most} epochs, before their patience"
    )


def untested_note(run: Result) -> str:
    """A sentence on the classes that no test part holds; empty where each is tested."""
    if not run.untested:
        return ""
    return f"no test part holds the class(es) {', '.join(map(printable, run.untested))}"

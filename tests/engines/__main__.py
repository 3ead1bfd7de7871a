"""Says which engines are here; names what is missing, with exit code 1.

python -m tests.engines
"""

import sys

from .engine import can_name
from .versions import missing_modules, missing_packages, versions


def main() -> int:
    """Prints the versions, or how to install what is missing."""
    packages, modules = missing_packages(), missing_modules()
    if packages:
        print(f"missing: apt-get install {' '.join(packages)}", file=sys.stderr)
    if modules:
        print(f'missing {", ".join(modules)}: pip install "longnn[engines]"', file=sys.stderr)
    if packages or modules:
        return 1
    print(*(f"{name} {version}" for name, version in versions().items()), sep=", ")
    if not can_name():
        print("unshare --uts is not permitted: all nodes have the host name of this machine")
    return 0


if __name__ == "__main__":
    sys.exit(main())

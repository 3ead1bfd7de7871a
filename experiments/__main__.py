"""``python -m longnn.experiments COMMAND ...``: the command ``longnn``, for subprocesses."""

import sys

from .command import main

if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the current directory, which -m puts first: import_from_here, last
    sys.exit(main())

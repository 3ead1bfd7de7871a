"""``longnn completion SHELL``: print the script that completes ``longnn`` with the tab key."""

import argparse

import argcomplete

EPILOG = """Try it in this shell:            eval "$(longnn completion bash)"
Keep it for every new shell:     longnn completion bash >> ~/.bashrc

  longnn <TAB>                          the commands
  longnn train dataset=<TAB>            the datasets; other groups likewise
  longnn train model.or<TAB>            the keys of the model that is chosen on the line
  longnn train --<TAB>                  the options; those of other commands likewise"""


def parser() -> argparse.ArgumentParser:
    """The command line of ``longnn completion``."""
    found = argparse.ArgumentParser(
        prog="longnn completion",
        description="Print the script with which a shell completes longnn with the tab key.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found.add_argument("shell", choices=("bash",), help="the shell that will read the script")
    return found


def main(arguments: list[str] | None = None) -> None:
    """Prints the script."""
    options = parser().parse_args(arguments)
    print(argcomplete.shellcode(["longnn"], shell=options.shell))

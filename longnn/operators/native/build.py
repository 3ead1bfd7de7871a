"""``longnn build``: compiles the native kernels for this machine.

Without a compiler it says so and ends without an error: everything runs in pure JAX then.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import jax.ffi

from longnn.operators.native.library import FLAGS, SOURCES, library_path


def parser() -> argparse.ArgumentParser:
    """The command line of ``longnn build``: it takes no argument."""
    return argparse.ArgumentParser(
        prog="longnn build",
        description="Compile the C++ kernels with which models train faster on this CPU, with $CXX "
        "or else the first of c++, g++ and clang++. They are found at the next start, and built "
        "again after a change of jax or of the processor. Without a compiler everything runs in "
        "pure JAX; LONGNN_NATIVE=0 switches the kernels off, and longnn doctor says whether they "
        "are used.",
    )


def main(arguments: list[str] | None = None) -> None:
    """Builds the kernels unless they are built already, and removes older builds.

    Args:
        arguments: the command line without the program's name; None: that of the process.
    """
    parser().parse_args(arguments)
    target = library_path()
    if target.exists():
        print(f"native kernels: {target.name} is up to date")
        return
    compiler = find_compiler()
    if compiler is None:
        print("native kernels: no C++ compiler found (g++, clang++ or $CXX); pure JAX will be used")
        return
    problem = compile_to(target, compiler)
    if problem:
        print(
            f"native kernels: {compiler} failed, pure JAX will be used\n{problem}", file=sys.stderr
        )
        return
    for old in SOURCES.glob("_kernels-*.so"):
        if old != target:
            old.unlink()
    print(f"native kernels: built {target.name} with {compiler}")


def find_compiler() -> str | None:
    """Path of the C++ compiler: ``$CXX``, else the first of c++, g++ and clang++ found."""
    names = [os.environ["CXX"]] if os.environ.get("CXX") else ["c++", "g++", "clang++"]
    return next((path for path in map(shutil.which, names) if path), None)


def compile_to(target: Path, compiler: str) -> str | None:
    """Compiles the kernels under a temporary name, then moves them into place.

    Args:
        target: the file to make; its folder has to exist.
        compiler: path of the C++ compiler.

    Returns:
        The end of the compiler's message, or why the file cannot be written; None if it was made.
    """
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            built = Path(folder) / "kernels.so"
            include = ["-isystem", jax.ffi.include_dir()]
            source = str(SOURCES / "kernels.cc")
            command = [compiler, *FLAGS, *include, source, "-o", str(built)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                return f"exit status {done.returncode}: {done.stderr[-2000:]}"
            built.replace(target)
    except OSError as error:  # a read-only installation
        return str(error)
    return None


if __name__ == "__main__":
    main()

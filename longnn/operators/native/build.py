"""Compiles the native kernels for this machine; ``longnn build`` calls it.

Without a compiler it says so and ends without an error: everything runs in pure JAX then.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import jax.ffi

from longnn.operators.native.library import FLAGS, SOURCES, library_path


def main() -> None:
    """Builds unless it is built already; older builds are removed."""
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
    """Compiles under a temporary name, then moves into place; the compiler's message or None."""
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

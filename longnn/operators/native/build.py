"""``longnn build``: compiles the native kernels for this machine.

Without a compiler it says so and ends without an error: everything runs in pure JAX then.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jax.ffi

from longnn.operators import measured
from longnn.operators.native.library import SOURCES, library_path, status
from longnn.operators.native.variants import FLAGS, Variant, variants_here, variants_of


def parser() -> argparse.ArgumentParser:
    """The command line of ``longnn build``."""
    parser = argparse.ArgumentParser(
        prog="longnn build",
        description="Compile the C++ kernels with which models train faster on this CPU, with $CXX "
        "or else the first of c++, g++ and clang++; load them; and time them against pure JAX, "
        "which decides what backend=auto takes here. They are built again after a change of the "
        "sources. Without a compiler everything runs in pure JAX; LONGNN_NATIVE=0 switches the "
        "kernels off, and longnn doctor says whether they are used.",
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="compile for every kind of processor of this architecture, not for this one alone",
    )
    return parser


def main(arguments: list[str] | None = None) -> None:
    """Builds the kernels unless they are built already, removes older builds, and loads them.

    Args:
        arguments: the command line without the program's name; None: that of the process.
    """
    options = parser().parse_args(arguments)
    wanted = variants_of(platform.machine()) if options.all else variants_here()[:1]
    problem = build_variants(wanted, SOURCES)
    if problem:
        print(f"native kernels: {problem}; pure JAX will be used", file=sys.stderr)
        return
    status.cache_clear()
    active, reason, _ = status()
    print(f"native kernels: {'active' if active else 'not used'}: {reason}")
    if active:
        print(f"backend=auto: {measured.verdict()}")


def build_variants(variants: Sequence[Variant], folder: Path) -> str | None:
    """Compiles what is not built yet, and then removes what other sources were compiled to.

    Args:
        variants: the kinds of processor to compile for.
        folder: where the libraries are written.

    Returns:
        What went wrong, or None.
    """
    for variant in variants:
        target = folder / library_path(variant).name
        if target.exists():
            print(f"native kernels: {target.name} is up to date")
            continue
        compiler = find_compiler()
        if compiler is None:
            return "no C++ compiler found (g++, clang++ or $CXX)"
        problem = compile_to(target, compiler, variant)
        if problem:
            return f"{compiler} failed, {problem}"
        print(f"native kernels: built {target.name} with {compiler}")
    _remove_others(folder)
    return None


def _remove_others(folder: Path) -> None:
    """Removes what other sources were compiled to; other versions of jaxlib keep theirs."""
    current = [library_path(variant, "*").name for variant in variants_of(platform.machine())]
    for old in folder.glob("_kernels-*.so"):
        if not any(old.match(pattern) for pattern in current):
            old.unlink()


def find_compiler() -> str | None:
    """Path of the C++ compiler: ``$CXX``, else the first of c++, g++ and clang++ found."""
    names = [os.environ["CXX"]] if os.environ.get("CXX") else ["c++", "g++", "clang++"]
    return next((path for path in map(shutil.which, names) if path), None)


def compile_to(target: Path, compiler: str, variant: Variant) -> str | None:
    """Compiles the kernels under a temporary name, then moves them into place.

    Args:
        target: the file to make; its folder has to exist.
        compiler: path of the C++ compiler.
        variant: the kind of processor.

    Returns:
        The end of the compiler's message, or why the file cannot be written; None if it was made.
    """
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            built = Path(folder, "kernels.so")
            problem = _compile(compiler, variant, built)
            if problem is None:
                built.replace(target)
    except OSError as error:  # a read-only installation
        return str(error)
    return problem


def _compile(compiler: str, variant: Variant, built: Path) -> str | None:
    """Both number types at once, then linked; what the compiler said where it failed."""
    flags = [compiler, *FLAGS, *variant.flags]
    sources = sorted(SOURCES.glob("*.cc"))
    objects = {source: built.parent / f"{source.stem}.o" for source in sources}
    include = ["-isystem", jax.ffi.include_dir()]
    commands = [
        [*flags, *include, "-c", str(source), "-o", str(made)] for source, made in objects.items()
    ]
    with ThreadPoolExecutor() as pool:
        problems = [problem for problem in pool.map(_run, commands) if problem]
    link = [*flags, *map(str, objects.values()), *os.environ.get("LDFLAGS", "").split()]
    return problems[0] if problems else _run([*link, "-o", str(built)])


def _run(command: list[str]) -> str | None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"exit status {done.returncode}: {done.stderr[-2000:]}" if done.returncode else None


if __name__ == "__main__":
    main()

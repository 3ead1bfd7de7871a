"""Wheels of longnn: of Python alone, or with the compiled kernels where LONGNN_KERNELS=1 is set.

``make wheels`` sets it. Everything else about the distribution is in setup.cfg.
"""

import os
import platform
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

KERNELS = os.environ.get("LONGNN_KERNELS") == "1"


class BuildWithKernels(build_py):
    """Compiles the kernels for every kind of processor of this architecture into the wheel."""

    def run(self) -> None:
        """Copies the modules, then compiles."""
        super().run()
        if not KERNELS:
            return
        from longnn.operators.native.build import build_variants
        from longnn.operators.native.variants import variants_of

        folder = Path(self.build_lib, "longnn", "operators", "native")
        problem = build_variants(variants_of(platform.machine()), folder)
        if problem:
            raise SystemExit(f"native kernels: {problem}")


class PlatformWheel(bdist_wheel):
    """A wheel for every Python of one platform: the kernels know no Python."""

    def get_tag(self) -> tuple[str, str, str]:
        """(Python, ABI, platform): any Python 3."""
        return ("py3", "none", super().get_tag()[2])


class Platform(Distribution):
    """Says to setuptools whether the wheel holds code of a platform."""

    def has_ext_modules(self) -> bool:
        """True with the kernels, which are no extension modules but are packed as such."""
        return KERNELS


setup(distclass=Platform, cmdclass={"build_py": BuildWithKernels, "bdist_wheel": PlatformWheel})

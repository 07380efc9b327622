"""The build backend: scikit-build-core, with two additions that its configuration has no words for.

The library's sources lie above this folder. A source distribution gets a copy of them (folder `native`), so that it
builds by itself; pyproject.toml says where to look in either case. And a wheel whose library asks for nothing newer
than glibc 2.17 says so in its name, as the platform tag manylinux_2_17.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from scikit_build_core.build import build_sdist as _build_sdist
from scikit_build_core.build import build_wheel as _build_wheel
from scikit_build_core.build import (  # noqa: F401
    build_editable,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

# What the library is built from; the folders of the other instruction sets are links to Kernels.
NATIVE = ["CMakeLists.txt", "LICENSE", "include", "Sources"]
LINKS = ["KernelsAVX2", "KernelsAVX512"]
OLDEST_GLIBC = (2, 17)


def build_sdist(directory: str, config_settings: dict[str, Any] | None = None) -> str:
    """A source distribution with the library's sources in it."""
    here = Path.cwd()
    if (here / "native").is_dir():  # made from a source distribution
        return str(_build_sdist(directory, config_settings))
    with tempfile.TemporaryDirectory() as scratch:
        package = Path(scratch) / "package"
        ignored = shutil.ignore_patterns("__pycache__", "build", "dist", "*.so", "*.egg-info", ".*")
        shutil.copytree(here, package, ignore=ignored)
        for name in NATIVE:
            source, target = here / ".." / ".." / name, package / "native" / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns(*LINKS, ".*"))
            else:
                target.parent.mkdir(exist_ok=True)
                shutil.copyfile(source, target)
        shutil.copyfile(package / "native" / "LICENSE", package / "LICENSE")
        directory = str(Path(directory).resolve())
        os.chdir(package)
        try:
            return str(_build_sdist(directory, config_settings))
        finally:
            os.chdir(here)


def build_wheel(
    directory: str, config_settings: dict[str, Any] | None = None, metadata_directory: str | None = None
) -> str:
    """A wheel, with the oldest platform that its library runs on in its name."""
    name = str(_build_wheel(directory, config_settings, metadata_directory))
    wheel = Path(directory) / name
    tag = f"linux_{platform.machine()}"
    if not name.endswith(f"-{tag}.whl") or not needs_only_old_glibc(wheel):
        return name
    major, minor = OLDEST_GLIBC
    tags = [sys.executable, "-m", "wheel", "tags", "--remove", f"--platform-tag=manylinux_{major}_{minor}_{platform.machine()}"]
    return subprocess.run([*tags, str(wheel)], check=True, capture_output=True, text=True).stdout.split()[-1]


def needs_only_old_glibc(wheel: Path) -> bool:
    """Whether the library in the wheel names no version of glibc's symbols that is too new."""
    with zipfile.ZipFile(wheel) as archive:
        library = archive.read("xent/libxent.so")
    versions = re.findall(rb"\0GLIBC_(\d+)\.(\d+)", library)
    return bool(versions) and all((int(a), int(b)) <= OLDEST_GLIBC for a, b in versions)

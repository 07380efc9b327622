"""What the figures were measured on."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

from native import COMPILER
from timing import PROCESSORS

_CACHE = Path("/sys/devices/system/cpu/cpu0/cache")


def _lscpu() -> dict[str, str]:
    try:
        lines = subprocess.run(["lscpu"], capture_output=True, text=True, env={"LC_ALL": "C"}).stdout.splitlines()
    except OSError:
        return {}
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}


def _caches() -> list[tuple[str, int]]:
    """The data caches of the first processor, as name and bytes, the nearest first."""
    found = []
    for folder in sorted(_CACHE.glob("index*")):
        try:
            kind, level, size = ((folder / name).read_text().strip() for name in ("type", "level", "size"))
        except OSError:
            continue
        if kind != "Instruction" and size.endswith("K"):
            found.append((f"L{level}", int(size[:-1]) << 10))
    return found


def last_level_cache() -> int:
    """Bytes of the largest cache; 32 MiB where the system does not say."""
    return max((size for _, size in _caches()), default=32 << 20)


def _amount(size: int) -> str:
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB"


def description() -> list[str]:
    """The processor, its caches, and the system, a line each."""
    cpu = _lscpu()
    model = cpu.get("Model name", platform.machine())
    numbers = {"family": cpu.get("CPU family"), "model": cpu.get("Model")}
    family = ", ".join(f"{name} {number}" for name, number in numbers.items() if number)
    virtual = f", in a virtual machine ({cpu['Hypervisor vendor']})" if "Hypervisor vendor" in cpu else ""
    caches = ", ".join(f"{name} {_amount(size)}" for name, size in _caches())
    compiler = subprocess.run([COMPILER, "--version"], capture_output=True, text=True).stdout.splitlines()
    return [
        f"Processor: {model}{f' ({family})' if family else ''}, {len(PROCESSORS)} processors used{virtual}",
        f"Caches: {caches or 'not known'}",
        f"System: {platform.system()} {platform.release()}, {' '.join(platform.libc_ver())}, "
        f"Python {platform.python_version()}, helpers compiled by {compiler[0] if compiler else 'nothing'}",
    ]

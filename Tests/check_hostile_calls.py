#!/usr/bin/env python3
"""Fuzzes the C interface for a while, from the corpus in Tests/Fuzz/corpus.txt (one input a line, in hexadecimal).

usage: check_hostile_calls.py FUZZER FOLDER [--seconds 60] [--keep N]

FUZZER is xent_fuzz of a build with XENT_SANITIZE=address,fuzzer. With --keep, the corpus is written anew: of the old inputs
and those found, the N whose coverage is largest together.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

CORPUS = Path(__file__).resolve().parent / "Fuzz" / "corpus.txt"
LONGEST = 160


def unpack(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, line in enumerate(CORPUS.read_text().split()):
        (folder / f"{number:05}").write_bytes(bytes.fromhex(line))


def fuzz(fuzzer: Path, folder: Path, *options: str) -> str:
    """What the fuzzer says; a fault that it finds ends the check."""
    command = [str(fuzzer), f"-max_len={LONGEST}", f"-artifact_prefix={folder}/fault-", *options]
    result = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if result.returncode:
        print("\n".join(result.stderr.splitlines()[-60:]))
        for fault in folder.glob("fault-*"):
            print(f"FAILED: {fault.name}; the line of the corpus that repeats it:\n{fault.read_bytes().hex()}")
        raise SystemExit(1)
    return result.stderr


def keep(fuzzer: Path, found: Path, folder: Path, most: int) -> None:
    """Writes the corpus: the smallest inputs that together reach all that was reached, then the first `most` of them."""
    merged = folder / "merged"
    shutil.rmtree(merged, ignore_errors=True)
    merged.mkdir()
    fuzz(fuzzer, folder, "-merge=1", str(merged), str(found))
    inputs = sorted((path.read_bytes() for path in merged.iterdir()), key=lambda data: (len(data), data))
    step = max(1, len(inputs) // most)
    CORPUS.write_text("".join(data.hex() + "\n" for data in inputs[::step][:most] if data))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("fuzzer", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--keep", type=int, default=0, metavar="N")
    arguments = parser.parse_args()
    found = arguments.folder / "corpus"
    unpack(found)
    said = fuzz(
        arguments.fuzzer, arguments.folder, f"-max_total_time={arguments.seconds}", "-len_control=0",
        "-print_final_stats=1", str(found))
    runs = re.search(r"number_of_executed_units: (\d+)", said)
    coverage = re.findall(r"cov: (\d+)", said)
    print(f"{runs.group(1) if runs else 'no'} calls, {coverage[-1]} edges reached, 0 faults")
    if arguments.keep:
        keep(arguments.fuzzer, found, arguments.folder, arguments.keep)
    return 0


if __name__ == "__main__":
    sys.exit(main())

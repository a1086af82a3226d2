"""Counts instructions, allocations and memory of the cases of this package, for `benches/gate` and `benches/report`."""

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
TIMES = (500, 1000)

# The C library chooses its memcpy by the processor. With the oldest one, the count is the same on each.
ENVIRONMENT = {"PATH": os.environ["PATH"], "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX2,-AVX,-ERMS,-FSRM", "LC_ALL": "C"}


def output(*command, **options):
    return subprocess.run(command, cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE, **options).stdout


def build():
    """Builds the programs, and checks that the code by hand sends the same responses."""
    command = ["cargo", "build", "--locked", "--release", "-p", "benches", "--bins"]
    subprocess.run(command, cwd=ROOT, check=True)
    output(FOLDER / "instructions", "--check")


def allocations(names):
    """Returns (allocations, bytes) of one turn of each case."""
    lines = output(FOLDER / "allocations", *names).splitlines()
    return {name: (int(count), int(size)) for count, size, name in (line.split("\t") for line in lines)}


def memory():
    """Returns (live heap bytes, requests) by layer and state."""
    lines = output(FOLDER / "memory").splitlines()
    return {(layer, state): (int(size), int(requests)) for size, requests, layer, state in (line.split("\t") for line in lines)}


def count(case):
    """Returns the instructions of one turn: the difference of two runs, which start and end alike."""
    counts = [callgrind(case, times, "/dev/null") for times in TIMES]
    return (counts[1] - counts[0]) / (TIMES[1] - TIMES[0])


def callgrind(case, times, file):
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={file}", FOLDER / "instructions", case, str(times)]
    run = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    found = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode or not found:
        sys.exit(f"error: valgrind failed on {case}:\n{run.stderr}")
    return int(found[1])


def instructions(names):
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(names, pool.map(count, names)))


def parts(case, patterns):
    """Returns the instructions of one turn by the first pattern that a function's name matches."""
    found = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for times, sign in zip(TIMES, (-1, 1)):
            callgrind(case, times, f"{folder}/out")
            listed = output("callgrind_annotate", "--threshold=100", "--show-percs=no", f"{folder}/out")
            for number, name in re.findall(r"^ *([\d,]+)  \S*?:(.*)$", listed, flags=re.M):
                part = next(part for part, pattern in patterns.items() if re.search(pattern, name))
                found[part] += sign * int(number.replace(",", "")) / (TIMES[1] - TIMES[0])
    return found

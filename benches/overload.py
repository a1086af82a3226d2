"""Overloads a server with the layer, and one with axum's HandleErrorLayer, in turn."""

import statistics
import subprocess
import tempfile
from pathlib import Path

import measure

CONNECTIONS, REQUESTS, ROUNDS = 1000, 40000, 25
LAYER, HAND = "StatusMapLayer", "HandleErrorLayer"


def load(port, log):
    """Returns the share of 503s that arrive, and their median and 99th percentile in microseconds."""
    command = ["h2load", "--h1", "-n", str(REQUESTS), "-c", str(CONNECTIONS), "--log-file", log, f"http://127.0.0.1:{port}/work"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=300)
    rows = [line.split("\t") for line in Path(log).read_text().splitlines()]
    Path(log).unlink()
    times = sorted(int(time) for _, status, time in rows if status == "503")
    served = sum(status == "200" for _, status, _ in rows)
    return len(times) / (REQUESTS - served), statistics.median(times), times[len(times) * 99 // 100]


def section():
    found = {LAYER: [], HAND: []}
    processes, ports = [], {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            for name in found:
                processes.append(subprocess.Popen([measure.FOLDER / "server", name], stdout=subprocess.PIPE, text=True))
                ports[name] = int(processes[-1].stdout.readline())
            for turn in range(ROUNDS):
                # The second one of a round is not always the same.
                for name in sorted(found, reverse=turn % 2 == 1):
                    found[name].append(load(ports[name], f"{folder}/log"))
        finally:
            for process in processes:
                process.terminate()
                process.wait()
    lines = [
        f"One request at a time is let in and takes 10 ms; tower's load-shed refuses the others. {REQUESTS:,} requests over",
        f"{CONNECTIONS:,} connections to two servers that send the same 503, in {ROUNDS} alternating rounds. Each time is divided by",
        "that of the other server in the same round: the median of the rounds, with the lowest and the highest.",
        "",
        "| outside of load-shed | 503s that arrive, in the worst round (%) | their median time (ratio) | their 99th percentile (ratio) |",
        "|---|--:|--:|--:|",
    ]
    for name, rounds in found.items():
        share = min(share for share, _, _ in rounds)
        times = [beside([ours[at] / theirs[at] for ours, theirs in zip(rounds, found[HAND])]) for at in (1, 2)]
        lines.append(f"| `{name}` | {100 * share:.3f} | {' | '.join('1' if name == HAND else time for time in times)} |")
    return lines


def beside(ratios):
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"

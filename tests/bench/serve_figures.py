"""Pages: how many a second against a fixed body, how their time grows with series, and how fresh they are."""

import math
import os
import re
import subprocess
import time

import bench
import harness
from bench import CORE, LOAD_CORE, is_installed, p99
from helper import Helper
from load import work_health
from measure import Reader
from protocol import Emitter
from push_figures import DEFINE, DELTAS, definitions, deltas
from table import median

INTERVAL_MS = 20


def wrk(address, path, seconds):
    """(requests a second, p99 in ms)"""
    command = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", "-c16", f"-d{seconds}s", "--latency"]
    asked = subprocess.run([*command, f"http://{address}{path}"], capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", asked).group(1))
    size, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", asked).groups()
    if "Non-2xx" in asked:
        raise AssertionError(f"{path}: not every answer was 200")
    return rate, float(size) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def http(all_of_it):
    if all_of_it.is_smoke and not is_installed("wrk"):
        return
    quipud = all_of_it.quipud()
    maild = harness.Maild(all_of_it.folder, quipud.ingest, name="maild-http")
    all_of_it.running.append(maild)
    reader = Reader(quipud.address)
    harness.wait_until(lambda: "chasquid/smtpIn/commandCount" in reader.json("/debug/vars"), "the vocabulary")
    for path in ("/debug/vars", "/metrics"):
        size = len(reader.read(path)[2])
        fixed = all_of_it.program(bench.in_build("tests", "bench", "fixed-body"), size, core=CORE,
                                  stdout=subprocess.PIPE, text=True)
        fixed_address = f"127.0.0.1:{fixed.stdout.readline().strip()}"
        ours, theirs = [], []
        for _ in range(all_of_it.rounds):
            ours.append(wrk(quipud.address, path, 1))
            theirs.append(wrk(fixed_address, "/", 1))
        fixed.kill()
        rate, peer = median([r for r, _ in ours]), median([r for r, _ in theirs])
        all_of_it.row(f"GET {path} [{size} B]", rate, "fixed body", peer, "0.85x", rate >= 0.85 * peer, "/s", is_rate=True)
        late, peer = median([t for _, t in ours]), median([t for _, t in theirs])
        all_of_it.row(f"GET {path}, p99", late, "fixed body", peer, "twice", late <= 2 * peer, "ms")


def page_ms(reader, path, repeats):
    times, size = [], 0
    for _ in range(repeats):
        elapsed, _, body = reader.read(path)
        times.append(elapsed)
        size = len(body)
    return median(times), size


def with_series(all_of_it, count):
    quipud = all_of_it.quipud("--history_series=0", name=f"quipud-{count}")
    emitter = Emitter(quipud.ingest, os.urandom(16), program="bench")
    for first in range(0, count, 8000):
        few = min(8000, count - first)
        emitter.send(DEFINE, definitions(few, first))
        emitter.send(DELTAS, deltas(first + 1, few))
    reader = Reader(quipud.address)
    harness.wait_until(lambda: len(reader.json("/debug/vars").get("bench/updates", {})) == count, f"{count} series", 60)
    return quipud, emitter, reader


def scale(all_of_it):
    small, large = (1000, 5000) if all_of_it.is_smoke else (1000, 100_000)
    sides = [with_series(all_of_it, count) for count in (small, large)]
    for path in ("/debug/vars", "/metrics"):
        per_side = [[], []]
        for _ in range(all_of_it.rounds):
            for i, (_, _, reader) in enumerate(sides):
                per_side[i].append(page_ms(reader, path, 3))
        (few, few_bytes), (many, many_bytes) = [(median([t for t, _ in s]), s[-1][1]) for s in per_side]
        exponent = math.log(many / few) / math.log(many_bytes / few_bytes)
        all_of_it.row(f"GET {path} at {large} series [{many_bytes} B]", many, f"at {small}", few,
                      f"exponent {exponent:.2f} of the body, at most 1", exponent <= 1.02, "ms")
    quipud, _, reader = sides[1]
    health = Helper(work_health, quipud.address)
    longest = {}
    time.sleep(0.3)
    for path in ("", "/debug/vars", "/metrics"):
        begin = time.monotonic()
        for _ in range(all_of_it.rounds):
            if path:
                reader.read(path)
            else:
                time.sleep(0.2)
        longest[path] = begin, time.monotonic()
    seen = health.stop()
    for path, (begin, end) in longest.items():
        late = max(ms for when, ms, _ in seen if begin <= when <= end)
        if path:
            all_of_it.row(f"longest stall by {path} at {large} series", late, "without", quiet, "5 ms", late < 5, "ms")
        else:
            quiet = late


def latency(all_of_it):
    quipud = all_of_it.quipud()
    samples = 10 if all_of_it.is_smoke else 40
    port = quipud.address.rpartition(":")[2]
    program = [bench.in_build("tests", "bench", "latency"), quipud.ingest, port, str(samples), str(INTERVAL_MS)]
    pushed, flushed = [], []
    for _ in range(all_of_it.rounds):
        asked = subprocess.run(["taskset", "-c", str(LOAD_CORE), *program], capture_output=True, text=True, check=True)
        times = [float(line) for line in asked.stdout.split()]
        pushed += times[:samples]
        flushed += times[samples:]
    late = p99(pushed) / 1000
    all_of_it.row("add() to the byte on /debug/vars, p99", late, "flush interval", INTERVAL_MS, "5 ms more",
                  late <= INTERVAL_MS + 5, "ms")
    all_of_it.row("flush() to the byte, median", median(flushed), goal="300 us", is_met=median(flushed) < 300, unit="us")
    all_of_it.row("flush() to the byte, p99", p99(flushed), unit="us")


FIGURES = {"http": http, "scale": scale, "latency": latency}

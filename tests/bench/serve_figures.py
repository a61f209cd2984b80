"""Pages: how many a second against a fixed body, how their time grows with series, and how fresh they are."""

import os
import re
import subprocess
import time

import bench
import harness
from bench import CORE, LOAD_CORE, exponent, is_installed, on_core, p99
from helper import Helper
from load import work_health
from measure import Reader
from peers import chasquid_with_pages, some_mail
from protocol import Emitter, chunk, number
from push_figures import DEFINE, DELTAS, definitions, deltas
from table import median

INTERVAL_MS = 20


def wrk(address, path, seconds, connections=16):
    """(requests a second, p99 in ms, requests)"""
    command = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    asked = subprocess.run([*command, f"http://{address}{path}"], capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", asked).group(1))
    requests = int(re.search(r"(\d+) requests in", asked).group(1))
    size, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", asked).groups()
    if "Non-2xx" in asked or requests == 0:
        raise AssertionError(f"{path}: not every answer was 200, or there was none:\n{asked}")
    return rate, float(size) * {"us": 0.001, "ms": 1, "s": 1000}[unit], requests


def work_pulse(pipe, path):
    """A mail daemon with something to push at every flush interval, so that no page is as it was a moment ago."""
    os.sched_setaffinity(0, {LOAD_CORE})
    emitter = Emitter(path, os.urandom(16), program="bench")
    family = number(1, 1) + chunk(2, "chasquid/queue/putCount")
    emitter.send(DEFINE, chunk(1, family) + chunk(2, number(1, 1) + number(2, 1)))
    while not pipe.poll(0.1):
        emitter.send(DELTAS, deltas(1, 1))


def with_mail(all_of_it, name):
    """quipud beside a maild that has taken some mail and another one that goes on, and its reader."""
    quipud = all_of_it.quipud()
    some_mail(all_of_it.maild(quipud, name).port, "user@localhost")
    reader = Reader(quipud.address)

    def has_come():
        return reader.json("/debug/vars").get("chasquid/queue/deliverAttempts", {}).get("email:local") == 3

    harness.wait_until(has_come, "the deliveries are counted")
    all_of_it.running.append(Helper(work_pulse, quipud.ingest))
    return quipud, reader


def http(all_of_it):
    if not is_installed("wrk"):
        return
    quipud, reader = with_mail(all_of_it, "maild-http")
    chasquid = chasquid_with_pages(all_of_it)
    for path in ("/debug/vars", "/metrics"):
        size = len(reader.read(path)[2])
        fixed = all_of_it.program(bench.in_build("tests", "bench", "fixed-body"), size, core=CORE,
                                  stdout=subprocess.PIPE, text=True)
        sides = {"ours": (quipud.address, path)}
        sides["fixed body"] = f"127.0.0.1:{fixed.stdout.readline().strip()}", "/"
        if chasquid:
            sides["chasquid"] = chasquid.monitoring, path
        seen = {side: [] for side in sides}
        for _ in range(all_of_it.rounds):
            for side, where in sides.items():
                seen[side].append(wrk(*where, 1))
        fixed.kill()
        rates = {side: median([rate for rate, _, _ in rounds]) for side, rounds in seen.items()}
        late = {side: median([ms for _, ms, _ in rounds]) for side, rounds in seen.items()}
        all_of_it.row(f"GET {path} [{size} B]", rates["ours"], "fixed body", rates["fixed body"], "0.85x",
                      rates["ours"] >= 0.85 * rates["fixed body"], "/s", is_rate=True)
        if chasquid:
            peer = f"chasquid [{len(chasquid.get(path))} B]"
            all_of_it.row("", rates["ours"], peer, rates["chasquid"], "6x", rates["ours"] >= 6 * rates["chasquid"],
                          "/s", is_rate=True)
        all_of_it.row(f"GET {path}, p99", late["ours"], "fixed body", late["fixed body"], "at most twice",
                      late["ours"] <= 2 * late["fixed body"], "ms")
        if chasquid:
            all_of_it.row("", late["ours"], "chasquid", late["chasquid"], unit="ms")


def read_anew(emitter, reader, path):
    """(ms, bytes) of a page in which something has changed."""
    emitter.send(DELTAS, deltas(1, 1))
    time.sleep(0.002)  # it is taken
    elapsed, _, body = reader.read(path)
    return elapsed, len(body)


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
            for i, (_, emitter, reader) in enumerate(sides):
                per_side[i] += [read_anew(emitter, reader, path) for _ in range(3)]
        (few, few_bytes), (many, many_bytes) = [(median([t for t, _ in s]), s[-1][1]) for s in per_side]
        growth = exponent([(few_bytes, few), (many_bytes, many)])
        all_of_it.row(f"GET {path} at {large} series [{many_bytes} B]", many, f"at {small}", few,
                      f"exponent {growth:.2f} of the body, at most 1", growth <= 1.02, "ms")
    stalls(all_of_it, *sides[1][:2], large)


def work_pages(pipe, emitter, address, path, reads):
    """Reads the page so many times, and for 0.2 s at least; then says so."""
    reader = Reader(address)
    begin = time.monotonic()
    while reads > 0 or time.monotonic() < begin + 0.2:
        reads -= 1
        read_anew(emitter, reader, path)
    pipe.send("done")


def stalls(all_of_it, quipud, emitter, series):
    """How long /healthz waits while such a page is made, at most.

    Who asks for it goes before who reads the page, on the core of both: one that has to wait for the other's time slice
    would say nothing about quipud.
    """
    windows = {}
    with on_core(LOAD_CORE):
        health = Helper(work_health, quipud.address)
        time.sleep(0.3)
        for path in ("", "/debug/vars", "/metrics"):
            begin = time.monotonic()
            if path:
                nice = 0 if all_of_it.is_smoke else 19  # other tests may run beside
                pages = Helper(work_pages, emitter, quipud.address, path, all_of_it.rounds, nice=nice)
                pages.receive(60)
                pages.process.join()
            else:
                time.sleep(0.2 * all_of_it.rounds)
            windows[path] = begin, time.monotonic()
    seen = health.stop()
    late = {}
    for path, (begin, end) in windows.items():
        waits = [ms for when, ms, _ in seen if when <= end and when + ms / 1000 >= begin]
        if not waits:
            raise AssertionError(f"/healthz was not asked while {path or 'nothing'} was read")
        late[path] = max(waits)
    for path in ("/debug/vars", "/metrics"):
        all_of_it.row(f"longest stall by {path} at {series} series", late[path], "without", late[""], "5 ms",
                      late[path] < 5, "ms")


def latency(all_of_it):
    quipud = all_of_it.quipud()
    fixed = all_of_it.program(bench.in_build("tests", "bench", "fixed-body"), 4096, core=CORE,
                              stdout=subprocess.PIPE, text=True)
    samples = 10 if all_of_it.is_smoke else 40
    port = quipud.address.rpartition(":")[2]
    program = [bench.in_build("tests", "bench", "latency"), quipud.ingest, port, str(samples), str(INTERVAL_MS)]
    program.append(fixed.stdout.readline().strip())
    pushed, flushed, answered = [], [], []
    for _ in range(all_of_it.rounds):
        asked = subprocess.run(["taskset", "-c", str(LOAD_CORE), *program], capture_output=True, text=True, check=True)
        times = [float(line) for line in asked.stdout.split()]
        pushed += times[:samples]
        flushed += times[samples:2 * samples]
        answered += times[2 * samples:]
    late = p99(pushed) / 1000
    all_of_it.row("add() to the byte on /debug/vars, p99", late, "flush interval", INTERVAL_MS, "5 ms more",
                  late <= INTERVAL_MS + 5, "ms")
    all_of_it.row("flush() to the byte, median", median(flushed), "an answer of the fixed body alone", median(answered),
                  "300 us", median(flushed) < 300, "us")
    all_of_it.row("flush() to the byte, p99", p99(flushed), unit="us")


FIGURES = {"http": http, "scale": scale, "latency": latency}

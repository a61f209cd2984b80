"""What quipud costs while little happens: memory, wake-ups, processor time, and how soon it serves."""

import os
import time

import harness
from bench import processor_ns, pss
from measure import Reader
from serve_figures import with_series
from table import median

MIB = 1024 * 1024


def with_vocabulary(all_of_it):
    start = time.monotonic()
    quipud = all_of_it.quipud("--history_series=0")
    started = time.monotonic() - start
    all_of_it.running.append(harness.Maild(all_of_it.folder, quipud.ingest, name="maild-idle"))
    reader = Reader(quipud.address)
    harness.wait_until(lambda: "chasquid/smtpIn/commandCount" in reader.json("/debug/vars"), "the vocabulary")
    return quipud, started


def memory(all_of_it):
    quipud, _ = with_vocabulary(all_of_it)
    time.sleep(0.5)
    idle = pss(quipud.pid) / MIB
    all_of_it.row("memory of quipud with the vocabulary, PSS", idle, goal="8 MiB", is_met=idle < 8, unit="MiB")
    few, many = 1000, 21_000
    if all_of_it.is_smoke:
        many = 5000
    sizes = [pss(with_series(all_of_it, count)[0].pid) for count in (few, many)]
    each = (sizes[1] - sizes[0]) / (many - few)
    all_of_it.row("memory of a further series, with its pages read once", each, goal="200 B", is_met=each < 200, unit="B")


def switches(pid):
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as lines:
            total += sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt"))
    return total


def idle(all_of_it):
    quipud, _ = with_vocabulary(all_of_it)
    seconds = 0.5 if all_of_it.is_smoke else 2
    wakes, shares = [], []
    time.sleep(seconds)
    for _ in range(all_of_it.rounds):
        before = switches(quipud.pid), processor_ns(quipud.pid)
        time.sleep(seconds)
        wakes.append((switches(quipud.pid) - before[0]) / seconds)
        shares.append((processor_ns(quipud.pid) - before[1]) / 1e9 / seconds * 100)
    all_of_it.row("quipud idle, one emitter: wake-ups a second", median(wakes), goal="25", is_met=median(wakes) < 25,
                  unit="/s")
    all_of_it.row("quipud idle, one emitter: processor", median(shares), goal="0.1 %", is_met=median(shares) < 0.1,
                  unit="%")
    starts = []
    for i in range(all_of_it.rounds):
        start = time.monotonic()
        all_of_it.quipud("--history_series=0", name=f"start-{i}")
        starts.append((time.monotonic() - start) * 1000)
    all_of_it.row("start to serving, no state file (seen each 10 ms)", median(starts), goal="30 ms",
                  is_met=median(starts) < 30, unit="ms")


FIGURES = {"memory": memory, "idle": idle}

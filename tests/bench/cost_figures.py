"""What quipud costs while little happens: memory, wake-ups, processor time."""

import os
import time

import harness
from bench import processor_ns, pss
from measure import Reader
from peers import chasquid_with_pages, netdata
from serve_figures import with_series
from table import MIB, median


def with_vocabulary(all_of_it):
    quipud = all_of_it.quipud("--history_series=0")
    all_of_it.maild(quipud, "maild-idle")
    reader = Reader(quipud.address)
    harness.wait_until(lambda: "chasquid/smtpIn/commandCount" in reader.json("/debug/vars"), "the vocabulary")
    return quipud


def memory(all_of_it):
    quipud = with_vocabulary(all_of_it)
    peers = {}
    if chasquid := chasquid_with_pages(all_of_it):
        for path in ("/debug/vars", "/metrics"):
            chasquid.get(path)
        peers["chasquid, pages read once"] = chasquid.pid
    if statsd := netdata(all_of_it):
        peers["netdata, statsd only"] = statsd.process.pid
    time.sleep(0.5)
    idle = pss(quipud.pid) / MIB
    all_of_it.row("memory of quipud with the vocabulary, PSS", idle, goal="8 MiB", is_met=idle < 8, unit="MiB")
    for name, pid in peers.items():
        all_of_it.row("", idle, name, pss(pid) / MIB, unit="MiB")
    all_of_it.end_programs()
    few, many = 1000, 21_000
    if all_of_it.is_smoke:
        many = 5000
    # Both run when either is read: what programs share counts by halves. Their emitters stay connected.
    sides = [with_series(all_of_it, count) for count in (few, many)]
    for _, _, reader in sides:
        reader.read("/metrics")
    sizes = [pss(quipud.pid) for quipud, _, _ in sides]
    each = (sizes[1] - sizes[0]) / (many - few)
    all_of_it.row("memory of a further series, with its pages read once", each, goal="200 B", is_met=each < 200,
                  unit="B")


def switches(pid):
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as lines:
            total += sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt"))
    return total


def idle(all_of_it):
    quipud = with_vocabulary(all_of_it)
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


FIGURES = {"memory": memory, "idle": idle}

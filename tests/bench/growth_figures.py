"""How quipud's cost grows with emitters, scrapers and kept events: processor time of one update, request or event.

The exponent is that of one of them: 0 says that it costs the same however many there are, so that all of them together
cost as many times as much as there are more; 1 that each costs twice as much with twice as many.
"""

import os

from bench import LOAD_CORE, exponent, is_installed, on_core, processor_ns
from protocol import Emitter
from push_figures import DEFINE, DELTAS, EVENTS_PER_TRACE, definitions, deltas, event_parts, framed, pushed, say_bye
from serve_figures import with_mail, wrk
from table import median

# With 64 times as many, each costs at most twice: caches are small.
MOST = 1 / 6
SERIES = 200
FAMILIES = [f"Family.{i}" for i in range(7)]


def row(all_of_it, what, times, unit):
    """times: how many -> costs of the rounds"""
    costs = [(many, median(rounds)) for many, rounds in times.items()]
    growth = exponent(costs)
    (few, cost_of_few), (many, cost_of_many) = costs[0], costs[-1]
    all_of_it.row(f"{what}: {many:,}", cost_of_many, f"{few:,}:", cost_of_few,
                  f"exponent {growth:.2f} of each, at most {MOST:.2f}", growth <= MOST, unit)


def emitters(all_of_it):
    """The same updates from one, and from as many as may be connected."""
    counts, blocks = ((1, 8), 160) if all_of_it.is_smoke else ((1, 8, 64), 3200)
    block = framed(DELTAS, deltas(1, SERIES)) * 50
    updates = blocks * 50 * SERIES
    quipud = all_of_it.quipud("--history_series=0", "--max_emitters=256")
    costs = {count: [] for count in counts}
    for _ in range(all_of_it.rounds):
        for count in counts:
            with on_core(LOAD_CORE):
                pushing = [Emitter(quipud.ingest, os.urandom(16), program="bench") for _ in range(count)]
                for emitter in pushing:
                    emitter.send(DEFINE, definitions(SERIES))
                before = processor_ns(quipud.pid)
                for i in range(blocks):
                    pushing[i % count].socket.sendall(block)
                for emitter in pushing:
                    say_bye(emitter)
                costs[count].append((processor_ns(quipud.pid) - before) / updates)
    came, sent = sum(quipud.vars()["bench/updates"].values()), updates * len(counts) * all_of_it.rounds
    if came != sent:
        raise AssertionError(f"{came} of {sent} updates have arrived")
    row(all_of_it, "CPU of an update, emitters", costs, "ns")


def scrapers(all_of_it):
    """Connections that ask for /debug/vars all the time."""
    if not is_installed("wrk"):
        return
    counts = (1, 16) if all_of_it.is_smoke else (1, 4, 16, 64)
    quipud, _ = with_mail(all_of_it, "maild-scrapers")
    costs = {count: [] for count in counts}
    for _ in range(all_of_it.rounds):
        for count in counts:
            before = processor_ns(quipud.pid)
            _, _, requests = wrk(quipud.address, "/debug/vars", 1, count)
            costs[count].append((processor_ns(quipud.pid) - before) / requests / 1000)
    row(all_of_it, "CPU of a request, scrapers", costs, "us")


def kept_events(all_of_it):
    """Pushed to a quipud that keeps as many events as it may, so that each new trace takes an old one's place."""
    per_bucket = (10, 100) if all_of_it.is_smoke else (180, 10_000)
    traces = len(FAMILIES) * per_bucket[-1] // 100 * 100
    parts = list(event_parts(1, traces, FAMILIES))
    limits = ["--history_series=0", "--trace_bytes=4294967296", "--trace_events_per_second=1000000000"]
    costs = {}
    sides = []
    for kept in per_bucket:
        quipud = all_of_it.quipud(*limits, f"--traces_per_bucket={kept}", name=f"quipud-keeps-{kept}")
        sides.append((quipud, costs.setdefault(kept * len(FAMILIES) * (EVENTS_PER_TRACE - 2), [])))
    for is_filling in [True] + [False] * all_of_it.rounds:
        for quipud, seen in sides:
            with on_core(LOAD_CORE):
                emitter = Emitter(quipud.ingest, os.urandom(16), program="bench")
                _, seconds = pushed(quipud, emitter, parts)
            if not is_filling:
                seen.append(seconds * 1e9 / (traces * EVENTS_PER_TRACE))
    row(all_of_it, "CPU of a trace event, kept ones", costs, "ns")


def growth(all_of_it):
    for measure in (emitters, scrapers, kept_events):
        measure(all_of_it)
        all_of_it.end_programs()


FIGURES = {"growth": growth}

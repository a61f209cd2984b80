"""Traces at their limits: a million never finished, all memory taken, random families, a storm of events."""

import os
import time

from base import MEMORY_ALLOWANCE, Soak
from emitters import (
    ACTIVE_TRACES,
    FAMILY_NAMES,
    STORM_EVENTS,
    TRACES,
    work_begin_traces,
    work_random_families,
    work_storm,
)
from load import work_health
from measure import Reader, check_pages, memory_of
from table import MIB, PAGE_LIMIT_MS, mib, say

# quipud's defaults
TRACE_FAMILIES = 200
EVENTS_A_TRACE = 150
TRACE_BYTES = 64 * MIB


def million(soak: Soak):
    table = soak.table
    quipud = soak.quipud("quipud-million")
    reader = Reader(quipud.address)
    instance = os.urandom(16)
    reader.read("/debug/traces")
    before = memory_of(quipud.pid)[0]
    say("a million traces begun and never finished")
    emitter = soak.helper(work_begin_traces, quipud.ingest, instance)
    seconds = emitter.receive(300)
    soak.wait_for_counter(reader, "quipu/traces/events", TRACES)
    after = memory_of(quipud.pid)[0]
    shown = reader.json("/debug/vars")
    table.head(f"{TRACES} traces begun and never finished (sent in {seconds:.1f} s)")
    table.check_measure(
        "quipud RSS before, after",
        f"{mib(before)}, {mib(after)}",
        after - before < TRACE_BYTES + MEMORY_ALLOWANCE,
        f"growth under trace_bytes + {mib(MEMORY_ALLOWANCE)}",
    )
    evicted = shown["quipu/traces/evictedActive"]
    is_right = evicted == TRACES - ACTIVE_TRACES
    table.check("quipu/traces/evictedActive", str(evicted), is_right, str(TRACES - ACTIVE_TRACES))
    check_open(soak, reader, ACTIVE_TRACES)
    pages = [
        ("/debug/traces", "/debug/traces"),
        ("/debug/traces b=-1", "/debug/traces?b=-1"),
        ("/debug/traces b=-1, page=100", "/debug/traces?b=-1&page=100"),
        ("/debug/traces b=-1, page=400, json", "/debug/traces?b=-1&page=400&format=json"),
        ("/debug/traces fam, b=0, all", "/debug/traces?fam=Soak.Million&b=0&all=1"),
        ("/debug/traces q= (not found)", "/debug/traces?q=thisisnowhere"),
        ("/debug/traces q= (all found)", "/debug/traces?q=finished"),
        ("/debug/traces/live", "/debug/traces/live"),
        ("/debug/emitters", "/debug/emitters"),
        ("/debug/vars", "/debug/vars"),
    ]
    check_pages(table, reader, pages)
    if "bytes" in soak.options.parts:
        say("their events fill trace_bytes")
        emitter.pipe.send("grow")
        emitter.receive(120)
        soak.wait_for_counter(reader, "quipu/traces/events", TRACES + ACTIVE_TRACES)
        table.head(f"{ACTIVE_TRACES} events of 4 KB for them: the limit trace_bytes, {mib(TRACE_BYTES)}")
        rss = memory_of(quipud.pid)[0]
        is_right = rss - before < TRACE_BYTES + MEMORY_ALLOWANCE
        limit = f"growth under trace_bytes + {mib(MEMORY_ALLOWANCE)}"
        table.check_measure("quipud RSS", mib(rss), is_right, limit)
        forgotten = reader.json("/debug/vars")["quipu/traces/evictedForBytes"]
        left = reader.json("/debug/traces?b=-1&format=json")["matching"]
        given_up = ACTIVE_TRACES - left
        # Each that was open, once, and the few that were kept before.
        is_right = 0 < given_up <= forgotten <= given_up + 100
        figures = f"{forgotten}; of {ACTIVE_TRACES} open ones {left} are left"
        table.check("quipu/traces/evictedForBytes", figures, is_right, f"the {given_up} given up, few others")
        check_pages(table, reader, pages)
    check_orphans(soak, quipud, reader, emitter)
    soak.end("quipud", quipud)


def check_open(soak: Soak, reader, expected):
    listed = reader.json("/debug/traces?b=-1&format=json")
    begins = [trace["begin"] for trace in listed["traces"]]
    figures = f"{listed['matching']} on {listed['pages']} pages, oldest first: {begins == sorted(begins)}"
    is_right = listed["matching"] == expected and begins == sorted(begins)
    soak.table.check("open traces listed", figures, is_right, f"{expected}, oldest first")


def open_count(reader):
    return sum(family["open"] for family in reader.json("/debug/traces?format=json")["families"])


def check_orphans(soak: Soak, quipud, reader, emitter):
    table = soak.table
    emitter.pipe.send("end")  # without a Bye; its process is gone, which quipud sees
    emitter.process.join(20)
    start = time.monotonic()

    def mine():
        return reader.json("/debug/emitters?format=json")["emitters"][0]

    health = soak.helper(work_health, quipud.address)
    try:
        soak.harness.wait_until(lambda: mine()["life"] == "ended", "quipud takes the emitter for ended", 20)
        # They are orphaned some hundred at a time.
        soak.harness.wait_until(lambda: open_count(reader) == 0, "none of its traces is open", 20)
    finally:
        seen = health.stop()
    one = mine()
    listed = reader.json("/debug/traces?b=-3&format=json")
    still_open = open_count(reader)
    table.head("the emitter's process ends without a word")
    table.check(
        "its open traces",
        f"{still_open} after {time.monotonic() - start:.2f} s; {one['life']}: {one['how']}",
        still_open == 0 and one["open_traces"] == 0,
        "0",
    )
    marked = [trace["orphaned"] for trace in listed["traces"]]
    table.check(
        "marked orphaned",
        f"{listed['matching']} kept (/debug/emitters: {one.get('orphaned_traces')}), "
        f"why: {marked[0] if marked else '-'}",
        listed["matching"] > 0 and all(marked) and all(not t["is_open"] for t in listed["traces"]),
        "some kept, all marked",
    )
    longest = max(ms for _, ms, _ in seen)
    is_right = longest <= PAGE_LIMIT_MS
    table.check_measure("longest /healthz meanwhile", f"{longest:.1f} ms", is_right, f"{PAGE_LIMIT_MS} ms")
    check_pages(table, reader, [("/debug/traces b=-3 (orphaned)", "/debug/traces?b=-3")])


def families(soak: Soak):
    table = soak.table
    quipud = soak.quipud("quipud-families")
    reader = Reader(quipud.address)
    reader.read("/debug/traces")
    before = memory_of(quipud.pid)[0]
    say("random family names")
    emitter = soak.helper(work_random_families, quipud.ingest, os.urandom(16))
    seconds = emitter.receive(300)
    soak.wait_for_counter(reader, "quipu/traces/events", 2 * FAMILY_NAMES)
    after = memory_of(quipud.pid)[0]
    shown = reader.json("/debug/traces?format=json")["families"]
    other = sum(sum(b["ended"] for b in f["buckets"]) for f in shown if f["family"] == "(other)")
    folded = reader.json("/debug/vars")["quipu/traces/foldedFamilies"]
    table.head(f"{FAMILY_NAMES} traces, each of a random family (sent in {seconds:.1f} s)")
    table.check("families", str(len(shown)), len(shown) == TRACE_FAMILIES + 1, f"{TRACE_FAMILIES} and (other)")
    table.check(
        "traces in (other); quipu/traces/foldedFamilies",
        f"{other}; {folded}",
        other == folded == FAMILY_NAMES - TRACE_FAMILIES,
        str(FAMILY_NAMES - TRACE_FAMILIES),
    )
    is_right = after - before < MEMORY_ALLOWANCE
    limit = f"+ {mib(MEMORY_ALLOWANCE)}"
    table.check_measure("quipud RSS before, after", f"{mib(before)}, {mib(after)}", is_right, limit)
    pages = [
        ("/debug/traces", "/debug/traces"),
        ("/debug/traces json", "/debug/traces?format=json"),
        ("/debug/traces b=0, all", "/debug/traces?b=0&all=1"),
        ("/debug/traces q= (all found)", "/debug/traces?q=trace"),
        ("/debug/traces/live", "/debug/traces/live"),
        ("/metrics", "/metrics"),
    ]
    check_pages(table, reader, pages)
    emitter.stop()
    soak.end("quipud", quipud)


def storm(soak: Soak):
    table = soak.table
    quipud = soak.quipud("quipud-storm")
    reader = Reader(quipud.address)
    instance = os.urandom(16)
    reader.read("/debug/traces")
    before = memory_of(quipud.pid)[0]
    say("an event storm in one trace")
    emitter = soak.helper(work_storm, quipud.ingest, instance)
    seconds = emitter.receive(300)
    soak.wait_for_counter(reader, "quipu/traces/events", STORM_EVENTS + 1)
    after = memory_of(quipud.pid)[0]
    path = f"/debug/traces?trace={instance[:8].hex()}{1:016x}"
    shown = reader.json(path + "&format=json")
    events = [event for event in shown["events"] if event["kind"] == "event"]
    gaps = [event["count"] for event in shown["events"] if event["kind"] == "cut"]
    numbers = [int(event["text"].split()[1]) for event in events]
    third = EVENTS_A_TRACE // 3
    expected = [*range(1, third + 1), *range(STORM_EVENTS - (EVENTS_A_TRACE - third) + 1, STORM_EVENTS + 1)]
    dropped = STORM_EVENTS - EVENTS_A_TRACE
    table.head(f"{STORM_EVENTS} events of 4 KiB in one trace (sent in {seconds:.1f} s)")
    table.check(
        "dropped events: cut_events, the gap's count",
        f"{shown['trace']['cut_events']}, {gaps}",
        shown["trace"]["cut_events"] == dropped and gaps == [dropped],
        f"exactly {dropped}",
    )
    figures = f"{len(events)}: {numbers[0]} to {numbers[third - 1]}, {numbers[third]} to {numbers[-1]}"
    table.check("events kept", figures, numbers == expected, "first third, last two thirds")
    is_there = f"{dropped:,}".replace(",", "\u00a0") in reader.read(path)[2].decode()
    table.check("the number on the HTML page", "there" if is_there else "missing", is_there, f"{dropped}")
    is_right = after - before < MEMORY_ALLOWANCE
    limit = f"+ {mib(MEMORY_ALLOWANCE)}"
    table.check_measure("quipud RSS before, after", f"{mib(before)}, {mib(after)}", is_right, limit)
    pages = [
        ("one trace", path),
        ("one trace, json", path + "&format=json"),
        ("/debug/traces b=-1", "/debug/traces?b=-1"),
        ("/debug/traces q=", "/debug/traces?q=nowhere"),
    ]
    check_pages(table, reader, pages)
    emitter.stop()
    soak.end("quipud", quipud)

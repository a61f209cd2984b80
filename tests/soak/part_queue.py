"""A queue of 100,000 items, in every form that /debug/queue has."""

import json
import os
import time

from base import Soak
from emitters import QUEUE_ITEMS, work_queue
from load import work_health
from measure import Reader, memory_of
from table import PAGE_LIMIT_MS, mib, say


def queue(soak: Soak):
    table = soak.table
    quipud = soak.quipud("quipud-queue")
    reader = Reader(quipud.address, timeout=60)
    reader.read("/")
    before = memory_of(quipud.pid)[0]
    say("a queue of 100,000 items")
    emitter = soak.helper(work_queue, quipud.ingest, os.urandom(16))
    chunks, size = emitter.receive(120)
    soak.harness.wait_until(
        lambda: reader.json("/debug/emitters?format=json")["emitters"], "the emitter is shown", 20
    )
    health = soak.helper(work_health, quipud.address)
    time.sleep(0.5)
    forms = {
        "text": ("/debug/queue", lambda body: body.count(b"## Item ")),
        "html": ("/debug/queue?format=html", lambda body: body.count(b">item")),
        "html, page=1000": ("/debug/queue?format=html&page=1000", lambda body: body.count(b">item")),
        "html, q=": ("/debug/queue?format=html&q=remote13.example", lambda body: body.count(b">item")),
        "json": ("/debug/queue?format=json", lambda body: len(json.loads(body)["items"])),
    }
    rows = []
    for name, (path, count) in forms.items():
        times, statuses, windows = [], set(), []
        for _ in range(3):
            start = time.monotonic()
            elapsed, status, body = reader.read(path)
            windows.append((start, start + elapsed / 1000))
            times.append(elapsed)
            statuses.add(status)
            time.sleep(0.2)
        rows.append((name, times, statuses, windows, len(body), count(body)))
    after = memory_of(quipud.pid)[0]
    seen = health.stop()
    answered, slowest = emitter.stop()
    table.head(f"/debug/queue of {QUEUE_ITEMS} items ({mib(size)} in {chunks} chunks, answered {answered} times)")
    for name, times, statuses, windows, length, items in rows:
        meanwhile = [ms for at, ms, _ in seen for begin, end in windows if at <= end and at + ms / 1000 >= begin]
        longest = max(meanwhile, default=0)
        is_whole = items == QUEUE_ITEMS if name in ("text", "json") else items > 0
        table.check(
            f"/debug/queue {name}",
            f"{' '.join(f'{ms:.0f}' for ms in times)} ms, {mib(length)}, {items} items; /healthz meanwhile "
            f"n={len(meanwhile)} max {longest:.1f} ms",
            statuses == {200} and is_whole and (longest <= PAGE_LIMIT_MS or not table.is_timed),
            f"/healthz {PAGE_LIMIT_MS} ms",
        )
    table.note("longest answer at the emitter", f"{slowest * 1000:.0f} ms until the last chunk was written")
    table.note("quipud RSS before, after", f"{mib(before)}, {mib(after)}")
    table.check("/healthz status", f"{len(seen)} polls", {status for _, _, status in seen} == {200}, "200")
    soak.end("quipud", quipud)

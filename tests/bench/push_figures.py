"""What quipud takes over its socket, in packed deltas and trace events, against netdata and the bare socket."""

import os
import socket
import struct
import time

from bench import CORE, LOAD_CORE, on_core, processor_ns
from helper import Helper
from measure import Reader
from peers import netdata
from protocol import BEGIN, END, EVENT, TRACE_EVENTS, Emitter, chunk, number, trace_event, varint
from table import median

DEFINE, DELTAS, BYE, ACK = 2, 3, 8, 5
SERIES = 2000
EVENTS_PER_TRACE = 10  # begin and end among them


def framed(kind, message):
    payload = chunk(kind, message)
    return struct.pack("<I", len(payload)) + payload


def definitions(count, first=0):
    """Series first + 1 and on; the family with the very first."""
    family = chunk(1, number(1, 1) + chunk(2, "bench/updates") + chunk(4, "updates") + chunk(6, "name"))
    series = range(first, first + count)
    rows = b"".join(chunk(2, number(1, i + 1) + number(2, 1) + chunk(3, f"name-{i:06}")) for i in series)
    return (b"" if first else family) + rows


def deltas(first, count):
    ids = b"".join(varint(i) for i in range(first, first + count))
    return chunk(1, ids) + chunk(2, varint(2) * count)  # each grows by one


def say_bye(emitter):
    """Until quipud has taken everything."""
    emitter.send(BYE, chunk(1, "exit"))
    while (said := emitter.receive(60)) and said[0] != ACK:
        continue
    if not said:
        raise AssertionError("quipud did not acknowledge a goodbye within 60 s")


def send_all(emitter, parts):
    """Until quipud has taken everything; seconds."""
    start = time.monotonic()
    for part in parts:
        emitter.socket.sendall(part)
    say_bye(emitter)
    return time.monotonic() - start


def pushed(quipud, emitter, parts):
    """(seconds, CPU seconds of quipud)"""
    before = processor_ns(quipud.pid)
    seconds = send_all(emitter, parts)
    return seconds, (processor_ns(quipud.pid) - before) / 1e9


def work_raw(pipe, total):
    """The other end of a bare socket: only reads. Answers the seconds that it took."""
    os.sched_setaffinity(0, {CORE})
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    child = os.fork()
    if child == 0:
        os.sched_setaffinity(0, {LOAD_CORE})
        part = b"x" * 65536
        for _ in range(total // len(part)):
            theirs.sendall(part)
        os._exit(0)
    theirs.close()
    into = bytearray(65536)
    start = time.monotonic()
    while ours.recv_into(into):
        continue
    pipe.send(time.monotonic() - start)
    os.waitpid(child, 0)


def raw_seconds(size):
    helper = Helper(work_raw, size)
    seconds = helper.receive(60)
    helper.kill()
    return seconds


def ingest(all_of_it):
    updates = 2_000_000 if all_of_it.is_smoke else 50_000_000
    peer = netdata(all_of_it)
    block = framed(DELTAS, deltas(1, SERIES)) * 100  # about a MiB
    quipud = all_of_it.quipud("--history_series=0")
    ours, theirs = [], []
    for _ in range(all_of_it.rounds):
        with on_core(LOAD_CORE):
            emitter = Emitter(quipud.ingest, os.urandom(16), program="bench")
            emitter.send(DEFINE, definitions(SERIES))
            ours.append(pushed(quipud, emitter, [block] * (updates // (SERIES * 100))))
            if peer:
                theirs.append(peer.push(4_000_000))
    shown = quipud.vars()["bench/updates"]
    if sum(shown.values()) != updates * all_of_it.rounds:
        raise AssertionError(f"{sum(shown.values())} of {updates * all_of_it.rounds} updates have arrived")
    rate = updates / median([s for s, _ in ours])
    cpu = median([c for _, c in ours]) / updates * 1e6
    all_of_it.row("updates pushed, 2,000 series, none lost", rate, goal="50 M/s", is_met=rate >= 50e6, unit="/s")
    all_of_it.row("their cost in quipud, CPU s a million", cpu, goal="0.02 s", is_met=cpu < 0.02, unit="s")
    if peer:
        their_rate = 4_000_000 / median([s for s, _ in theirs])
        all_of_it.row("", rate, "netdata statsd, TCP", their_rate, "6x", rate >= 6 * their_rate, "/s", is_rate=True)
        all_of_it.row("", cpu, "netdata statsd, TCP", median([c for _, c in theirs]) / 4, unit="s")


def event_parts(first, traces, families=("SMTP.Conn",)):
    """Traces of 10 events each, in frames of about 40 KiB; of the families in turn."""
    for at in range(first, first + traces, 100):
        rows = []
        for trace in range(at, at + 100):
            rows.append(trace_event(trace, BEGIN, "192.0.2.1:4711", families[trace % len(families)]))
            rows += [trace_event(trace, EVENT, f"-> 250 2.1.5 ok, {i} bytes") for i in range(EVENTS_PER_TRACE - 2)]
            rows.append(trace_event(trace, END))
        yield framed(TRACE_EVENTS, b"".join(rows))


def events(all_of_it):
    traces = 2000 if all_of_it.is_smoke else 50_000
    quipud = all_of_it.quipud("--history_series=0")
    ours, raw = [], []
    parts = list(event_parts(1, traces))  # Python takes seconds for these
    for _ in range(all_of_it.rounds):
        with on_core(LOAD_CORE):
            emitter = Emitter(quipud.ingest, os.urandom(16), program="bench")
            ours.append(pushed(quipud, emitter, parts))
            raw.append(raw_seconds(sum(map(len, parts))))
    count = traces * EVENTS_PER_TRACE
    reader = Reader(quipud.address)
    families = reader.json("/debug/traces?format=json")["families"]
    if not any(one["family"] == "SMTP.Conn" for one in families):
        raise AssertionError("the traces have not arrived")
    rate = count / median([s for s, _ in ours])
    cpu = median([c for _, c in ours]) / count * 1e6
    all_of_it.row("trace events pushed", rate, "bare socket, same bytes", count / median(raw), "1.5 M/s", rate >= 1.5e6,
                  "/s", is_rate=True)
    all_of_it.row("their cost in quipud, CPU us an event", cpu, goal="0.6 us", is_met=cpu < 0.6, unit="us")


FIGURES = {"ingest": ingest, "events": events}

"""Emitters that go to the limits. Each work_...() runs in a process of its own (helper.py)."""

import os
import random
import time

from protocol import (
    ANSWER,
    BEGIN,
    END,
    EVENT,
    QUERY,
    TRACE_EVENTS,
    Emitter,
    chunk,
    fields,
    fixed64,
    number,
    trace_event,
)

TRACES = 1_000_000
FAMILY_NAMES = 100_000
STORM_EVENTS = 100_000
EVENT_BYTES = 4096
QUEUE_ITEMS = 100_000
MAX_CHUNK_BYTES = 512 * 1024
# quipud's default
ACTIVE_TRACES = 20_000


def work_begin_traces(pipe, path, instance):
    """A million traces begun; at "grow", an event each for those that are open; then it ends without a word."""
    emitter = Emitter(path, instance)
    start = time.monotonic()
    for first in range(1, TRACES + 1, 1000):
        emitter.send(
            TRACE_EVENTS,
            b"".join(trace_event(n, BEGIN, f"never finished {n}", "Soak.Million") for n in range(first, first + 1000)),
        )
        if first % 20_000 == 1:
            emitter.drain()
    pipe.send(time.monotonic() - start)
    while pipe.recv() == "grow":
        # More than fits, so that the bound of bytes has to hold as well.
        text = "x" * (EVENT_BYTES - 100)
        sent = 0
        for first in range(TRACES - ACTIVE_TRACES + 1, TRACES + 1, 200):
            traces = range(first, first + 200)
            emitter.send(TRACE_EVENTS, b"".join(trace_event(n, EVENT, f"{n} {text}") for n in traces))
            sent += 200
            if first % 2000 == 1:
                emitter.drain()
        pipe.send(sent)
    os._exit(0)


def work_random_families(pipe, path, instance):
    emitter = Emitter(path, instance)
    words = random.Random(7)
    trace = 0
    start = time.monotonic()
    for _ in range(0, FAMILY_NAMES, 1000):
        events = []
        for _ in range(1000):
            trace += 1
            events.append(trace_event(trace, BEGIN, f"trace {trace}", f"{words.getrandbits(64):016x}-{trace}"))
            events.append(trace_event(trace, END))
        emitter.send(TRACE_EVENTS, b"".join(events))
        emitter.drain()
    pipe.send(time.monotonic() - start)
    pipe.recv()
    pipe.send("over")


def work_storm(pipe, path, instance):
    emitter = Emitter(path, instance)
    emitter.send(TRACE_EVENTS, trace_event(1, BEGIN, "storm", "Soak.Storm"))
    filler = "y" * EVENT_BYTES
    start = time.monotonic()
    for first in range(1, STORM_EVENTS + 1, 200):
        texts = (f"event {n:08} {filler}"[:EVENT_BYTES] for n in range(first, first + 200))
        emitter.send(TRACE_EVENTS, b"".join(trace_event(1, EVENT, text) for text in texts))
        if first % 2000 == 1:
            emitter.drain()
    pipe.send(time.monotonic() - start)
    pipe.recv()
    pipe.send("over")


def queue_chunks():
    """The body of the topic "queue", cut between items."""
    chunks, part = [], bytearray(number(2, QUEUE_ITEMS))
    now = time.time_ns()
    for n in range(QUEUE_ITEMS):
        address = f"recipient{n}@remote{n % 977}.example"
        recipient = chunk(1, address) + chunk(2, "EMAIL") + chunk(4, address)
        recipient += chunk(5, "451 4.7.1 greylisted, try again later") + number(6, n % 9) + fixed64(7, now + n)
        item = chunk(1, f"item{n:06}") + fixed64(2, now - n * 1_000_000) + chunk(3, f"sender{n % 5000}@localhost")
        item = chunk(1, item + chunk(4, address) + chunk(5, recipient))
        if len(part) + len(item) > MAX_CHUNK_BYTES:
            chunks.append(bytes(part))
            part.clear()
        part += item
    return [*chunks, bytes(part)]


def work_queue(pipe, path, instance):
    chunks = queue_chunks()
    emitter = Emitter(path, instance, topics=["queue"])
    pipe.send((len(chunks), sum(map(len, chunks))))
    answered, slowest = 0, 0.0
    while not pipe.poll():
        got = emitter.receive(0.05)
        if not got or got[0] != QUERY:
            continue
        query = dict(fields(got[1]))
        assert query[2] == b"queue", query
        start = time.monotonic()
        for i, part in enumerate(chunks):
            emitter.send(ANSWER, number(1, query[1]) + chunk(3, part) + number(4, i + 1 == len(chunks)))
        slowest = max(slowest, time.monotonic() - start)
        answered += 1
    pipe.recv()
    pipe.send((answered, slowest))

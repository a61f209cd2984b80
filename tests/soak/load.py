"""The load of the churn: SMTP clients, a reader of all pages, a poller of /healthz.

Each work_...() runs in a process of its own (helper.py).
"""

import collections
import http.client
import json
import random
import threading
import time

from measure import Reader

SESSIONS = 200


def work_clients(pipe, port, pause):
    """SESSIONS sessions, each sending mails of every kind, one after the other. They keep books (smtp.Truth)."""
    import mails
    import smtp

    class Paced(smtp.Client):
        def command(self, line, wanted):
            time.sleep(pause)
            return super().command(line, wanted)

    mails.Client = Paced
    is_over = threading.Event()
    truths = [smtp.Truth() for _ in range(SESSIONS)]
    sent = collections.Counter()
    errors = collections.Counter()
    samples = []

    def run(n, truth):
        order = random.Random(n)
        while not is_over.is_set():
            kind = order.choice(mails.WITHOUT_SMARTHOST)
            try:
                kind(port, truth)
                sent[kind.__name__] += 1
            except (AssertionError, OSError) as error:
                errors[f"{kind.__name__}: {error!r}"] += 1
                time.sleep(0.1)

    threads = [threading.Thread(target=run, args=(n, truth), daemon=True) for n, truth in enumerate(truths)]
    for thread in threads:
        thread.start()
    start = time.monotonic()
    while not pipe.poll(1):
        samples.append(established(port))
    is_over.set()
    pipe.recv()
    for thread in threads:
        thread.join(60)
    seconds = time.monotonic() - start
    books = collections.Counter()
    for truth in truths:
        books.update(truth.counts)
    is_whole = not any(thread.is_alive() for thread in threads)
    pipe.send((sum(sent.values()), seconds, samples, dict(books), dict(errors), is_whole))


def established(port):
    """SMTP connections that are open right now, seen from the daemon's side."""
    suffix = f":{port:04X}"
    with open("/proc/self/net/tcp", encoding="ascii") as lines:
        return sum(1 for line in lines if (f := line.split())[1].endswith(suffix) and f[3] == "01")


# name, path; {id} is the newest trace that the list in JSON named
CHURN_PAGES = [
    ("/healthz", "/healthz"),
    ("/", "/"),
    ("/debug/vars", "/debug/vars"),
    ("/metrics", "/metrics"),
    ("/debug/traces overview", "/debug/traces"),
    ("/debug/traces fam, b=0", "/debug/traces?fam=SMTP.Conn&b=0"),
    ("/debug/traces fam, b=0, all", "/debug/traces?fam=SMTP.Conn&b=0&all=1"),
    ("/debug/traces fam, lat", "/debug/traces?fam=SMTP.Conn&lat=1"),
    ("/debug/traces b=-1 (open)", "/debug/traces?b=-1"),
    ("/debug/traces b=-2 (failed)", "/debug/traces?b=-2"),
    ("/debug/traces q= (found)", "/debug/traces?q=EHLO"),
    ("/debug/traces q= (not found)", "/debug/traces?q=thisisnowhere"),
    ("/debug/traces list, json", "/debug/traces?fam=SMTP.Conn&b=0&all=1&format=json"),
    ("/debug/traces one trace", "/debug/traces?trace={id}"),
    ("/debug/traces one trace, json", "/debug/traces?trace={id}&format=json"),
    ("/debug/traces/live", "/debug/traces/live"),
    ("/debug/queue", "/debug/queue"),
    ("/debug/queue html", "/debug/queue?format=html"),
    ("/debug/emitters", "/debug/emitters"),
]


def work_pages(pipe, address, pause):
    """Reads all pages in a loop. Answers: times by page, failures by page, and how late its own sleeps ended."""
    reader = Reader(address)
    times = collections.defaultdict(list)
    failures = collections.defaultdict(collections.Counter)
    late = []
    trace = "0" * 32
    while not pipe.poll():
        for name, path in CHURN_PAGES:
            start = time.perf_counter()
            time.sleep(0.001)
            late.append((time.perf_counter() - start) * 1000 - 1)
            time.sleep(pause)
            try:
                elapsed, status, body = reader.read(path.format(id=trace))
            except (OSError, http.client.HTTPException) as error:
                failures[name][repr(error)] += 1
                continue
            times[name].append(elapsed)
            # A trace may be forgotten between the list and its own page.
            if status != 200 and not (status == 404 and "{id}" in path):
                failures[name][f"status {status}"] += 1
            if name.endswith("list, json") and status == 200:
                listed = json.loads(body)["traces"]
                trace = listed[0]["id"] if listed else trace
    pipe.recv()
    pipe.send((dict(times), {name: dict(counts) for name, counts in failures.items()}, late))


def work_health(pipe, address):
    """Polls /healthz all the time. Answers (when, ms) of each, when on the monotonic clock."""
    reader = Reader(address)
    seen = []
    while not pipe.poll():
        start = time.monotonic()
        elapsed, status, _ = reader.read("/healthz")
        seen.append((start, elapsed, status))
        time.sleep(0.002)
    pipe.recv()
    pipe.send(seen)

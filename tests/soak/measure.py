"""What is measured of the programs: memory, processor time, and pages as a client sees them."""

import http.client
import json
import os
import time

from table import MIB, median, mib

SAMPLE_SECONDS = 5


def memory_of(pid):
    """(RSS, PSS) in bytes."""
    found = {}
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
        for line in lines:
            name, _, rest = line.partition(":")
            if name in ("Rss", "Pss"):
                found[name] = int(rest.split()[0]) * 1024
    return found["Rss"], found["Pss"]


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        after_name = file.read().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def slope_an_hour(points):
    """Bytes an hour, by least squares."""
    mean_t = sum(t for t, _ in points) / len(points)
    mean_v = sum(v for _, v in points) / len(points)
    spread = sum((t - mean_t) ** 2 for t, _ in points)
    return 3600 * sum((t - mean_t) * (v - mean_v) for t, v in points) / spread if spread else 0.0


def check_flat(table, name, samples, seconds):
    """samples: (seconds since the start, RSS, PSS)"""
    for i, kind in ((1, "RSS"), (2, "PSS")):
        points = [(sample[0], sample[i]) for sample in samples]

        def around(begin, end, points=points):
            return median([v for t, v in points if begin <= t <= end] or [points[-1][1]])

        first, last = around(0, 60), around(seconds - 60, seconds + SAMPLE_SECONDS)
        third = around(seconds / 3, seconds / 3 + max(60, 2 * SAMPLE_SECONDS) / 2)
        growth = slope_an_hour([p for p in points if p[0] >= seconds / 3])
        figures = (
            f"first minute {mib(first)}, after a third {mib(third)}, last minute {mib(last)}, "
            f"highest {mib(max(v for _, v in points))}, growth since the third {growth / MIB:+.1f} MiB/h"
        )
        is_flat = abs(last - third) <= third * 0.1 + 2 * MIB
        table.check_measure(f"{name} {kind}", figures, is_flat, "flat: 10 % + 2 MiB")


class Reader:
    """One connection, kept alive. A server that closes it is connected again, outside of what is measured."""

    def __init__(self, address, timeout=30):
        self.address = address
        self.timeout = timeout
        self.connection = None

    def read(self, path, headers=None):
        """(ms, status, body)"""
        for attempt in (1, 2):
            if self.connection is None:
                self.connection = http.client.HTTPConnection(self.address, timeout=self.timeout)
                self.connection.connect()
            start = time.perf_counter()
            try:
                self.connection.request("GET", path, headers=headers or {})
                response = self.connection.getresponse()
                body = response.read()
            except (http.client.HTTPException, OSError):
                self.close()
                if attempt == 2:
                    raise
                continue
            elapsed = (time.perf_counter() - start) * 1000
            if response.will_close:
                self.close()
            return elapsed, response.status, body
        raise AssertionError("not reached")

    def json(self, path):
        _, status, body = self.read(path)
        if status != 200:
            raise ValueError(f"{path} answers {status}")
        return json.loads(body)

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


def check_pages(table, reader, pages, repeats=20, prefix=""):
    for name, path in pages:
        times, failures, size = [], set(), 0
        for _ in range(repeats):
            elapsed, status, body = reader.read(path)
            times.append(elapsed)
            size = len(body)
            if status != 200:
                failures.add(f"status {status}")
        table.check_page(f"{prefix}{name} [{size / 1024:.0f} KiB]", times, failures)

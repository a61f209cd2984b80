"""The rows of the table, and what the figures have in common."""

import contextlib
import json
import math
import os
import shutil
import subprocess
import tempfile
import time

import harness
from measure import memory_of
from table import Table, load_average, machine, quantile, say

CORE, LOAD_CORE = 0, max(os.sched_getaffinity(0))  # of the programs under test, and of what loads them


class Bench:
    def __init__(self, options):
        self.options = options
        self.is_smoke = options.smoke
        self.rounds = options.rounds
        self.rows = []
        self.faults = []
        self.folder = tempfile.mkdtemp(prefix="quipu-bench-")
        self.running = []

    def run(self):
        # These take this module's functions.
        import code_figures
        import cost_figures
        import growth_figures
        import mail_figures
        import push_figures
        import serve_figures
        import start_figures

        modules = (
            code_figures, push_figures, serve_figures, growth_figures, mail_figures, start_figures, cost_figures,
        )

        self.machine = Table()
        machine(self.machine, harness)
        asked = subprocess.run(["c++", "--version"], capture_output=True, text=True, check=True)
        self.machine.note("compiler", asked.stdout.partition("\n")[0])
        self.machine.note("flags", self.flags())
        seconds = {}
        for name, measure in [item for module in modules for item in module.FIGURES.items()]:
            if name not in self.options.only:
                continue
            say(name)
            begin = time.monotonic()
            try:
                measure(self)
            except (AssertionError, OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
                self.faults.append(f"{name}: {error!r}")
            self.end_programs()
            seconds[name] = time.monotonic() - begin
        self.machine.note("seconds", ", ".join(f"{name} {took:.0f}" for name, took in seconds.items()))
        self.machine.note("load average at the end", load_average())

    def flags(self):
        asked = ["meson", "introspect", harness.BUILD, "--buildoptions"]
        options = json.loads(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)
        wanted = ("buildtype", "optimization", "unity", "b_ndebug", "cpp_args")
        return ", ".join(f"{one['name']}={one['value']}" for one in options if one["name"] in wanted)

    # --- the table ---

    def row(self, what, ours, peer_name="", peer=None, goal="", is_met=None, unit="ns", is_rate=False, beside=""):
        """ours, peer: medians; ratio: how much better ours is; is_met None: no goal; beside: in a peer's place."""
        ratio = "" if peer is None else f"{(ours / peer if is_rate else peer / ours):.2f}x"
        peer_text = beside if peer is None else f"{peer_name} {number(peer)} {unit}"
        verdict = "" if is_met is None else ("met" if is_met else "not met")
        self.rows.append((what, f"{number(ours)} {unit}", peer_text, ratio, goal, verdict))

    def text(self):
        head = ("figure", "ours", "peer or limit", "ours better", "goal", "")
        rows = [head, *self.rows]
        widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
        lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths)).rstrip() for row in rows]
        faults = [f"could not be measured: {fault}" for fault in self.faults]
        return "\n".join([self.machine.text(), "", *lines, "", *faults])

    # --- programs ---

    def quipud(self, *args, name="quipud"):
        return self.on_its_core(harness.Quipud, self.folder, *args, name=name)

    def maild(self, quipud, name="maild", **options):
        return self.on_its_core(harness.Maild, self.folder, quipud.ingest, name=name, **options)

    def on_its_core(self, make, *args, **options):
        """A harness.Program under test."""
        with on_core(CORE):
            program = make(*args, **options)
        self.running.append(program)
        return program

    def program(self, *args, core, **popen):
        started = subprocess.Popen(["taskset", "-c", str(core), *map(str, args)], **popen)
        self.running.append(started)
        return started

    def end_programs(self):
        for one in self.running:
            one.kill()
            if isinstance(one, subprocess.Popen):
                one.wait()
        self.running.clear()

    def close(self):
        self.end_programs()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def on_core(core):
    """This thread, and what is started meanwhile for good."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def processor_ns(pid):
    """Of all threads; finer than the ticks of /proc/PID/stat."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total


def pss(pid):
    return memory_of(pid)[1]


def is_installed(program):
    return shutil.which(program) is not None


def in_build(*parts):
    return os.path.join(harness.BUILD, *parts)


def exponent(points):
    """p of y = c * x^p, by least squares: 1 says that y grows as x does, 0 that it does not. points: (x, y)"""
    logs = [(math.log(x), math.log(y)) for x, y in points]
    mean_x, mean_y = (sum(values) / len(logs) for values in zip(*logs))
    return sum((x - mean_x) * (y - mean_y) for x, y in logs) / sum((x - mean_x) ** 2 for x, _ in logs)


def number(value):
    if value >= 1e6:
        return f"{value / 1e6:.2f} M"
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def p99(values):
    return quantile(values, 0.99)

"""The rows of the table, and what the figures have in common."""

import json
import os
import shutil
import subprocess
import tempfile

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
        import push_figures
        import serve_figures

        self.machine = Table()
        machine(self.machine, harness)
        asked = subprocess.run(["c++", "--version"], capture_output=True, text=True, check=True)
        self.machine.note("compiler", asked.stdout.partition("\n")[0])
        self.machine.note("flags", self.flags())
        for module in (code_figures, push_figures, serve_figures, cost_figures):
            for name, measure in module.FIGURES.items():
                if name not in self.options.only:
                    continue
                say(name)
                try:
                    measure(self)
                except (AssertionError, OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
                    self.faults.append(f"{name}: {error!r}")
                self.end_programs()
        self.machine.note("load average at the end", load_average())

    def flags(self):
        asked = ["meson", "introspect", harness.BUILD, "--buildoptions"]
        options = json.loads(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)
        wanted = ("buildtype", "optimization", "b_ndebug", "cpp_args")
        return ", ".join(f"{one['name']}={one['value']}" for one in options if one["name"] in wanted)

    # --- the table ---

    def row(self, what, ours, peer_name="", peer=None, goal="", is_met=None, unit="ns", is_rate=False):
        """ours, peer: medians; ratio: how many times faster ours is. is_met None: no goal."""
        ratio = "" if peer is None else f"{(ours / peer if is_rate else peer / ours):.2f}x"
        peer_text = "" if peer is None else f"{peer_name} {number(peer)} {unit}"
        verdict = "" if is_met is None else ("met" if is_met else "not met")
        self.rows.append((what, f"{number(ours)} {unit}", peer_text, ratio, goal, verdict))

    def text(self):
        head = ("figure", "ours", "peer or limit", "ours better", "goal", "")
        widths = [max(len(row[i]) for row in [head, *self.rows]) for i in range(len(head))]
        lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths)).rstrip() for row in [head, *self.rows]]
        faults = [f"could not be measured: {fault}" for fault in self.faults]
        return "\n".join([self.machine.text(), "", *lines, "", *faults])

    # --- programs ---

    def quipud(self, *args, name="quipud"):
        quipud = harness.Quipud(self.folder, *args, name=name)
        self.running.append(quipud)
        pin(quipud.pid, CORE)
        return quipud

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


def pin(pid, core):
    for thread in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(thread), {core})


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


def number(value):
    if value >= 1e6:
        return f"{value / 1e6:.2f} M"
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def p99(values):
    return quantile(values, 0.99)

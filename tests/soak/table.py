"""The table of figures and verdicts, and how figures are written."""

import hashlib
import os
import platform
import subprocess
import sys
import tempfile
import time

MIB = 1024 * 1024
PAGE_LIMIT_MS = 100


def say(text):
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)


class Table:
    """is_timed: whether times and sizes are judged; under a sanitizer they are only shown."""

    def __init__(self, is_timed=True):
        self.is_timed = is_timed
        self.rows = []
        self.failed = 0

    def head(self, text):
        self.rows.append((text, None, None))

    def note(self, what, figures):
        self.rows.append((what, figures, ""))

    def check(self, what, figures, is_right, limit=""):
        self.failed += not is_right
        self.rows.append((what, figures, ("ok" if is_right else "FAILED") + (f" ({limit})" if limit else "")))

    def check_measure(self, what, figures, is_right, limit):
        """Of a time or a size."""
        if self.is_timed:
            self.check(what, figures, is_right, limit)
        else:
            self.note(what, figures)

    def check_page(self, name, times, failures=()):
        """One row a page; times in ms."""
        figures = distribution(times) + "".join(f"; {failure}" for failure in failures)
        is_right = bool(times) and not failures
        if self.is_timed:
            self.check(name, figures, is_right and max(times) <= PAGE_LIMIT_MS, f"max {PAGE_LIMIT_MS} ms")
        else:
            self.check(name, figures, is_right, "answered")

    def text(self):
        full = [row for row in self.rows if row[1] is not None]
        widths = [max((len(row[i]) for row in full), default=0) for i in (0, 1)]
        lines = []
        for what, figures, verdict in self.rows:
            if figures is None:
                lines += ["", f"== {what}"]
            else:
                lines.append(f"{what:<{widths[0]}}  {figures:<{widths[1]}}  {verdict}".rstrip())
        return "\n".join(lines)


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def distribution(times):
    if not times:
        return "never read"
    over = sum(t > PAGE_LIMIT_MS for t in times)
    p50, p99 = quantile(times, 0.5), quantile(times, 0.99)
    text = f"n={len(times):<6} p50 {p50:7.2f}  p99 {p99:7.2f}  max {max(times):7.2f} ms"
    return text + (f"  ({over} over {PAGE_LIMIT_MS})" if over else "")


def mib(n):
    return f"{n / MIB:.1f} MiB"


def load_average():
    """Of one minute: programs that want a core, ours and others'."""
    return f"{os.getloadavg()[0]:.1f}"


def machine(table, harness):
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    with open("/proc/meminfo", encoding="ascii") as lines:
        memory = int(next(lines).split()[1]) * 1024
    table.head("machine")
    table.note("cores", f"{len(os.sched_getaffinity(0))} x {model}")
    table.note("memory, kernel", f"{mib(memory)}, {platform.system()} {platform.release()}")
    table.note("python", platform.python_version())
    table.note("load average at the start", load_average())
    folder = tempfile.gettempdir()
    asked = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True, check=False)
    table.note("mail and queue", f"in {folder} ({asked.stdout.strip()}): maild waits for its disk at every mail")
    for program in (harness.QUIPUD, harness.MAILD):
        asked = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False)
        with open(program, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:12]
        built = time.strftime("%F %T", time.localtime(os.path.getmtime(program)))
        name = (asked.stdout.split("\n")[0] or os.path.basename(program)).strip()
        table.note("program", f"{name}, sha256 {digest}, of {built}")


def median(values):
    return quantile(values, 0.5)

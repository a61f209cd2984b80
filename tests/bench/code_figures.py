"""What a call costs: ours and prometheus-cpp by Google Benchmark, Go's peers by Go's own. CPU time of a thread a call."""

import collections
import json
import os
import subprocess

import bench
from bench import is_installed
from table import median

# chasquid's nettrace is no package of its own: begin, 10 events, end, quoted from a machine of the same kind, and beside
# it what one event of x/net/trace took there. That one is a package; how much longer it takes here and now is how much
# longer nettrace would take.
NETTRACE_NS, XNET_PRINTF_NS = 2170, 170
GO_PACKAGES = "/usr/share/gocode"  # Debian's


def rounds_of(all_of_it, pattern, go=None, go_threads="1,2"):
    """name -> ns, medians of the rounds; one round is one side after the other. go: the program of Go's side."""
    seen = collections.defaultdict(list)
    time = 0.005 if all_of_it.is_smoke else 0.05
    for _ in range(all_of_it.rounds):
        args = [f"--benchmark_filter=^({pattern})/", f"--benchmark_min_time={time}", "--benchmark_format=json"]
        asked = subprocess.run([bench.in_build("tests", "bench", "bench-code"), *args], capture_output=True, text=True,
                               check=True)
        for one in json.loads(asked.stdout)["benchmarks"]:
            seen[one["name"]].append(one["cpu_time"])
        if go:
            args = ["-test.bench", f"(?i)^Benchmark{pattern}$", "-test.benchtime", f"{int(1000 * time)}ms"]
            asked = subprocess.run([go, *args, "-test.cpu", go_threads], capture_output=True, text=True, check=True)
            for line in asked.stdout.split("\n"):
                if line.startswith("Benchmark"):
                    name, _, ns = line.split()[:3]
                    path, _, threads = name.removeprefix("Benchmark").partition("-")
                    kind, _, side = path.lower().partition("/")
                    # Go tells the time of all threads together.
                    threads = int(threads or 1)
                    seen[f"{kind}/{side or 'expvar'}/threads:{threads}"].append(float(ns) * threads)
    return {name: median(values) for name, values in seen.items()}


def go_program(all_of_it, peer):
    """The program of PEER_test.go; None where Go or the peer is not installed."""
    is_there = is_installed("go") and (peer != "xnet" or os.path.isdir(f"{GO_PACKAGES}/src/golang.org/x/net/trace"))
    if all_of_it.is_smoke or not is_there:
        return None
    program = os.path.join(all_of_it.folder, f"{peer}-bench")
    if not os.path.exists(program):
        # Go's library is compiled once a build tree: that takes minutes.
        env = {**os.environ, "GO111MODULE": "off", "GOPATH": GO_PACKAGES}
        env["GOCACHE"] = bench.in_build("tests", "bench", "go")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{peer}_test.go")
        subprocess.run(["go", "test", "-c", "-o", program, source], check=True, env=env)
    return program


def counter(all_of_it):
    ns = rounds_of(all_of_it, "counter", go_program(all_of_it, "expvar"))
    for threads in (1, 2):
        def of(side, threads=threads):
            return ns.get(f"counter/{side}/threads:{threads}")

        ours, what = of("ours"), f"counter add, handle, {threads} thread{'s'[: threads - 1]}"
        limit = of("limit")
        all_of_it.row(what, ours, "limit", limit, "3x of it or 1.5 ns", ours <= max(3 * limit, 1.5))
        all_of_it.row("", ours, "std::atomic", of("atomic"))
        if peer := of("prometheus-cpp"):
            times = 3 if threads == 1 else 20
            all_of_it.row("", ours, "prometheus-cpp", peer, f"{times}x faster", peer >= times * ours)
        if peer := of("expvar"):
            all_of_it.row("", ours, "Go expvar", peer)
    one, two = ns["counter/ours/threads:1"], ns["counter/ours/threads:2"]
    all_of_it.row("counter add, 2 threads against 1", two, "1 thread", one, "no slower (10 %)", two <= 1.1 * one)


def counter_map(all_of_it):
    ns = rounds_of(all_of_it, "map", go_program(all_of_it, "expvar"))
    for threads in (1, 2):
        ours, what = ns[f"map/ours/threads:{threads}"], f"counter map add, {threads} thread{'s'[: threads - 1]}"
        all_of_it.row(what, ours, goal="15 ns", is_met=ours <= 15)
        if peer := ns.get(f"map/expvar/threads:{threads}"):
            all_of_it.row("", ours, "expvar.Map", peer, "3x faster", peer >= 3 * ours)
        if peer := ns.get(f"map/prometheus-cpp/threads:{threads}"):
            all_of_it.row("", ours, "prometheus-cpp", peer)


def trace(all_of_it):
    measured = rounds_of(all_of_it, "trace", go_program(all_of_it, "xnet"), "1")
    ns = {name.split("/")[1]: value for name, value in measured.items()}
    whole, pace = ns["ours"], ns.get("xnet_printf", XNET_PRINTF_NS) / XNET_PRINTF_NS
    all_of_it.row("trace: begin, 10 printf, end", whole, f"nettrace ({NETTRACE_NS} ns quoted, {pace:.2f}x here)",
                  NETTRACE_NS * pace, "4x faster", NETTRACE_NS * pace >= 4 * whole)
    if peer := ns.get("xnet"):
        all_of_it.row("", whole, "x/net/trace", peer)
    all_of_it.row("trace: one printf", ns["printf"], "limit", ns["limit"])
    if peer := ns.get("xnet_printf"):
        all_of_it.row("", ns["printf"], "x/net/trace", peer)
    all_of_it.row("trace: one event of fixed text", ns["event"], "limit", ns["limit"], "2x of it",
                  ns["event"] <= 2 * ns["limit"])


FIGURES = {"counter": counter, "map": counter_map, "trace": trace}

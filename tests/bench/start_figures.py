"""quipud after a long life: how soon it serves, and what the history of 1,000 series takes in memory."""

import os
import shutil
import socket
import subprocess
import time

import bench
import harness
from bench import CORE, on_core, pss
from measure import Reader
from protocol import Emitter, chunk, number, varint
from push_figures import DEFINE, DELTAS
from table import MIB, median


class StateDir:
    """As 60 days leave it (tests/bench/life.cpp); copies of it are used, since quipud writes into it."""

    def __init__(self, all_of_it):
        self.all_of_it = all_of_it
        self.days, self.series = (2, 50) if all_of_it.is_smoke else (60, 1000)
        self.folder = os.path.join(all_of_it.folder, "life")
        program = bench.in_build("tests", "bench", "life")
        made = subprocess.run([program, self.folder, str(self.days), str(self.series)], capture_output=True, text=True,
                              check=False)
        if made.returncode != 0:
            raise AssertionError(f"no state directory: {made.stderr}")
        self.history_bytes = int(made.stdout)
        self.file_bytes = os.path.getsize(os.path.join(self.folder, "quipu.db"))

    def copy(self, name):
        return shutil.copytree(self.folder, os.path.join(self.all_of_it.folder, name))


def push_all(quipud, names):
    """A mail daemon that counts under these names goes on; its connection, to be kept."""
    emitter = Emitter(quipud.ingest, os.urandom(16), program="bench")
    families = b"".join(chunk(1, number(1, i) + chunk(2, name)) for i, name in enumerate(names, 1))
    series = b"".join(chunk(2, number(1, i) + number(2, i)) for i in range(1, len(names) + 1))
    emitter.send(DEFINE, families + series)
    emitter.send(DELTAS, chunk(1, b"".join(map(varint, range(1, len(names) + 1)))) + chunk(2, varint(2) * len(names)))
    return emitter


def history(all_of_it, state):
    quipud = all_of_it.quipud(f"--state_dir={state.copy('state-history')}", name="quipud-history")
    reader = Reader(quipud.address)

    # What is not in whole blocks yet is left out; of two days that is more than of sixty.
    share = 0.7 if all_of_it.is_smoke else 0.9

    def is_there():
        return reader.json("/debug/vars").get("quipu/history/bytes", 0) >= share * state.history_bytes

    harness.wait_until(is_there, f"{state.history_bytes} bytes of history", 60)
    names = [name for name in reader.json("/debug/vars") if name.startswith("m/")]
    if len(names) != state.series - (state.series + 4) // 5:
        raise AssertionError(f"{len(names)} counts were restored")  # all but the gauges
    emitter = push_all(quipud, names)
    reader.read("/")
    time.sleep(0.2 if all_of_it.is_smoke else 2.5)  # points are taken, a commit made
    used = pss(quipud.pid) / MIB
    emitter.socket.close()
    all_of_it.row(f"memory with history of {state.series:,} series, full, PSS", used, goal="64 MiB", is_met=used < 64,
                  unit="MiB", beside=f"history alone {state.history_bytes / MIB:.1f} MiB")


class Ready:
    """Hears from quipud when it serves, as systemd does."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "ready")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(20)

    def start(self, all_of_it, name, *args):
        """(ms until it says so, ms until it has answered, ms that its slowest answer of the first second takes)"""
        port = harness.free_port()
        command = [harness.QUIPUD, f"--monitoring_address=127.0.0.1:{port}"]
        command += [f"--ingest_socket={os.path.join(all_of_it.folder, name)}.sock", *args]
        env = {**os.environ, "NOTIFY_SOCKET": self.path}
        with open(os.path.join(all_of_it.folder, f"{name}.log"), "ab") as log, on_core(CORE):
            begin = time.monotonic()
            process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
            try:
                while not self.socket.recv(4096).startswith(b"READY=1"):
                    continue
                ready = time.monotonic()
                reader = Reader(f"127.0.0.1:{port}")
                statuses, times = {reader.read("/healthz")[1]}, []
                answered = time.monotonic()
                while time.monotonic() < ready + (0.1 if all_of_it.is_smoke else 1):
                    elapsed, status, _ = reader.read("/healthz")
                    statuses.add(status)
                    times.append(elapsed)
                    time.sleep(0.002)
                reader.close()
            finally:
                process.kill()
                process.wait()
        if statuses != {200}:
            raise AssertionError(f"/healthz answers {statuses} after the start")
        return (ready - begin) * 1000, (answered - begin) * 1000, max(times)


def start(all_of_it):
    state = StateDir(all_of_it)
    history(all_of_it, state)
    all_of_it.end_programs()
    ready = Ready(all_of_it.folder)
    old, new = [], []
    for i in range(all_of_it.rounds):
        folder = state.copy(f"state-{i}")
        old.append(ready.start(all_of_it, f"start-old-{i}", f"--state_dir={folder}"))
        shutil.rmtree(folder)
        new.append(ready.start(all_of_it, f"start-new-{i}"))
    (serves, answers, slowest), peers = ([median(column) for column in zip(*rounds)] for rounds in (old, new))
    size = f"{state.days}-day state file [{state.file_bytes / MIB:.0f} MiB]"
    all_of_it.row(f"start to serving, {size}", serves, "without one", peers[0], "30 ms", serves < 30, "ms")
    all_of_it.row("start to its first answer", answers, "without one", peers[1], unit="ms")
    all_of_it.row("slowest answer of the second after it", slowest, "without one", peers[2], unit="ms")


FIGURES = {"start": start}

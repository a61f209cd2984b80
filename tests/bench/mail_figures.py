"""What the emitter costs the mail daemon: processor time of a maild for a mail, with it and without.

Without: maild-unwatched, the same objects linked with an emitter that does nothing. The two take the same mails in
turns, some dozen at a time, and each such pair gives one difference of what all threads but the emitter's own have
taken: what the machine does besides hits both. The emitter's thread works ten times a second, so that most of those
turns have nothing of it; what it takes for a mail is measured while mail comes without a pause, and added.

Their mail is kept in memory (/dev/shm), since a disk's share of the work goes up and down by more than the emitter's. A
mail daemon keeps its mail on disk, though; so the cost is set against a mail there. quipud is on the other core: what it
takes is not maild's.

Two loads. As mail comes from elsewhere: a connection for each mail, with STARTTLS (and a certificate that is cheap to
sign with), and 20 KB of text. And the least that a mail can cost: mails of one line, one after the other on one
connection.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile

import bench
import harness
import mails
import smtp
from bench import LOAD_CORE, on_core, processor_ns
from table import median, quantile

PAIRS = 150  # a round, of each load
MAILS_ON_DISK = 50  # a round
IN_MEMORY = "/dev/shm"
HEADER = b"From: <a@localhost>\r\nSubject: test\r\n\r\n"


class Load:
    def __init__(self, name, is_each_connected, body, count, in_a_row):
        self.name, self.is_each_connected, self.body = name, is_each_connected, HEADER + body
        self.count = count  # of one side, in a pair
        self.in_a_row = in_a_row  # a round, some pushes of the emitter long


LOADS = [
    Load("a connection, STARTTLS and 20 KB a mail", True, (b"Lorem ipsum " * 6 + b"\r\n") * 276, 10, 150),
    Load("a line a mail, one after the other", False, b"Hello.\r\n", 40, 400),
]


def certificate(folder):
    """maild's options for one that it signs with quickly."""
    names = [os.path.join(folder, name) for name in ("bench-key.pem", "bench-certificate.pem")]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=localhost", "-keyout", names[0], "-out", names[1]]
    subprocess.run(command, check=True, capture_output=True)
    return [f"--tls_private_key={names[0]}", f"--tls_certificate={names[1]}"]


class Side:
    """One maild, and a client that is connected."""

    def __init__(self, all_of_it, folder, quipud, name, program, options=()):
        self.maildir = os.path.join(folder, f"{name}-mail")
        queue = os.path.join(folder, f"{name}-queue")
        os.makedirs(queue)
        command = [program, "--smtp_address=127.0.0.1:0", "--hostname=localhost", f"--maildir={self.maildir}"]
        command += [f"--queue_dir={queue}", f"--ingest_socket={quipud.ingest}", *options]
        self.maild = all_of_it.on_its_core(harness.Program, all_of_it.folder, name, command)
        self.port = int(self.maild.wait_for_log(r"listening on 127\.0\.0\.1:(\d+)").group(1))
        self.client = smtp.Client(self.port, smtp.Truth())
        self.client.hello()
        self.courier = self.thread("quipu-courier")

    def thread(self, name):
        """Its folder in /proc; None: there is none."""
        for folder in sorted(os.listdir(f"/proc/{self.maild.pid}/task")):
            folder = f"/proc/{self.maild.pid}/task/{folder}"
            with open(f"{folder}/comm", encoding="ascii") as file:
                if file.read().strip() == name:
                    return folder
        return None

    def courier_ns(self):
        """CPU time of the emitter's own thread."""
        if self.courier is None:
            return 0
        with open(f"{self.courier}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[0])

    def send(self, load, client):
        mails.send(client, {"user@localhost": ("email:local", 1)}, body=load.body)

    def connect_and_send(self, load):
        with smtp.Client(self.port, smtp.Truth()) as client:
            client.hello()
            client.start_tls()
            self.send(load, client)
            client.quit()

    def take(self, load, count):
        """CPU time of a mail, in us: of the emitter's thread, and of all others."""
        before, courier_before = processor_ns(self.maild.pid), self.courier_ns()
        for _ in range(count):
            if load.is_each_connected:
                self.connect_and_send(load)
            else:
                self.send(load, self.client)
        courier = self.courier_ns() - courier_before
        others = processor_ns(self.maild.pid) - before - courier
        new = os.path.join(self.maildir, "user", "new")
        for name in os.listdir(new):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(new, name))
        return courier / 1000 / count, others / 1000 / count


def in_turns(sides, load, pairs):
    """What a mail costs each side without the emitter's thread, in us, pair by pair."""
    costs = ([], [])
    for i in range(pairs):
        for which in (0, 1) if i % 2 == 0 else (1, 0):
            costs[which].append(sides[which].take(load, load.count)[1])
    return costs


class Measured:
    """Of one load: what a mail costs in memory and on disk, and the emitter's part, in us."""

    def __init__(self, all_of_it, load, sides, on_disk):
        rounds, pairs, in_a_row, disk_count = all_of_it.rounds, PAIRS * all_of_it.rounds, load.in_a_row, MAILS_ON_DISK
        if all_of_it.is_smoke:
            pairs, in_a_row, disk_count = 2, 5, 5
        for side in (*sides, on_disk):
            side.take(load, disk_count)  # everything has been used once
        self.watched, self.alone = in_turns(sides, load, pairs)
        self.courier = median([sides[0].take(load, in_a_row)[0] for _ in range(rounds)])
        self.disk = median([on_disk.take(load, disk_count)[1] for _ in range(rounds)])
        costs = [with_it - without for with_it, without in zip(self.watched, self.alone)]
        quarters = quantile(costs, 0.25), quantile(costs, 0.75)
        self.cost = median(costs) + self.courier
        # Two standard errors of the median of so many values.
        self.unsure = 2 * 0.93 * (quarters[1] - quarters[0]) / len(costs) ** 0.5
        half = f"half of them {quarters[0]:.2f} to {quarters[1]:.2f} us"
        self.spread = f"+- {self.unsure:.2f} ({len(costs)} pairs, {half})"


def measure(all_of_it, folder):
    unwatched = bench.in_build("tests", "bench", "maild-unwatched")
    with on_core(LOAD_CORE):
        quipud = harness.Quipud(all_of_it.folder, "--history_series=0")
    all_of_it.running.append(quipud)
    options = certificate(folder)
    sides = [Side(all_of_it, folder, quipud, "maild-watched", harness.MAILD, options)]
    sides.append(Side(all_of_it, folder, quipud, "maild-alone", unwatched, options))
    on_disk = Side(all_of_it, all_of_it.folder, quipud, "maild-on-disk", unwatched, options)
    if [side.courier is not None for side in sides] != [True, False]:
        raise AssertionError("the emitter is not where it should be, or it is where it should not")
    with on_core(LOAD_CORE):
        return [(load, Measured(all_of_it, load, sides, on_disk)) for load in LOADS]


def mail(all_of_it):
    parent, place = (IN_MEMORY, "in memory") if os.path.isdir(IN_MEMORY) else (all_of_it.folder, "on disk")
    folder = tempfile.mkdtemp(prefix="quipu-bench-", dir=parent)
    try:
        loads = measure(all_of_it, folder)
    finally:
        all_of_it.end_programs()
        shutil.rmtree(folder, ignore_errors=True)
    for load, of_it in loads:
        alone = median(of_it.alone)
        all_of_it.row(f"CPU of maild, {load.name}, {place}", alone + of_it.cost, "without emitter", alone, unit="us")
        all_of_it.row("of it the emitter, pairs and its own thread", of_it.cost, unit="us", beside=of_it.spread)
        all_of_it.row("of that its own thread, the courier", of_it.courier, unit="us")
        all_of_it.row("emitter's share of maild's CPU, on disk", 100 * of_it.cost / of_it.disk, unit="%", goal="1 %",
                      is_met=of_it.cost < 0.01 * of_it.disk,
                      beside=f"+- {100 * of_it.unsure / of_it.disk:.2f}, of {of_it.disk:.0f} us a mail")


FIGURES = {"mail": mail}

"""What the emitter costs the mail daemon: processor time of a maild for a mail, with it and without.

Without: maild-unwatched, the same objects linked with an emitter that does nothing. All take the same mails in turns, so
that what the machine does besides hits all. What comes of a turn's mails while another side has its turn, a push above
all, is counted too; what a side takes for nothing in that time, as it does idle, is not. What counts is by how much two
turns of one round differ, with the emitter and without: their median, since what disturbs one turn would outweigh
hundreds of others. A round of turns takes as long as it is from one push to the next, so that none is left out by that.

Twice with: as maild is, with its event loop for a courier, and with a courier's thread (--courier=thread).

Their mail is kept in memory (/dev/shm), since a disk's share of the work goes up and down by more than the emitter's. A
mail daemon keeps its mail on disk, though; so the cost is set against a mail there. quipud is on the other core: what it
takes is not maild's.

All of them are started anew some times a round: where its memory happens to lie makes a process cheaper or dearer by
more than a goal leaves room for, and stays with it. The figure is the median of all starts.

Three loads. Mail as it comes from elsewhere: a connection for each, with STARTTLS (and a certificate that is cheap to
sign with), and 20 KB of text. As load generators send it: a connection for each, and one line. And the least that a mail
can cost: mails of one line, one after the other on one connection.
"""

import contextlib
import os
import statistics
import subprocess
import tempfile
import time

import bench
import harness
import mails
import smtp
from bench import LOAD_CORE, on_core, processor_ns
from table import median

STARTS = 3  # a round
TURNS = 12  # a start, of each load
IDLE_SECONDS = 0.3  # some pushes long
MAILS_ON_DISK = 25  # a start
IN_MEMORY = "/dev/shm"
HEADER = b"From: <a@localhost>\r\nSubject: test\r\n\r\n"
LINE = b"Hello.\r\n"


class Load:
    def __init__(self, name, body, count, is_each_connected=True, is_tls=False):
        self.name, self.body = name, HEADER + body
        self.count = count  # of each side, in a turn: some 35 ms
        self.is_each_connected, self.is_tls = is_each_connected, is_tls


LOADS = [
    Load("a connection, STARTTLS and 20 KB a mail", (b"Lorem ipsum " * 6 + b"\r\n") * 276, 20, is_tls=True),
    Load("a connection and a line a mail", LINE, 80),
    Load("a line a mail, one after the other", LINE, 120, is_each_connected=False),
]


# The names are of one length: they are part of paths.
WATCHED = {"loop": [], "thrd": ["--courier=thread"]}


def certificate(folder):
    """maild's options for one that it signs with quickly."""
    names = [os.path.join(folder, name) for name in ("bench-key.pem", "bench-certificate.pem")]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=localhost", "-keyout", names[0], "-out", names[1]]
    subprocess.run(command, check=True, capture_output=True)
    return [f"--tls_private_key={names[0]}", f"--tls_certificate={names[1]}"]


class Side:
    """One maild, and a client that is connected."""

    def __init__(self, all_of_it, folder, quipud, name, program, options):
        self.maildir = os.path.join(folder, f"{name}-mail")
        queue = os.path.join(folder, f"{name}-queue")
        os.makedirs(queue)
        command = [program, "--smtp_address=127.0.0.1:0", "--hostname=localhost", f"--maildir={self.maildir}"]
        command += [f"--queue_dir={queue}", f"--ingest_socket={quipud.ingest}", *options]
        self.maild = all_of_it.on_its_core(harness.Program, all_of_it.folder, name, command)
        self.port = int(self.maild.wait_for_log(r"listening on 127\.0\.0\.1:(\d+)").group(1))
        self.client = smtp.Client(self.port, smtp.Truth())
        self.client.hello()

    def threads(self):
        return len(os.listdir(f"/proc/{self.maild.pid}/task"))

    def send(self, load, client):
        mails.send(client, {"user@localhost": ("email:local", 1)}, body=load.body)

    def connect_and_send(self, load):
        with smtp.Client(self.port, smtp.Truth()) as client:
            client.hello()
            if load.is_tls:
                client.start_tls()
            self.send(load, client)
            client.quit()

    def take(self, load, count):
        """CPU time of a mail until the last one was answered, in us."""
        before = processor_ns(self.maild.pid)
        for _ in range(count):
            if load.is_each_connected:
                self.connect_and_send(load)
            else:
                self.send(load, self.client)
        took = processor_ns(self.maild.pid) - before
        new = os.path.join(self.maildir, "user", "new")
        for name in os.listdir(new):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(new, name))
        return took / 1000 / count


class Account:
    """What the mails of one side's turns cost, up to its next turn."""

    def __init__(self, side):
        self.side = side
        self.costs = []  # us a mail, a turn each
        self.begin, self.end, self.idle = self.processor_us(), time.monotonic(), 0
        self.count = 0  # of the turn that is not settled

    def has_idled(self):
        """Ever since it was made: what it takes for nothing, in us a second."""
        self.idle = (self.processor_us() - self.begin) / (time.monotonic() - self.end)

    def processor_us(self):
        return processor_ns(self.side.maild.pid) / 1000

    def settle(self):
        if self.count:
            took = self.processor_us() - self.begin - self.idle * (time.monotonic() - self.end)
            self.costs.append(took / self.count)

    def turn(self, load):
        self.settle()
        self.begin, self.count = self.processor_us(), load.count
        self.side.take(load, load.count)
        self.end = time.monotonic()


class Measured:
    """Of one load: what a mail costs, in us, a value a start."""

    def __init__(self):
        self.alone = []  # without the emitter, in memory
        self.disk = []  # the same on disk
        self.more = {name: [] for name in WATCHED}  # with it, in memory

    def add(self, load, sides, on_disk, is_smoke):
        turns, disk_count = (2, 5) if is_smoke else (TURNS, MAILS_ON_DISK)
        for side in (*sides.values(), on_disk):
            side.take(load, disk_count)  # everything has been used once
        accounts = {name: Account(side) for name, side in sides.items()}
        order = list(accounts.values())
        time.sleep(IDLE_SECONDS)
        for account in order:
            account.has_idled()
        for i in range(turns):
            for account in order if i % 2 == 0 else reversed(order):
                account.turn(load)
            order = [*order[1:], order[0]]
        time.sleep(IDLE_SECONDS)
        for account in order:
            account.settle()
        without = accounts["less"].costs
        self.alone.append(median(without))
        for name in WATCHED:
            self.more[name].append(median([a - b for a, b in zip(accounts[name].costs, without)]))
        self.disk.append(on_disk.take(load, disk_count))

    def cost(self, name):
        return median(self.more[name])

    def unsure(self, name):
        """Two standard errors of the median, as if the starts lay as a bell curve does."""
        starts = len(self.more[name])
        return 2.5 * statistics.stdev(self.more[name]) / starts**0.5 if starts > 1 else float("nan")


def measure_start(all_of_it, folder, disk_folder, measured):
    """The sides are new, and their quipud."""
    unwatched = bench.in_build("tests", "bench", "maild-unwatched")
    with on_core(LOAD_CORE):
        quipud = harness.Quipud(disk_folder, "--history_series=0")
    all_of_it.running.append(quipud)
    options = certificate(folder)
    sides = {"less": Side(all_of_it, folder, quipud, "less", unwatched, options)}
    for name in WATCHED:
        sides[name] = Side(all_of_it, folder, quipud, name, harness.MAILD, [*options, *WATCHED[name]])
    on_disk = Side(all_of_it, disk_folder, quipud, "disk", unwatched, options)
    if [side.threads() for side in sides.values()] != [1, 1, 2]:
        raise AssertionError("the courier is not where it should be, or it is where it should not")
    with on_core(LOAD_CORE):
        for load, of_it in zip(LOADS, measured):
            of_it.add(load, sides, on_disk, all_of_it.is_smoke)


def mail(all_of_it):
    parent, place = (IN_MEMORY, "in memory") if os.path.isdir(IN_MEMORY) else (all_of_it.folder, "on disk")
    measured = [Measured() for _ in LOADS]
    for _ in range(1 if all_of_it.is_smoke else all_of_it.rounds * STARTS):
        with tempfile.TemporaryDirectory(prefix="quipu-bench-", dir=parent) as folder:
            with tempfile.TemporaryDirectory(dir=all_of_it.folder) as disk_folder:
                try:
                    measure_start(all_of_it, folder, disk_folder, measured)
                finally:
                    all_of_it.end_programs()
    for load, of_it in zip(LOADS, measured):
        alone, disk = median(of_it.alone), median(of_it.disk)
        cost, of_thread = of_it.cost("loop"), of_it.cost("thrd")
        all_of_it.row(f"CPU of maild, {load.name}, {place}", alone + cost, "without emitter", alone, unit="us")
        ends = f"starts {min(of_it.more['loop']):.2f} to {max(of_it.more['loop']):.2f}"
        all_of_it.row("of it the emitter", cost, unit="us", beside=f"+- {of_it.unsure('loop'):.2f}, {ends}")
        all_of_it.row("emitter's share of maild's CPU, on disk", 100 * cost / disk, unit="%", goal="1 %",
                      is_met=cost < 0.01 * disk,
                      beside=f"+- {100 * of_it.unsure('loop') / disk:.2f}, of {disk:.0f} us a mail")
        beside = f"{of_thread:.1f} +- {of_it.unsure('thrd'):.2f} us"
        all_of_it.row("the same with --courier=thread", 100 * of_thread / disk, unit="%", beside=beside)


FIGURES = {"mail": mail}

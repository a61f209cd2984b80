"""What the emitter costs the mail daemon: processor time of a maild for a mail, with it and without.

Without: maild-unwatched, the same objects linked with an emitter that does nothing. The two take the same mails in
turns, some hundred at a time, and each such pair gives one difference: what the machine does besides hits both. Their
mail is kept in memory (/dev/shm), since a disk's share of the work goes up and down by more than the emitter's. A mail
daemon keeps its mail on disk, though; so the difference is set against a mail there, too.
"""

import contextlib
import os
import shutil
import tempfile

import bench
import harness
import mails
import smtp
from bench import LOAD_CORE, on_core, processor_ns
from table import median, quantile

PAIRS = 200  # a round
MAILS = 40  # of one side, in a pair
MAILS_ON_DISK = 50  # a round
IN_MEMORY = "/dev/shm"


class Side:
    """One maild, and a client that is connected."""

    def __init__(self, all_of_it, folder, quipud, name, program):
        self.maildir = os.path.join(folder, f"{name}-mail")
        queue = os.path.join(folder, f"{name}-queue")
        os.makedirs(queue)
        command = [program, "--smtp_address=127.0.0.1:0", "--hostname=localhost", f"--maildir={self.maildir}"]
        command += [f"--queue_dir={queue}", f"--ingest_socket={quipud.ingest}"]
        self.maild = all_of_it.on_its_core(harness.Program, all_of_it.folder, name, command)
        port = int(self.maild.wait_for_log(r"listening on 127\.0\.0\.1:(\d+)").group(1))
        self.client = smtp.Client(port, smtp.Truth())
        self.client.hello()

    def take(self, count):
        """CPU time of a mail, in us."""
        before = processor_ns(self.maild.pid)
        for _ in range(count):
            mails.send(self.client, {"user@localhost": ("email:local", 1)})
        taken = (processor_ns(self.maild.pid) - before) / 1000 / count
        new = os.path.join(self.maildir, "user", "new")
        for name in os.listdir(new):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(new, name))
        return taken

    def courier_ns(self):
        """Of the emitter's own thread."""
        for thread in os.listdir(f"/proc/{self.maild.pid}/task"):
            with open(f"/proc/{self.maild.pid}/task/{thread}/comm", encoding="ascii") as name:
                if name.read().strip() != "quipu-courier":
                    continue
            with open(f"/proc/{self.maild.pid}/task/{thread}/schedstat", encoding="ascii") as file:
                return int(file.read().split()[0])
        return None


def in_turns(sides, pairs, count):
    """The costs of a mail of each side, in us, pair by pair."""
    costs = ([], [])
    for i in range(pairs):
        for which in (0, 1) if i % 2 == 0 else (1, 0):
            costs[which].append(sides[which].take(count))
    return costs


def measure(all_of_it, folder):
    unwatched = bench.in_build("tests", "bench", "maild-unwatched")
    with on_core(LOAD_CORE):
        quipud = harness.Quipud(all_of_it.folder, "--history_series=0")
    all_of_it.running.append(quipud)
    sides = [Side(all_of_it, folder, quipud, "maild-watched", harness.MAILD)]
    sides.append(Side(all_of_it, folder, quipud, "maild-alone", unwatched))
    on_disk = Side(all_of_it, all_of_it.folder, quipud, "maild-on-disk", unwatched)
    if [side.courier_ns() is not None for side in sides] != [True, False]:
        raise AssertionError("the emitter is not where it should be, or it is where it should not")
    pairs, count, disk_count = PAIRS * all_of_it.rounds, MAILS, MAILS_ON_DISK
    if all_of_it.is_smoke:
        pairs, count, disk_count = 2, 5, 5
    with on_core(LOAD_CORE):
        for side in (*sides, on_disk):
            side.take(count if side is not on_disk else disk_count)  # everything has been used once
        begin = sides[0].courier_ns()
        watched, alone = in_turns(sides, pairs, count)
        courier = (sides[0].courier_ns() - begin) / 1000 / (pairs * count)
        disk = median([on_disk.take(disk_count) for _ in range(all_of_it.rounds)])
    return watched, alone, courier, disk


def mail(all_of_it):
    parent, place = (IN_MEMORY, "in memory") if os.path.isdir(IN_MEMORY) else (all_of_it.folder, "on disk")
    folder = tempfile.mkdtemp(prefix="quipu-bench-", dir=parent)
    try:
        watched, alone, courier, disk = measure(all_of_it, folder)
    finally:
        all_of_it.end_programs()
        shutil.rmtree(folder, ignore_errors=True)
    costs = [with_it - without for with_it, without in zip(watched, alone)]
    cost, without = median(costs), median(alone)
    quarters = quantile(costs, 0.25), quantile(costs, 0.75)
    # Two standard errors of the median of so many values.
    unsure = 2 * 0.93 * (quarters[1] - quarters[0]) / len(costs) ** 0.5
    all_of_it.row(f"CPU of maild for a mail, {place}", median(watched), "without emitter", without, unit="us")
    spread = f"+- {unsure:.2f} ({len(costs)} pairs, half of them {quarters[0]:.2f} to {quarters[1]:.2f} us)"
    all_of_it.row("of it the emitter, median of pairs", cost, unit="us", beside=spread)
    all_of_it.row("of that its own thread, the courier", courier, unit="us")
    all_of_it.row(f"emitter's share of maild's CPU, mail {place}", 100 * cost / without, unit="%",
                  beside=f"+- {100 * unsure / without:.2f}")
    all_of_it.row("emitter's share of maild's CPU, mail on disk", 100 * cost / disk, unit="%", goal="1 %",
                  is_met=cost < 0.01 * disk, beside=f"+- {100 * unsure / disk:.2f}, of {disk:.0f} us a mail")


FIGURES = {"mail": mail}

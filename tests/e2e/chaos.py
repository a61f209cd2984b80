"""Chaos: quipud and two mail daemons under traffic, killed with -9 at random moments, in every combination; a reader asks
for the counts all the while. No count that was shown steps back, nothing is lost that was promised (books.py says what
that is), and nothing is counted twice.

chaos_test.py runs the short form; the command `chaos --kills 200` the long one, and prints figures."""

import collections
import http.client
import os
import random
import re
import signal
import socket
import threading
import time

import books
import harness
import vocabulary
from harness import wait_until

# How often each kind of kill is drawn.
KINDS = {
    "quipud": 6,
    "one mail daemon": 5,
    "quipud and one mail daemon": 4,
    "a mail daemon while quipud is away": 3,
    "quipud, and again as it starts": 2,
    "all": 2,
}
NAMES = ("one", "two")


class UnixHttp(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Traffic(threading.Thread):
    """SMTP sessions without end with one of the mail daemons, whichever process it is; mails, and verbs of its own."""

    def __init__(self, name, ports, seed):
        super().__init__(daemon=True)
        self.name_of_daemon = name
        self.ports = ports  # by name, which others change
        self.random = random.Random(seed)
        self.is_over = threading.Event()

    def commands(self):
        yield b"EHLO client.example"
        for _ in range(self.random.randrange(4)):
            yield self.random.choice([b"NOOP", b"RSET", b"VRFY user", b"XYZZY", b"HELP", b"WIZ"])
        if self.random.random() < 0.5:
            yield from (b"MAIL FROM:<a@client.example>", b"RCPT TO:<postmaster@localhost>", b"DATA")
            yield b"Subject: chaos\r\n\r\nhello\r\n."
        yield b"QUIT"

    def run(self):
        while not self.is_over.is_set():
            try:
                with socket.create_connection(("127.0.0.1", self.ports[self.name_of_daemon]), timeout=5) as connection:
                    stream = connection.makefile("rwb")
                    stream.readline()
                    for command in self.commands():
                        stream.write(command + b"\r\n")
                        stream.flush()
                        while stream.readline()[3:4] == b"-":
                            pass
                        time.sleep(0.001)
            except OSError:
                time.sleep(0.01)

    def end(self):
        self.is_over.set()
        self.join()


class Chaos:
    def __init__(self, folder, seed, say=lambda line: None):
        self.folder = folder
        self.say = say
        self.random = random.Random(seed)
        self.runs = books.Runs()
        self.books = books.Books()
        self.kills = collections.Counter()
        self.processes = collections.Counter()  # killed, by program
        self.state = os.path.join(folder, "state")
        self.pages = os.path.join(folder, "pages.sock")
        self.ingest = os.path.join(folder, "ingest.sock")
        self.quipud = None
        self.mail_daemons = {}
        self.ports = {}
        self.made = 0
        self.buried = []  # count logs of those that were killed
        self.wrong = []
        self.reader = Reader(self)

    # --- programs ---

    def start_quipud(self):
        self.runs.begin(time.monotonic())
        self.quipud = harness.Program(
            self.folder,
            "quipud",
            [
                harness.QUIPUD,
                f"--monitoring_address=unix:{self.pages}",
                f"--ingest_socket={self.ingest}",
                f"--state_dir={self.state}",
            ],
        )

    def start_mail_daemon(self, name):
        self.made += 1
        maild = harness.Maild(self.folder, self.ingest, name=name, count_log=f"{name}-{self.made}.counts")
        self.mail_daemons[name] = maild
        self.ports[name] = maild.port

    def kill(self, *programs):
        for program in programs:
            program.process.send_signal(signal.SIGKILL)
        for program in programs:
            program.process.wait()
            self.processes["quipud" if program is self.quipud else "maild"] += 1

    def bury(self, *names):
        """What they wrote down is read at the end, when it is known which pages were answered."""
        for name in names:
            self.buried.append(self.mail_daemons[name].count_log)

    def end_all(self):
        for program in (self.quipud, *self.mail_daemons.values()):
            if program:
                program.kill()

    # --- looking ---

    def look(self):
        """(counts, are they kept) as a page shows them now."""
        asked_at, run = time.monotonic(), self.runs.count
        connection = UnixHttp(self.pages, timeout=20)
        try:
            connection.request("GET", "/debug/vars")
            response = connection.getresponse()
            body = response.read().decode()
        finally:
            connection.close()
        if response.status != 200:
            raise ValueError(f"/debug/vars answers {response.status}")
        shown = harness.json.loads(body)
        # quipud does not wait for a file system for more than a second.
        is_kept = shown["quipu/store/unkeptAnswers"] == 0 and time.monotonic() - asked_at < 0.9
        is_kept = is_kept and run == self.runs.count
        if is_kept:
            self.runs.answered(run, asked_at)
        names = shown.keys() & {*vocabulary.COUNTERS, *vocabulary.MAPS}
        return harness.flatten({name: shown[name] for name in names}), is_kept

    # --- killing ---

    def kill_as(self, kind):
        name = self.random.choice(NAMES)
        maild = self.mail_daemons[name]
        if kind == "quipud":
            self.kill(self.quipud)
            time.sleep(self.random.choice([0, 0, 0.2, 0.5]))
            self.start_quipud()
        elif kind == "one mail daemon":
            self.kill(maild)
            self.bury(name)
            self.start_mail_daemon(name)
        elif kind == "quipud and one mail daemon":
            self.kill(*self.random.sample([self.quipud, maild], 2))
            self.bury(name)
            self.start_quipud()
            self.start_mail_daemon(name)
        elif kind == "a mail daemon while quipud is away":
            self.kill(self.quipud)
            time.sleep(self.random.uniform(0, 0.3))
            self.kill(maild)
            self.bury(name)
            self.start_mail_daemon(name)
            self.start_quipud()
        elif kind == "quipud, and again as it starts":
            self.kill(self.quipud)
            self.start_quipud()
            time.sleep(self.random.uniform(0, 0.06))
            self.kill(self.quipud)
            self.start_quipud()
        else:
            self.kill(self.quipud, *self.mail_daemons.values())
            self.bury(*NAMES)
            self.start_quipud()
            for each in NAMES:
                self.start_mail_daemon(each)
        self.kills[kind] += 1

    def run(self, kills):
        """A dict of figures; what went wrong is in self.wrong."""
        self.start_quipud()
        for name in NAMES:
            self.start_mail_daemon(name)
        traffic = [Traffic(name, self.ports, self.random.random()) for name in NAMES * 2]
        self.reader.start()
        for one in traffic:
            one.start()
        wait_until(lambda: self.reader.seen.sum() > 100, "counts", 60)
        for i in range(kills):
            time.sleep(self.random.uniform(0.02, 0.6))
            self.kill_as(self.random.choices([*KINDS], [*KINDS.values()])[0])
            if i % 20 == 19:
                self.say(f"  {i + 1} kills, {self.reader.seen.sum()} counts shown")
        for one in traffic:
            one.end()
        return self.settle()

    def settle(self):
        wait_until(self.look, "quipud answers", 60)
        for name, maild in self.mail_daemons.items():
            # All that it has counted is handed over by its goodbye, if it is connected.
            wait_until(lambda: not maild.queued(), f"the queue of {name} is empty", 60)
            self.wait_until_connected(maild)
            exit_code = maild.end()
            if exit_code != 0:
                self.wrong.append(f"a mail daemon ended with {exit_code}")
            self.books.add_ended(maild.count_log)
        for path in self.buried:
            self.books.add_killed(path, self.runs)
        self.reader.end()
        shown, _ = self.look()
        exit_code = self.quipud.end()
        if exit_code != 0:
            self.wrong.append(f"quipud ended with {exit_code}")
        self.start_quipud()
        again, _ = wait_until(self.look, "quipud answers again", 60)
        if again != shown:
            self.wrong.append("an orderly end and another start show other counts")
        self.check(shown)
        return self.figures(shown)

    def wait_until_connected(self, maild):
        def is_connected():
            return re.search(rf"emitter connected \S+ \S+ pid={maild.pid} ", self.quipud.log())

        wait_until(is_connected, f"maild {maild.pid} is connected", 60)

    def check(self, shown):
        lost, doubled = self.books.lost(shown), self.books.doubled(shown)
        if lost:
            self.wrong.append(f"lost: {lost}")
        if doubled:
            self.wrong.append(f"counted twice: {doubled}")
        if self.reader.seen.steps_back:
            self.wrong.append(f"stepped back: {self.reader.seen.steps_back}")
        aside = [name for name in os.listdir(self.state) if re.search("damaged|newer|removed", name)]
        if aside:
            self.wrong.append(f"set aside: {aside}")
        with open(self.quipud.log_path, encoding="utf-8", errors="replace") as log:
            errors = [line for line in log if "[error]" in line or "[critical]" in line]
        if errors:
            self.wrong.append(f"in quipud's log: {errors[0].strip()}, and {len(errors) - 1} more")

    def figures(self, shown):
        book = self.books
        in_doubt = sum((book.most - book.least).values())
        return {
            "kills": sum(self.kills.values()),
            **{f"  {kind}": self.kills[kind] for kind in KINDS},
            "processes killed": f"{self.processes['quipud']} quipud, {self.processes['maild']} maild",
            "processes of mail daemons": book.lives,
            "  killed, and known to the last count what was pushed": f"{book.known_exactly} of {book.killed}",
            "answers read": f"{self.reader.reads}, {self.reader.kept} of them kept in time",
            "published counts that stepped back": len(self.reader.seen.steps_back),
            "counts shown": sum(shown.values()),
            "counts promised": sum(book.least.values()),
            "counts that a kill caught on their way": in_doubt,
            "losses": sum(book.lost(shown).values()),
            "double counts": sum(book.doubled(shown).values()),
        }


class Reader(threading.Thread):
    """Asks without pause; keeps the highest of each count, and every step back."""

    def __init__(self, chaos):
        super().__init__(daemon=True)
        self.chaos = chaos
        self.is_over = threading.Event()
        self.seen = harness.Highest()
        self.reads = 0
        self.kept = 0

    def run(self):
        while not self.is_over.is_set():
            try:
                counts, is_kept = self.chaos.look()
            except (OSError, ValueError, http.client.HTTPException):
                self.is_over.wait(0.005)
                continue
            self.reads += 1
            self.seen.note(counts, is_kept)
            self.kept += is_kept
            self.is_over.wait(0.01)

    def end(self):
        self.is_over.set()
        self.join()

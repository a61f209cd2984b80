"""A whole mail server under watch: quipud that keeps its state, maild with real mails, beside it a mail daemon that
counts what maild has not (MTA-STS, SPF, DKIM), and Prometheus."""

import itertools
import os
import shutil
import tempfile
import threading
import time

import harness
import mails
import prometheus
import vocabulary
import wire
from smtp import Sink, Truth

# Labels of the maps that maild never counts, or not all of.
OTHERS = {
    "chasquid/smtpIn/securityLevelChecks": ["pass", "skip"],
    "chasquid/smtpIn/spfResultCount": ["none", "pass", "fail"],
    "chasquid/smtpOut/securityLevelChecks": ["pass"],
    "chasquid/smtpOut/sts/mode": ["enforce", "testing"],
    "chasquid/smtpOut/sts/security": ["pass", "fail"],
    "chasquid/smtpOut/tlsCount": ["tls:secure", "tls:insecure"],
}
ONLY_OTHERS = [name for name in vocabulary.COUNTERS if "/sts/" in name or "/dkim" in name]


class OtherMaild:
    """Speaks the protocol as a mail daemon in another language would."""

    def __init__(self, ingest):
        self.ingest = ingest
        series = [(name, label) for name, labels in OTHERS.items() for label in labels]
        series += [(name, "") for name in ONLY_OTHERS]
        names = [*OTHERS, *ONLY_OTHERS]
        families = [
            f'families {{ id: {i} name: "{name}" label_name: "{vocabulary.MAPS.get(name, "")}" }}'
            for i, name in enumerate(names, 1)
        ]
        defined = [
            f'series {{ id: {i} family: {names.index(name) + 1} label_value: "{label}" }}'
            for i, (name, label) in enumerate(series, 1)
        ]
        amounts = [f"ids: {i} deltas: {10 + i}" for i in range(1, len(series) + 1)]
        self.begins = wire.hello("othermaildaemon ", "othermaild") + wire.encode(
            f"define {{ {' '.join([*families, *defined])} }}"
        )
        self.counts = wire.encode(f"deltas {{ {' '.join(amounts)} }}")
        self.times = 1
        self.socket = None

    def push(self):
        """Connects, again too, and says all it has; the same however often."""
        self.close()
        self.socket = wire.connect(self.ingest)
        self.socket.sendall(self.begins + self.counts * self.times)

    def count(self):
        """As much of everything once more."""
        self.times += 1
        self.socket.sendall(self.counts)

    def close(self):
        if self.socket:
            self.socket.close()


class Trickle(threading.Thread):
    """Mails of all kinds one after the other, some a second, until end(); `sent` tells how many commands when."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port = port
        self.is_over = threading.Event()
        self.truth = Truth()
        self.sent = []
        self.error = None
        self.start()

    def run(self):
        for kind in itertools.cycle(mails.WITH_SMARTHOST):
            if self.is_over.wait(0.02):
                return
            try:
                kind(self.port, self.truth)
            except (AssertionError, OSError) as error:
                self.error = f"{kind.__name__}: {error!r}"
                return
            self.sent.append((time.time(), self.commands()))

    def commands(self):
        return sum(n for key, n in self.truth.counts.items() if key[0] == "chasquid/smtpIn/commandCount")

    def end(self):
        self.is_over.set()
        self.join()
        if self.error:
            raise AssertionError(self.error)


class MailServer:
    """Owned by a test class: closed with it."""

    def __init__(self, of_class):
        self.cleanup = of_class.addClassCleanup
        self.folder = tempfile.mkdtemp(prefix="quipu-e2e-")
        self.cleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.address = f"127.0.0.1:{harness.free_port()}"
        self.sink = Sink()
        self.cleanup(self.sink.close)
        self.start_quipud()
        self.start_maild()
        self.other = OtherMaild(self.quipud.ingest)
        self.cleanup(self.other.close)
        self.other.push()
        self.prometheus = self.watch(prometheus.Prometheus(self.folder, self.address))

    def watch(self, program):
        self.cleanup(program.kill)
        return program

    def start_quipud(self):
        state = f"--state_dir={os.path.join(self.folder, 'state')}"
        self.quipud = self.watch(harness.Quipud(self.folder, state, address=self.address))

    def restart_quipud(self, end):
        end(self.quipud)
        self.start_quipud()
        self.other.push()

    def start_maild(self):
        options = mails.maild_options(self.folder, os.path.join(self.folder, "maild"), self.sink)
        self.maild = self.watch(harness.Maild(self.folder, self.quipud.ingest, *options))

    def restart_maild(self):
        if self.maild.end() != 0:
            raise AssertionError(f"maild failed:\n{self.maild.log()}")
        self.start_maild()

    def wait_for_scrapes(self, n):
        """That many good ones from now on, of each job. Returns the time of the last."""
        start = time.time()

        def look():
            good = [[t for t, value in samples if value == 1 and t > start] for _, samples in self.prometheus.query("up[5m]")]
            return max(times[-1] for times in good) if good and all(len(times) >= n for times in good) else None

        return harness.wait_until(look, f"{n} scrapes after {start}", 60)

    def rest(self):
        """Nothing is under way any more: returns what quipud shows, once Prometheus has read just that."""
        harness.wait_until(lambda: not self.maild.queued(), "the queue is empty", 60)
        counted = {key: n for key, n in self.maild.counted().items() if key[0] not in OTHERS}

        def is_shown():
            shown = self.quipud.vocabulary()
            return all(shown.get(key, 0) == n for key, n in counted.items())

        harness.wait_until(is_shown, "all that maild counted is shown", 30)
        self.wait_for_scrapes(2)
        return self.quipud.vars()

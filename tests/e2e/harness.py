"""Starts the real programs on free ports in a folder of their own, and waits with deadlines, never by sleeping and
hoping: wait_until() polls a condition, and fails with what it saw last."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import vocabulary

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("QUIPU_SOURCE_DIR", os.path.join(HERE, "..", ".."))
BUILD = os.environ.get("QUIPU_BUILD_DIR", os.path.join(SOURCE, "build"))
QUIPUD = os.path.join(BUILD, "daemon", "quipud")
MAILD = os.path.join(BUILD, "subprojects", "maild", "maild")


def wait_until(condition, what, seconds=20):
    """The first true value of condition(). Fails after the deadline, with the last exception or value."""
    deadline = time.monotonic() + seconds
    while True:
        seen = None
        try:
            seen = condition()
            if seen:
                return seen
        except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
            seen = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}; last seen: {seen!r}")
        time.sleep(0.01)


def restore_signals():
    """A test run in the background has Ctrl-C's signal ignored; programs under test must not inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Program:
    """A running program and its log (stdout and stderr together)."""

    def __init__(self, folder, name, args, **popen):
        self.log_path = os.path.join(folder, f"{name}.log")
        self.log_start = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        popen.setdefault("preexec_fn", restore_signals)
        with open(self.log_path, "ab") as log:
            popen.setdefault("stdin", subprocess.DEVNULL)
            self.process = subprocess.Popen(args, stdout=log, stderr=log, **popen)

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            log.seek(self.log_start)
            return log.read()

    def wait_for_log(self, pattern, seconds=20):
        def look():
            found = re.search(pattern, self.log())
            if not found and self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}:\n{self.log()}")
            return found

        return wait_until(look, f"{pattern!r} in {self.log_path}", seconds)

    def is_running(self):
        return self.process.poll() is None

    def kill(self):
        if self.is_running():
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()

    def end(self, how=signal.SIGTERM, seconds=10):
        """Ends it in good order and returns its exit code."""
        if self.is_running():
            self.process.send_signal(how)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running {seconds} s after {how!r}:\n{self.log()}") from None


class Quipud(Program):
    def __init__(self, folder, *args, name="quipud", address="127.0.0.1:0", **popen):
        self.ingest = os.path.join(folder, f"{name}.sock")
        super().__init__(
            folder,
            name,
            [QUIPUD, f"--monitoring_address={address}", f"--ingest_socket={self.ingest}", *args],
            **popen,
        )
        self.address = self.wait_for_log(r"serving http=(\S+:\d+)").group(1)

    def connect(self, timeout=10):
        return http.client.HTTPConnection(self.address, timeout=timeout)

    def get(self, path, method="GET", headers=None):
        """(status, headers, body)"""
        connection = self.connect()
        try:
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read().decode()
        finally:
            connection.close()

    def vars(self):
        status, _, body = self.get("/debug/vars")
        if status != 200:
            raise ValueError(f"/debug/vars answers {status}")
        return json.loads(body)

    def vocabulary(self):
        """The counters of mail daemons: name, or (name, label), to value; zeros left out."""
        shown = self.vars()
        return flatten({name: shown[name] for name in shown.keys() & {*vocabulary.COUNTERS, *vocabulary.MAPS}})


def flatten(variables):
    counts = {}
    for name, value in variables.items():
        if isinstance(value, dict):
            counts.update({(name, label): n for label, n in value.items() if n})
        elif isinstance(value, (int, float)) and value:
            counts[name] = value
    return counts


class Highest:
    """What was seen of published counts: the highest of each, and every step back."""

    def __init__(self):
        self.counts = {}
        self.steps_back = []

    def note(self, counts, is_kept=True):
        """`is_kept`: a kill may not take these back."""
        for key, n in {**{key: 0 for key in self.counts}, **counts}.items():
            if n < self.counts.get(key, 0):
                self.steps_back.append(f"{key}: {self.counts[key]}, then {n}")
            if is_kept:
                self.counts[key] = max(n, self.counts.get(key, 0))

    def sum(self):
        return sum(self.counts.values())


class Maild(Program):
    def __init__(self, folder, ingest, *args, name="maild", count_log=None, hostname="localhost"):
        self.queue_dir = os.path.join(folder, f"{name}-queue")
        self.maildir = os.path.join(folder, f"{name}-mail")
        self.count_log = os.path.join(folder, count_log or f"{name}.counts")
        os.makedirs(self.queue_dir, exist_ok=True)
        super().__init__(
            folder,
            name,
            [
                MAILD,
                "--smtp_address=127.0.0.1:0",
                f"--hostname={hostname}",
                f"--maildir={self.maildir}",
                f"--queue_dir={self.queue_dir}",
                f"--ingest_socket={ingest}",
                f"--count_log={self.count_log}",
                *args,
            ],
        )
        address = self.wait_for_log(r"listening on 127\.0\.0\.1:(\d+)")
        self.port = int(address.group(1))

    def counted(self):
        """What maild says it counted, as vocabulary() gives it: written beside every add(), not through quipu."""
        counts = {}
        if not os.path.exists(self.count_log):
            return counts
        with open(self.count_log, encoding="utf-8") as log:
            for line in log:
                if line.startswith("#"):  # a push, see subprojects/maild/counts.hpp
                    continue
                name, _, rest = line.rstrip("\n").partition(" ")
                label, _, n = rest.rpartition(" ")
                key = (name, label) if label else name
                counts[key] = counts.get(key, 0) + int(n)
        return counts

    def queued(self):
        """Files in the queue, at any depth."""
        return [os.path.join(folder, f) for folder, _, files in os.walk(self.queue_dir) for f in files if f != "lock"]


class AskEmitter:
    """Plays quipud for a mail daemon and asks it; see tests/support/ask_emitter.cpp."""

    def __init__(self, folder):
        self.folder = folder
        self.ingest = os.path.join(folder, "ask.sock")
        self.asked = 0
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "tests", "ask-emitter"), self.ingest],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, topic, **args):
        """Sends the question; answer() waits for what comes."""
        self.asked += 1
        self.answer_path = os.path.join(self.folder, f"answer{self.asked}")
        words = [topic, self.answer_path, *(f"{key}={value}" for key, value in args.items())]
        print(*words, file=self.process.stdin, flush=True)

    def answer(self):
        """(status, body); the numbers of Status in quipu.proto."""
        words = self.process.stdout.readline().split()
        if words[:1] != ["answered"]:
            raise AssertionError(f"no answer: {words}")
        with open(self.answer_path, "rb") as answer:
            return int(words[1]), answer.read()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def make_folder(of_class):
    """For all tests of the class; gone after the last."""
    folder = tempfile.mkdtemp(prefix="quipu-e2e-")
    of_class.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
    return folder


class Case(unittest.TestCase):
    """A test with a folder and programs that are gone afterwards, whatever happens."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="quipu-e2e-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def quipud(self, *args, **options):
        return self.watch(Quipud(self.folder, *args, **options))

    def maild(self, ingest, *args, **options):
        return self.watch(Maild(self.folder, ingest, *args, **options))

    def watch(self, program):
        self.addCleanup(program.kill)
        return program

    def path(self, name):
        return os.path.join(self.folder, name)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]

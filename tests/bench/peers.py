"""The peers that are programs of their own, as Debian ships them, each in a folder of its own."""

import contextlib
import os
import socket
import tempfile
import time

import chasquid
import harness
from bench import CORE, is_installed, processor_ns


class Netdata:
    """netdata, as far as it takes statsd's counts over TCP and nothing else."""

    def __init__(self, all_of_it):
        folder = tempfile.mkdtemp(prefix="netdata-", dir=all_of_it.folder)
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            two.bind(("127.0.0.1", 0))
            self.port, web = one.getsockname()[1], two.getsockname()[1]
        off = "proc diskspace cgroups tc idlejitter apps go.d charts.d python.d ebpf timex checks slabinfo perf".split()
        folders = "config cache lib log registry".split()
        lines = ["[directories]", *(f"{name} = {folder}" for name in folders), "[db]", "mode = ram", "retention = 60"]
        # As urgent as we are: by itself it takes what nobody else wants, and waits for minutes on a busy machine.
        lines += ["[global]", "run as user = root", "process scheduling policy = other", "process nice level = 0"]
        lines += ["[web]", f"bind to = 127.0.0.1:{web}"]
        lines += ["[plugins]", *(f"{name} = no" for name in off), "enable running new plugins = no"]
        lines += ["[statsd]", f"bind to = tcp:127.0.0.1:{self.port}"]
        lines += ["[ml]", "enabled = no", "[health]", "enabled = no"]
        with open(os.path.join(folder, "netdata.conf"), "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
        self.log = open(os.path.join(folder, "out"), "wb")
        self.process = all_of_it.program("netdata", "-D", "-c", file.name, core=CORE, stdout=self.log, stderr=self.log)
        harness.wait_until(self.connect, "netdata takes connections", 30)

    def connect(self):
        peer = socket.create_connection(("127.0.0.1", self.port), 30)
        # It says nothing; only that it accepts can be seen.
        return peer

    def push(self, updates):
        """(seconds, CPU seconds): until netdata has read all of it and closed."""
        line_block = b"".join(b"bench.updates%d:1|c\n" % (i % 50) for i in range(4000))
        before = processor_ns(self.process.pid)
        start = time.monotonic()
        with self.connect() as peer:
            for _ in range(updates // 4000):
                peer.sendall(line_block)
            peer.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionError):
                peer.recv(1)
        return time.monotonic() - start, (processor_ns(self.process.pid) - before) / 1e9


def netdata(all_of_it):
    """None: it is not installed, or it would take too long now."""
    return Netdata(all_of_it) if not all_of_it.is_smoke and is_installed("netdata") else None


def some_mail(port, recipient):
    """So that counters by label have some, of a mail daemon and of a chasquid alike."""
    for _ in range(3):
        if not chasquid.by_smtplib(port, recipient):
            raise AssertionError(f"the mail to {recipient} was refused")
    chasquid.say(port, b"EHLO x", b"NOOP", b"RSET", b"FOO", b"QUIT")


def chasquid_with_pages(all_of_it):
    """A chasquid with monitoring_address, after some mail; None: it is not installed."""
    if not is_installed("chasquid"):
        return None
    peer = all_of_it.on_its_core(chasquid.Chasquid, tempfile.mkdtemp(prefix="chasquid-", dir=all_of_it.folder))
    some_mail(peer.smtp, f"user@{chasquid.DOMAIN}")
    return peer

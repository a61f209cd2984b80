"""What the parts have in common: the programs under test, and what is waited for."""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import time

from helper import Helper
from load import SESSIONS
from measure import Reader
from table import Table

# Beside the bytes that traces are accounted for: the allocator, indexes, what a frame and a page need for a moment.
MEMORY_ALLOWANCE = 64 * 1024 * 1024


class Soak:
    def __init__(self, harness, options):
        self.harness = harness
        self.options = options
        self.table = Table(is_timed=not options.untimed)
        self.folder = tempfile.mkdtemp(prefix="quipu-soak-")
        self.running = []

    def close(self):
        for one in reversed(self.running):
            one.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def helper(self, work, *args, nice=0):
        self.running.append(Helper(work, *args, nice=nice))
        return self.running[-1]

    def quipud(self, name, *args):
        self.running.append(self.harness.Quipud(self.folder, *args, name=name))
        return self.running[-1]

    def maild(self, ingest):
        """As harness.Maild, but without the log of counts: here maild is measured."""
        cert, key = os.path.join(self.folder, "cert.pem"), os.path.join(self.folder, "key.pem")
        request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        subprocess.run([*request, "-keyout", key, "-out", cert], check=True, capture_output=True)
        self.maildir = os.path.join(self.folder, "mail")
        queue = os.path.join(self.folder, "queue")
        os.makedirs(queue)
        args = [
            self.harness.MAILD,
            "--smtp_address=127.0.0.1:0",
            "--hostname=localhost",
            f"--maildir={self.maildir}",
            f"--queue_dir={queue}",
            f"--ingest_socket={ingest}",
            "--users=user,other,postmaster",
            '--alias=pipe=|/bin/sh -c "cat > /dev/null"',
            "--alias=broken=|/bin/false",
            "--max_data_size_mb=1",
            f"--max_connections={2 * SESSIONS}",
            f"--tls_certificate={cert}",
            f"--tls_private_key={key}",
        ]
        program = self.harness.Program(self.folder, "maild", args)
        self.running.append(program)
        return program, int(program.wait_for_log(r"listening on 127\.0\.0\.1:(\d+)").group(1))

    def empty_maildirs(self):
        for folder, _, files in os.walk(self.maildir):
            if os.path.basename(folder) == "new":
                for name in files:
                    with contextlib.suppress(OSError):
                        os.unlink(os.path.join(folder, name))

    def end(self, name, program):
        start = time.monotonic()
        code = program.end()
        seconds = time.monotonic() - start
        figures = f"code {code} after {seconds:.2f} s"
        is_quick = seconds < 2 or not self.table.is_timed
        self.table.check(f"{name} ends on SIGTERM", figures, code == 0 and is_quick, "code 0, 2 s")
        # A sanitizer's build says there what it found, and how often.
        found = re.findall(r"(?:ERROR|WARNING): (\w+Sanitizer: [^\n(]*)|(runtime error: [^\n]*)", program.log())
        kinds = sorted({a.strip() or b for a, b in found})
        self.table.check(f"sanitizer's reports of {name}", f"{len(found)} {'; '.join(kinds)}".rstrip(), not found, "0")
        if found:
            kept = os.path.join(tempfile.gettempdir(), f"{name}-{os.getpid()}.log")
            shutil.copy(program.log_path, kept)
            self.table.note(f"log of {name}", f"kept as {kept}")

    def wait_for_counter(self, reader, name, value, seconds=120):
        return self.harness.wait_until(
            lambda: reader.json("/debug/vars").get(name, 0) >= value, f"{name} reaches {value}", seconds
        )

    def wait_for_family(self, quipud, family):
        reader = Reader(quipud.address)

        def is_known():
            return any(one["family"] == family for one in reader.json("/debug/traces?format=json")["families"])

        self.harness.wait_until(is_known, f"the family {family}", 20)
        reader.close()

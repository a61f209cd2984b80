"""quipud stopped, its socket's path gone, its disk full, its descriptors used up: each for a while, under load. The mail
daemon does not feel it, service goes on as far as it can, and afterwards every count is there.

chaos_test.py runs the short form; the command `chaos` the long one, and prints figures."""

import contextlib
import os
import re
import resource
import signal
import socket
import subprocess
import time

import harness
from harness import wait_until

LOAD = os.path.join(harness.BUILD, "tests", "emitter-load")


class Load(harness.Program):
    """50,000 emitter calls a second, each timed; see tests/support/emitter_load.cpp."""

    def __init__(self, folder, ingest):
        super().__init__(folder, "load", [LOAD, ingest], stdin=subprocess.PIPE)

    def say(self, line, answer):
        before = len(re.findall(answer, self.log()))
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        wait_until(lambda: len(re.findall(answer, self.log())) > before, f"the load's answer to {line!r}")
        return re.findall(answer, self.log())[-1]

    def times(self):
        """What calls took since this was asked last: a line of figures."""
        return self.say("times", r"(calls .*)\n")

    def stop(self):
        """No more calls: what it has counted, by name."""
        self.say("end", r"counted load/labels \d+\n")
        return {name: int(n) for name, n in re.findall(r"counted (\S+) (\d+)\n", self.log())}

    def finish(self):
        self.process.stdin.close()
        if self.process.wait(30) != 0:
            raise AssertionError(f"the load ended with {self.process.returncode}:\n{self.log()}")

    def resident_mb(self):
        with open(f"/proc/{self.pid}/status", encoding="utf-8") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) / 1024


def counts(quipud):
    shown = quipud.vars()
    labels = shown.get("load/labels", {})
    return {"load/count": shown.get("load/count", 0), "load/labels": sum(labels.values())}


@contextlib.contextmanager
def small_disk(folder, size_kb):
    """A file system of that size, where one may be mounted; else None."""
    path = os.path.join(folder, "small")
    os.mkdir(path)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_kb}k", "quipu-test", path]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        yield None
        return
    try:
        yield path
    finally:
        # Whoever still holds it open has it until then.
        subprocess.run(["umount", "--lazy", path], check=True)


class Shortages:
    """Each part returns a line of figures; what went wrong is in `wrong`."""

    def __init__(self, folder, seconds):
        self.folder = folder
        self.seconds = seconds
        self.wrong = []
        self.programs = []

    def expect(self, is_right, what):
        if not is_right:
            self.wrong.append(what)

    def watch(self, program):
        self.programs.append(program)
        return program

    def end_all(self):
        for program in self.programs:
            program.kill()
            if program.process.stdin:
                program.process.stdin.close()

    def start(self, name, *args, **options):
        return self.watch(harness.Quipud(self.folder, *args, name=name, **options))

    def load(self, quipud):
        load = self.watch(Load(self.folder, quipud.ingest))
        wait_until(lambda: counts(quipud)["load/count"] > 1000, "counts of the load")
        load.times()
        return load

    def check_all_there(self, quipud, load, what):
        counted = load.stop()
        try:
            wait_until(lambda: counts(quipud) == counted, "every count", 60)
            load.finish()
            wait_until(lambda: counts(quipud) == counted, "every count after its end", 60)
        except AssertionError:
            self.wrong.append(f"{what}: counted {counted}, shown {counts(quipud)}")
        return counted

    def check_after_kill(self, quipud, counted, what, *args):
        """They are kept, too."""
        quipud.kill()
        again = self.start("again", *args)
        self.expect(counts(again) == counted, f"{what}, after a kill: counted {counted}, shown {counts(again)}")
        self.expect(again.end() == 0, f"{what}: quipud ended badly")

    # --- parts ---

    def stopped(self):
        quipud = self.start("stopped")
        load = self.load(quipud)
        time.sleep(1)
        before, usual = load.resident_mb(), load.times()
        quipud.process.send_signal(signal.SIGSTOP)
        time.sleep(self.seconds / 3)
        settled = load.resident_mb()
        time.sleep(self.seconds * 2 / 3)
        after, meanwhile = load.resident_mb(), load.times()
        quipud.process.send_signal(signal.SIGCONT)
        # Rings, and 400 bytes for each of 16,384 open traces, as they are used.
        self.expect(after < before + 16, f"memory grew from {before} to {settled}, {after} MB")
        counted = self.check_all_there(quipud, load, "quipud stopped")
        self.expect(quipud.end() == 0, "quipud ended badly")
        return (
            f"quipud stopped for {self.seconds} s: {meanwhile} (before: {usual}); the mail daemon's memory "
            f"{before:.1f}, {settled:.1f}, {after:.1f} MB; all of {sum(counted.values())} counts there"
        )

    def path_missing(self):
        state = f"--state_dir={os.path.join(self.folder, 'missing-state')}"
        quipud = self.start("missing", state)
        load = self.load(quipud)
        quipud.kill()
        os.unlink(quipud.ingest)
        before = load.resident_mb()
        time.sleep(self.seconds)
        meanwhile, after = load.times(), load.resident_mb()
        self.expect(after < before + 16, f"memory grew from {before} to {after} MB")
        quipud = self.start("missing", state)
        counted = self.check_all_there(quipud, load, "the socket's path missing")
        self.check_after_kill(quipud, counted, "the socket's path missing", state)
        return (
            f"no socket for {self.seconds} s: {meanwhile}; the mail daemon's memory {before:.1f}, {after:.1f} MB; "
            f"all of {sum(counted.values())} counts there"
        )

    def no_room(self):
        with small_disk(self.folder, 2048) as disk:
            if disk is None:
                return self.no_room_in_file()
            state = f"--state_dir={os.path.join(disk, 'state')}"
            quipud = self.start("full", state)
            load = self.load(quipud)
            filler = os.path.join(disk, "filler")
            with open(filler, "wb", buffering=0) as file:
                with contextlib.suppress(OSError):
                    while file.write(b"x" * 4096):
                        pass
            figures = self.while_full(quipud, lambda: os.unlink(filler))
            counted = self.check_all_there(quipud, load, "no room")
            self.check_after_kill(quipud, counted, "no room", state)
            return f"a file system without room (tmpfs, ENOSPC): {figures}; all of {sum(counted.values())} counts there"

    def no_room_in_file(self):
        """The same by a limit on the size of files."""
        state = f"--state_dir={os.path.join(self.folder, 'full-state')}"
        quipud = self.start("full-file", state)
        load = self.load(quipud)
        _, hard = resource.prlimit(quipud.pid, resource.RLIMIT_FSIZE)
        # The log has room.
        resource.prlimit(quipud.pid, resource.RLIMIT_FSIZE, (8192, hard))
        figures = self.while_full(
            quipud, lambda: resource.prlimit(quipud.pid, resource.RLIMIT_FSIZE, (hard, hard))
        )
        counted = self.check_all_there(quipud, load, "no room")
        self.check_after_kill(quipud, counted, "no room", state)
        return f"files without room (RLIMIT_FSIZE): {figures}; all of {sum(counted.values())} counts there"

    def while_full(self, quipud, make_room):
        wait_until(lambda: quipud.get("/healthz")[0] == 503, "/healthz says that there is no room", 60)
        said = quipud.get("/healthz")[2]
        self.expect("cannot write" in said, f"/healthz says {said!r}")
        before = counts(quipud)["load/count"]
        wait_until(lambda: counts(quipud)["load/count"] > before, "service goes on")
        time.sleep(self.seconds / 10)
        shown = quipud.vars()
        failed = shown["quipu/store/errors"] + shown["quipu/store/journalErrors"]
        self.expect(failed > 0, "no failure is counted")
        make_room()
        wait_until(lambda: quipud.get("/healthz")[0] == 200, "it gets over it", 60)
        return f"/healthz said so, {failed} failures and {shown['quipu/store/unkeptAnswers']} unkept answers counted"

    def few_descriptors(self):
        """As after `ulimit -n 64`, with a crowd that takes them all; the state directory wants some, too."""
        state = f"--state_dir={os.path.join(self.folder, 'few-state')}"

        def limit():
            harness.restore_signals()
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

        quipud = self.start("few", state, preexec_fn=limit)
        load = self.load(quipud)
        host, port = quipud.address.rsplit(":", 1)
        with contextlib.ExitStack() as crowd:
            for _ in range(128):
                crowd.enter_context(socket.create_connection((host, int(port)), timeout=20))
            quipud.wait_for_log("cannot accept a connection", 60)
            time.sleep(self.seconds / 10)
            meanwhile = load.times()
            self.expect(quipud.is_running(), "quipud has ended")
            self.expect("connection closed" not in quipud.log(), "the mail daemon was cut off")
        wait_until(lambda: quipud.get("/healthz")[0] == 200, "it gets over it", 60)
        counted = self.check_all_there(quipud, load, "few descriptors")
        self.check_after_kill(quipud, counted, "few descriptors", state)
        return f"64 descriptors and 128 connections: {meanwhile}; all of {sum(counted.values())} counts there"

    # no_room does as no_room_in_file does where nothing can be mounted; the command has both.
    PARTS = (stopped, path_missing, no_room, no_room_in_file, few_descriptors)

"""quipud under a service manager, which tests/e2e/manager.py plays: sockets handed over, restarts under load,
readiness, status, watchdog, priorities in the journal."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import unittest

import harness
import mails
import manager
import wire
from harness import wait_until
from smtp import Truth


class Systemd(harness.Case):
    def manager(self, **options):
        made = manager.Manager(self.folder, **options)
        self.addCleanup(made.close)
        return made

    def start(self, systemd, *args, **options):
        program = self.watch(systemd.start(*args, **options))
        systemd.hear_of("READY", "1")
        return program

    def get(self, systemd, path):
        connection = http.client.HTTPConnection(systemd.address, timeout=20)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def vocabulary(self, systemd):
        names = {*harness.vocabulary.COUNTERS, *harness.vocabulary.MAPS}
        shown = json.loads(self.get(systemd, "/debug/vars")[1])
        return harness.flatten({name: value for name, value in shown.items() if name in names})

    def test_restarts_and_kills_under_load_lose_no_count_and_no_reader(self):
        systemd = self.manager()
        keep = f"--state_dir={self.path('state')}"
        os.mkdir(self.path("state"))
        quipud = self.start(systemd, keep)
        maild = self.maild(systemd.ingest_path)
        stop = threading.Event()
        answers, faults = [], []

        def load():
            while not stop.is_set():
                try:
                    mails.good_local(maild.port, Truth())
                except OSError as error:
                    faults.append(error)

        def read():
            while not stop.is_set():
                try:
                    answers.append(self.get(systemd, "/healthz")[0])
                except (OSError, http.client.HTTPException) as error:
                    faults.append(error)

        threads = [threading.Thread(target=work) for work in (load, load, read)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(3):
                before = len(answers)
                wait_until(lambda before=before: len(answers) > before + 3, "answers under load")
                self.assertEqual(quipud.end(), 0, quipud.log())
                self.assertTrue(os.path.exists(systemd.ingest_path), "the socket's file is the manager's")
                quipud = self.start(systemd, keep)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(faults, [])  # who came while no quipud ran has waited, and was served by the next
        self.assertEqual(set(answers), {200})
        quipud.kill()
        quipud = self.start(systemd, keep)
        wait_until(lambda: not maild.queued(), "the queue is empty")
        wait_until(lambda: self.vocabulary(systemd) == maild.counted(), "all counts are shown")
        self.assertGreater(maild.counted()["chasquid/queue/putCount"], 10)

    def test_who_connects_while_no_quipud_runs_is_served_by_the_next(self):
        systemd = self.manager()
        client = wire.connect(systemd.ingest_path)
        self.addCleanup(client.close)
        client.sendall(wire.hello())
        self.start(systemd)
        self.assertTrue(wire.read_frame(client))  # Welcome
        client.sendall(wire.encode(wire.DEFINE) + wire.deltas(5))
        wait_until(lambda: json.loads(self.get(systemd, "/debug/vars")[1]).get("raw/count") == 5, "the count")

    def test_a_mail_daemon_that_ends_while_no_quipud_runs_is_counted_by_the_next(self):
        systemd = self.manager()
        program = os.path.join(harness.SOURCE, "proto", "example.py")
        library = os.path.join(harness.BUILD, "proto", "libquipu.so.0")
        subprocess.run([sys.executable, program, systemd.ingest_path, library], check=True, timeout=60)
        self.start(systemd)
        wait_until(lambda: json.loads(self.get(systemd, "/debug/vars")[1]).get("python/count") == 4000, "its counts")

    def test_what_it_tells_the_manager(self):
        systemd = self.manager()
        quipud = self.watch(systemd.start(f"--state_dir={self.folder}", watchdog_ms=300))
        ready = systemd.hear_of("READY", "1")
        self.assertEqual(ready["STATUS"], f"no mail daemon is connected; keeping totals in {self.folder}")
        self.assertEqual(self.get(systemd, "/healthz")[0], 200)
        for _ in range(3):
            systemd.hear_of("WATCHDOG", "1")
        client = wire.connect(systemd.ingest_path)
        self.addCleanup(client.close)
        client.sendall(wire.hello())
        systemd.hear_of("STATUS", f"1 mail daemon is connected; keeping totals in {self.folder}")
        os.kill(quipud.pid, signal.SIGHUP)
        before = time.monotonic()
        reloading = systemd.hear_of("RELOADING", "1")
        self.assertLess(int(reloading["MONOTONIC_USEC"]) / 1e6, time.monotonic())
        self.assertGreater(int(reloading["MONOTONIC_USEC"]) / 1e6, before - 10)
        systemd.hear_of("READY", "1")
        self.assertEqual(quipud.end(), 0)
        systemd.hear_of("STOPPING", "1")
        self.assertNotIn("LISTEN_FDS", quipud.log())

    def test_it_is_ready_only_when_it_serves(self):
        systemd = self.manager()
        os.mkdir(self.path("shut"))
        quipud = self.watch(systemd.start(f"--state_dir={self.path('shut/no/such')}", f"--password_file={self.path('none')}"))
        self.assertEqual(quipud.process.wait(20), 1)
        self.assertEqual([message for message in systemd.hear() if "READY" in message], [])

    def test_a_handed_socket_that_others_reach_is_refused_as_the_flag_is(self):
        systemd = self.manager(http_host="0.0.0.0")
        quipud = self.watch(systemd.start())
        self.assertEqual(quipud.process.wait(20), 1)
        self.assertIn("0.0.0.0 can be reached by others", quipud.log())

    def test_names_of_units_are_understood_and_others_refused(self):
        systemd = self.manager()
        quipud = self.start(systemd, names="quipud-ingest.socket:quipud-http.socket")
        self.assertEqual(self.get(systemd, "/healthz")[0], 200)
        quipud.end()
        for names, sentence in (
            ("ingest:other", "'other' that systemd hands over is neither 'ingest' nor 'http'"),
            ("http:http", "'http' that systemd hands over comes twice"),
            ("http:ingest", "no Unix socket"),
        ):
            quipud = self.watch(systemd.start(names=names))
            self.assertEqual(quipud.process.wait(20), 1)
            self.assertIn(sentence, quipud.log())

    def test_lines_for_the_journal_carry_a_priority_and_others_the_time(self):
        systemd = self.manager()
        with open(self.path("quipud.log"), "wb") as stream:
            log = os.fstat(stream.fileno())
        quipud = self.start(systemd, env={"JOURNAL_STREAM": f"{log.st_dev}:{log.st_ino}"})
        client = wire.connect(systemd.ingest_path)
        self.addCleanup(client.close)
        client.sendall(b"\0\0\0\0")
        quipud.wait_for_log(r"(?m)^<4>emitter refused")
        quipud.end()
        lines = quipud.log().splitlines()
        self.assertTrue(any(line.startswith("<6>serving http=") for line in lines), lines)
        self.assertTrue(all(line[0] == "<" and line[2] == ">" for line in lines), lines)
        # Inherited from somebody whose stderr was the journal: ours is not.
        quipud = self.start(systemd, env={"JOURNAL_STREAM": "1:1"})
        self.assertRegex(quipud.log(), r"\d\d:\d\d:\d\d\S* \[info\] serving")


if __name__ == "__main__":
    unittest.main()

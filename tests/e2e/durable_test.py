"""What was shown is never taken back, and what was kept comes back: the real programs, killed with -9, and a state
directory in every bad shape."""

import json
import os
import signal
import socket
import sqlite3
import threading
import time
import unittest

import harness


class Chatter(threading.Thread):
    """SMTP commands without end, on one connection after another; goes on whatever happens to the other side."""

    def __init__(self, ports):
        super().__init__(daemon=True)
        self.ports = ports  # a list that others change
        self.is_over = threading.Event()

    def run(self):
        while not self.is_over.is_set():
            for port in list(self.ports):
                try:
                    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                        stream = connection.makefile("rwb")
                        stream.readline()
                        for command in (b"EHLO client.example", b"NOOP", b"XYZZY", b"NOOP", b"QUIT"):
                            stream.write(command + b"\r\n")
                            stream.flush()
                            while stream.readline()[3:4] == b"-":
                                pass
                except OSError:
                    time.sleep(0.01)

    def end(self):
        self.is_over.set()
        self.join()


class Watcher(threading.Thread):
    """Reads the counts without pause, from whichever quipud there is; keeps the highest of each, and every step back."""

    def __init__(self, quipud):
        super().__init__(daemon=True)
        self.quipud = quipud
        self.is_over = threading.Event()
        self.seen = harness.Highest()
        self.reads = 0

    def look(self, quipud):
        counts = quipud.vocabulary()
        self.seen.note(counts)
        self.reads += 1
        return counts

    def run(self):
        while not self.is_over.is_set():
            try:
                self.look(self.quipud)
            except (OSError, ValueError, harness.http.client.HTTPException):
                time.sleep(0.005)

    def end(self):
        self.is_over.set()
        self.join()


def total(counts):
    return sum(counts.values())


class Durable(harness.Case):
    def setUp(self):
        super().setUp()
        self.state = self.path("state")
        self.state_file = os.path.join(self.state, "quipu.db")

    def start(self, *args, **options):
        return self.quipud(f"--state_dir={self.state}", *args, **options)

    def kill(self, *programs):
        for program in programs:
            program.process.send_signal(signal.SIGKILL)
        for program in programs:
            program.process.wait()

    def wait_for_commits(self, quipud, more=1, maild=None):
        """All that has been counted by now is in the state file. `maild` makes something new to commit."""
        seen = quipud.vars()["quipu/store/commits"]
        if maild:
            self.talk(maild).close()
        harness.wait_until(lambda: quipud.vars()["quipu/store/commits"] >= seen + more, "a commit", 60)

    def test_no_count_steps_back_whoever_is_killed(self):
        quipud = self.start()
        maild = self.maild(quipud.ingest)
        dead_maild_counts = {}
        ports = [maild.port]
        entries = 0
        chatter = Chatter(ports)
        watcher = Watcher(quipud)
        chatter.start()
        watcher.start()
        self.addCleanup(chatter.is_over.set)
        self.addCleanup(watcher.is_over.set)
        for victims in ("quipud", "both", "quipud", "maild", "both", "maild first", "both", "quipud"):
            reads = watcher.reads
            before = watcher.seen.sum()
            harness.wait_until(
                lambda: watcher.reads > reads + 20 and watcher.seen.sum() > before + 50, "counts are going up", 60
            )
            entries += quipud.vars()["quipu/store/journalEntries"]
            if victims == "quipud":
                self.kill(quipud)
            elif victims == "maild":
                self.kill(maild)
            elif victims == "maild first":
                self.kill(maild)
                self.kill(quipud)
            else:
                self.kill(quipud, maild)
            if victims != "quipud":
                for key, n in maild.counted().items():
                    dead_maild_counts[key] = dead_maild_counts.get(key, 0) + n
                os.unlink(maild.count_log)
            if victims != "maild":
                quipud = self.start()
                watcher.quipud = quipud
            if victims != "quipud":
                maild = self.maild(quipud.ingest)
                ports[:] = [maild.port]
        chatter.end()
        watcher.end()
        self.assertEqual(watcher.seen.steps_back, [])
        self.assertGreater(entries, 0)
        # What a killed mail daemon had not sent yet is lost with it; nothing is ever counted twice.
        self.assertEqual(maild.end(), 0)
        shown = watcher.look(quipud)
        self.assertEqual(watcher.seen.steps_back, [])
        counted = maild.counted()
        for key in {*shown, *counted, *dead_maild_counts}:
            self.assertGreaterEqual(shown.get(key, 0), counted.get(key, 0), key)
            self.assertLessEqual(shown.get(key, 0), counted.get(key, 0) + dead_maild_counts.get(key, 0), key)

    def talk(self, maild):
        """An open SMTP connection that has said EHLO: a trace that is open."""
        connection = socket.create_connection(("127.0.0.1", maild.port), timeout=10)
        self.addCleanup(connection.close)
        connection.recv(1000)
        connection.sendall(b"EHLO before.example\r\n")
        connection.recv(1000)
        return connection

    def test_traces_and_last_words_come_back(self):
        quipud = self.start()
        maild = self.maild(quipud.ingest)
        ended = self.talk(maild)
        ended.sendall(b"XYZZY\r\nQUIT\r\n")
        open_one = self.talk(maild)
        harness.wait_until(lambda: "QUIT" in quipud.get("/debug/traces?fam=SMTP.Conn&b=0&all=1")[2], "an ended trace")
        harness.wait_until(lambda: "before.example" in quipud.get("/debug/traces?fam=SMTP.Conn&b=-1")[2], "an open one")
        time_of_open = time.monotonic()
        harness.wait_until(lambda: time.monotonic() > time_of_open + 1.2, "the open trace is old enough to be kept")
        self.wait_for_commits(quipud, maild=maild)

        # quipud alone: the open trace goes on, and says that there may be a gap.
        self.kill(quipud)
        quipud = self.start()
        self.assertIn("XYZZY", quipud.get("/debug/traces?fam=SMTP.Conn&b=0&all=1")[2])
        harness.wait_until(lambda: quipud.vars() and quipud.get("/debug/emitters")[2].count("connected") > 1, "maild is back")
        open_one.sendall(b"HELO after.example\r\n")
        page = harness.wait_until(
            lambda: (lambda body: body if "after.example" in body else None)(
                quipud.get("/debug/traces?fam=SMTP.Conn&b=-1")[2]
            ),
            "the open trace goes on",
        )
        self.assertIn("before.example", page)
        self.assertIn("quipud was restarted", page)
        self.wait_for_commits(quipud, maild=maild)

        # Both: it is among what was open when its mail daemon ended; flags and command line are still there.
        self.kill(quipud, maild)
        quipud = self.start()
        page = quipud.get("/debug/traces?b=-3")[2]
        self.assertIn("before.example", page)
        self.assertIn("its process ended while quipud was away", page)
        self.assertIn("maildir", quipud.get("/debug/flags")[2])
        self.assertIn("its process ended while quipud was away", quipud.get("/debug/emitters")[2])

        # And so it stays, through an orderly end, too.
        self.assertEqual(quipud.end(), 0)
        quipud = self.start()
        self.assertIn("before.example", quipud.get("/debug/traces?b=-3")[2])
        self.assertIn("XYZZY", quipud.get("/debug/traces?fam=SMTP.Conn&b=0&all=1")[2])
        self.assertIn("its process ended while quipud was away", quipud.get("/debug/emitters")[2])

    def points(self, quipud, seconds=300):
        """Of one count: time -> value, where there is a point."""
        answer = quipud.get(f"/api/v1/history?name=chasquid/smtpIn/commandCount&label=EHLO&step=1&from=-{seconds}")[2]
        document = json.loads(answer)
        values = [series["values"] for series in document["series"]]
        return {time: value for time, value in zip(document["times"], values[0]) if value is not None} if values else {}

    def test_history_comes_back_after_a_kill_and_the_time_between_is_a_gap(self):
        quipud = self.start()
        maild = self.maild(quipud.ingest)
        self.talk(maild)
        # What is older than ten seconds is kept whatever comes.
        before = harness.wait_until(
            lambda: (lambda seen: seen if len(seen) > 12 else None)(self.points(quipud)), "points", 60
        )
        self.kill(quipud)
        killed = time.time()
        harness.wait_until(lambda: time.time() > killed + 2, "some seconds without quipud")
        started = time.time()
        quipud = self.start()
        kept = {at: value for at, value in before.items() if at < max(before) - 11}
        self.assertTrue(kept)
        after = harness.wait_until(
            lambda: (lambda seen: seen if max(seen, default=0) > started and min(seen) < killed else None)(
                self.points(quipud)
            ),
            "points of before and of after",
            60,
        )
        self.assertEqual({at: after.get(at) for at in kept}, kept)
        self.assertFalse([at for at in after if killed < at < started])
        self.assertEqual(quipud.vars()["quipu/history/damagedRows"], 0)
        self.assertGreater(quipud.vars()["quipu/store/fileBytes"], 0)
        # The page is made of the same: its chart's table has values of before.
        self.assertEqual(quipud.get("/")[0], 200)

    def test_a_disk_without_room_is_told_and_gets_over_it(self):
        """A limit on the size of files: the same failed write as a full disk, and it can be lifted."""
        import resource

        quipud = self.start()
        maild = self.maild(quipud.ingest)
        chatter = Chatter([maild.port])
        chatter.start()
        self.addCleanup(chatter.is_over.set)
        harness.wait_until(lambda: total(quipud.vocabulary()) > 50, "counts")
        self.wait_for_commits(quipud)
        _, hard = resource.prlimit(quipud.pid, resource.RLIMIT_FSIZE)
        # Room for the log, none in the write-ahead log.
        self.assertGreater(os.path.getsize(self.state_file + "-wal"), 8192)
        resource.prlimit(quipud.pid, resource.RLIMIT_FSIZE, (8192, hard))
        harness.wait_until(lambda: quipud.get("/healthz")[0] == 503, "/healthz says so", 60)
        self.assertIn(f"cannot write {self.state_file}", quipud.get("/healthz")[2])
        before = total(quipud.vocabulary())
        harness.wait_until(lambda: total(quipud.vocabulary()) > before, "service goes on")
        self.assertGreater(quipud.vars()["quipu/store/errors"], 0)
        self.assertEqual(len([line for line in quipud.log().splitlines() if "store: cannot write" in line]), 1)
        resource.prlimit(quipud.pid, resource.RLIMIT_FSIZE, (hard, hard))
        quipud.wait_for_log("store: commits succeed again", 60)
        self.assertEqual(quipud.get("/healthz")[0], 200)
        chatter.end()
        self.wait_for_commits(quipud, 0)
        self.assertEqual(maild.end(), 0)
        harness.wait_until(lambda: quipud.vocabulary() == maild.counted(), "every count")
        self.assertEqual(quipud.end(), 0)
        self.assertEqual(self.start().vocabulary(), maild.counted())

    def test_the_end_takes_two_seconds_at_most_whatever_goes_on(self):
        quipud = self.start()
        maild = self.maild(quipud.ingest)
        chatter = Chatter([maild.port])
        chatter.start()
        self.addCleanup(chatter.is_over.set)
        follower = quipud.connect()
        follower.request("GET", "/debug/traces/stream")
        follower.getresponse().read(1)
        harness.wait_until(lambda: total(quipud.vocabulary()) > 50, "counts")
        shown = quipud.vocabulary()
        self.assertEqual(quipud.end(seconds=10), 0)
        self.assertIn("stopped", quipud.log())
        self.assertFalse([name for name in os.listdir(self.state) if "published" in name or name.endswith("-wal")])
        chatter.end()
        for key, n in shown.items():
            self.assertGreaterEqual(self.start_once()[key], n)

    def start_once(self):
        if not hasattr(self, "again"):
            self.again = self.start().vocabulary()
        return self.again

    def test_a_store_that_does_not_answer_holds_the_end_up_for_no_more_than_two_seconds(self):
        quipud = self.start()
        maild = self.maild(quipud.ingest)
        chatter = Chatter([maild.port])
        chatter.start()
        self.addCleanup(chatter.is_over.set)
        harness.wait_until(lambda: total(quipud.vocabulary()) > 50, "counts")
        # Somebody holds the file: a commit waits a second for it, and fails.
        holder = sqlite3.connect(self.state_file, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        harness.wait_until(lambda: quipud.vars()["quipu/store/errors"] > 0, "a commit fails", 60)
        self.kill(maild)
        chatter.end()
        harness.wait_until(lambda: "without goodbye" in quipud.log(), "quipud knows")
        shown = quipud.vocabulary()
        began = time.monotonic()
        quipud.end(seconds=30)
        self.assertLess(time.monotonic() - began, 10)  # 2 s on a machine that is not busy
        holder.execute("ROLLBACK")
        holder.close()
        self.assertEqual(self.start().vocabulary(), shown)  # the journal had it

    def test_a_second_sigterm_ends_it_at_once(self):
        quipud = self.start()
        maild = self.maild(quipud.ingest)
        harness.wait_until(lambda: quipud.vocabulary() is not None and "connected" in quipud.log(), "maild is there")
        holder = sqlite3.connect(self.state_file, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        self.talk(maild)
        harness.wait_until(lambda: quipud.vars()["quipu/store/errors"] > 0, "a commit fails", 60)
        self.talk(maild)  # so that there is something to commit
        harness.wait_until(lambda: total(quipud.vocabulary()) >= 2, "counts")
        quipud.process.send_signal(signal.SIGTERM)
        quipud.wait_for_log("stopping")
        quipud.process.send_signal(signal.SIGTERM)
        self.assertEqual(quipud.process.wait(10), -signal.SIGTERM)
        self.assertNotIn("stopped", quipud.log())
        holder.close()

    def check_set_aside(self, kind, sentence):
        """It serves, has said it once, and keeps new counts; what was there still is, under another name."""
        with open(self.state_file, "rb") as file:
            before = file.read()
        quipud = self.start(name="other")
        self.assertEqual(len([line for line in quipud.log().splitlines() if "[error]" in line]), 1, quipud.log())
        self.assertIn(sentence, quipud.log())
        aside = [name for name in os.listdir(self.state) if name.startswith(f"quipu.db.{kind}-")]
        kept = [name for name in aside if not name.endswith(("-wal", "-shm"))]
        self.assertEqual(len(kept), 1, os.listdir(self.state))
        with open(os.path.join(self.state, kept[0]), "rb") as file:
            self.assertEqual(file.read(), before)
        maild = self.maild(quipud.ingest, name="other-maild")
        self.talk(maild)
        harness.wait_until(lambda: total(quipud.vocabulary()) > 1, "it counts")
        harness.wait_until(lambda: quipud.get("/healthz")[0] == 200, "it keeps totals again", 60)
        self.assertEqual(maild.end(), 0)
        self.assertEqual(quipud.end(), 0)
        self.assertEqual(self.start(name="another").vocabulary(), maild.counted())

    def sound_state(self):
        quipud = self.start()
        maild = self.maild(quipud.ingest)
        self.talk(maild)
        harness.wait_until(lambda: total(quipud.vocabulary()) > 1, "it counts")
        self.assertEqual(maild.end(), 0)
        self.assertEqual(quipud.end(), 0)

    def test_a_truncated_state_file_is_set_aside(self):
        self.sound_state()
        os.truncate(self.state_file, os.path.getsize(self.state_file) // 2)
        self.check_set_aside("damaged", "is damaged")

    def test_a_state_file_of_a_newer_quipud_is_set_aside_untouched(self):
        self.sound_state()
        db = sqlite3.connect(self.state_file)
        db.execute("PRAGMA user_version = 12345")
        db.close()
        self.check_set_aside("newer", "newer quipud (schema version 12345)")


if __name__ == "__main__":
    unittest.main()

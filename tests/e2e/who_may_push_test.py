"""Who may push: the socket's mode and group, ingest_users by the kernel's word on who is at the other end, and whose the
socket's file is. With other users for real: root lends their rights; whoever is not root is the stranger himself."""

import array
import os
import shutil
import signal
import socket
import subprocess
import time
import unittest

import harness
import stranger
import wire
from harness import wait_until


class WhoMayPush(harness.Case):
    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)

    def stranger_connects(self, path):
        """What another user is told, or why he cannot connect."""

        def ask():
            try:
                with wire.connect(path) as client:
                    return wire.read_all(client)
            except OSError as error:
                return str(error).encode()

        return stranger.as_nobody(ask).decode(errors="replace")

    def raw_emitter(self, quipud, instance="0123456789abcdef"):
        client = wire.connect(quipud.ingest)
        self.addCleanup(client.close)
        client.sendall(wire.hello(instance))
        self.assertTrue(wire.read_frame(client))  # Welcome
        client.sendall(wire.encode(wire.DEFINE))
        return client

    def test_another_user_is_refused_told_why_counted_and_logged_and_hurts_nobody(self):
        allowed = str(os.geteuid()) if stranger.IS_ROOT else "0"
        quipud = self.quipud("--ingest_mode=0666", f"--ingest_users={allowed}")
        friend = self.raw_emitter(quipud) if stranger.IS_ROOT else None
        told = self.stranger_connects(quipud.ingest)
        self.assertIn("this user may not push to quipud; see the option ingest_users", told)
        shown = quipud.vars()
        self.assertEqual(shown["quipu/ingest/refusedUsers"], 1)
        self.assertEqual(shown["quipu/ingest/refusedConnections"], 1)
        uid = stranger.NOBODY if stranger.IS_ROOT else os.geteuid()
        self.assertEqual(len([line for line in quipud.log().splitlines() if f"uid={uid}" in line and "refused" in line]), 1)
        self.assertIn(f"the last by uid {uid}", quipud.get("/debug/emitters")[2])
        if friend:
            friend.sendall(wire.deltas(5))
            wait_until(lambda: quipud.vars().get("raw/count") == 5, "the friend's count")

    def test_users_are_named_by_name_too(self):
        name = "nobody" if stranger.IS_ROOT else "root"
        quipud = self.quipud("--ingest_mode=0666", f"--ingest_users={name}")
        wait_until(lambda: name in quipud.get("/debug/emitters")[2], "the name on the page")
        told = self.stranger_connects(quipud.ingest) if not stranger.IS_ROOT else self.own_words(quipud)
        self.assertIn("may not push", told)

    def own_words(self, quipud):
        client = wire.connect(quipud.ingest)
        self.addCleanup(client.close)
        return wire.read_all(client).decode(errors="replace")

    def test_a_mail_daemon_that_may_not_open_the_socket_says_so_and_the_page_tells_what_to_check(self):
        # Root opens anything: its quipud shuts out nobody. Others shut themselves out.
        mode = "0600" if stranger.IS_ROOT else "0000"
        quipud = self.quipud(f"--ingest_mode={mode}")
        rights = {}
        if stranger.IS_ROOT:
            rights["preexec_fn"] = stranger.become_nobody
        self.assertIn("Permission denied", self.stranger_connects(quipud.ingest))
        for name in ("queue", "mail"):
            os.mkdir(self.path(name))
        if stranger.IS_ROOT:
            stranger.give_to_nobody(self.path("queue"))
            stranger.give_to_nobody(self.path("mail"))
        log_path = self.path("stranger.log")
        # A copy: the build tree may be in a folder that nobody else may pass.
        program = shutil.copy(harness.MAILD, self.path("maild"))
        with open(log_path, "w", encoding="utf-8") as log:
            maild = subprocess.Popen(
                [
                    program,
                    "--smtp_address=127.0.0.1:0",
                    "--hostname=localhost",
                    f"--maildir={self.path('mail')}",
                    f"--queue_dir={self.path('queue')}",
                    f"--ingest_socket={quipud.ingest}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **rights,
            )
        self.addCleanup(maild.wait)
        self.addCleanup(maild.kill)

        def said():
            with open(log_path, encoding="utf-8") as log:
                return log.read()

        hint = "Permission denied; check the socket's mode and group"
        wait_until(lambda: hint in said(), "what the mail daemon says")
        time_of_many_tries = time.monotonic() + 3  # it tries again after 50 ms, 100 ms, ...
        while time.monotonic() < time_of_many_tries:
            time.sleep(0.1)
        self.assertEqual(said().count("no connection to quipud"), 1)  # a minute has not passed
        page = quipud.get("/debug/emitters")[2]
        self.assertIn("What to check", page)
        self.assertIn(f"<code>{quipud.ingest}</code>: mode {mode}, owner ", page)
        # Put right while both run: the page follows, and the mail daemon connects by itself.
        os.chmod(quipud.ingest, 0o666)
        wait_until(lambda: quipud.vars().get("quipu/ingest/connections") == 1, "the connection", 30)
        wait_until(lambda: "What to check" not in quipud.get("/debug/emitters")[2], "a page without complaint")

    def test_the_socket_has_the_group_and_mode_that_were_asked_for(self):
        group = os.getgroups()[-1] if os.getgroups() else os.getegid()
        if stranger.IS_ROOT:
            group = stranger.NOBODY
        quipud = self.quipud("--ingest_mode=0620", f"--ingest_group={group}")
        found = os.stat(quipud.ingest)
        self.assertEqual(found.st_mode & 0o7777, 0o620)
        self.assertEqual(found.st_gid, group)

    def test_an_abstract_socket_is_refused_with_a_sentence(self):
        done = subprocess.run(
            [harness.QUIPUD, "--ingest_socket=@quipu"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("abstract sockets have no permissions", done.stderr)

    def test_descriptors_that_are_sent_along_are_closed(self):
        quipud = self.quipud()
        client = self.raw_emitter(quipud)

        def open_files():
            return len(os.listdir(f"/proc/{quipud.pid}/fd"))

        client.sendall(wire.deltas(1))
        wait_until(lambda: quipud.vars().get("raw/count") == 1, "the first count")
        wait_until(lambda: quipud.vars() and open_files(), "descriptors")
        before = open_files()
        with open("/dev/null", "rb") as file:
            many = array.array("i", [file.fileno()] * 200)
            for _ in range(20):
                ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, many)]
                self.assertGreater(client.sendmsg([wire.deltas(1)], ancillary), 0)
        wait_until(lambda: quipud.vars().get("raw/count") == 21, "the counts that came along")
        wait_until(lambda: open_files() <= before, f"{before} descriptors again")

    def test_a_socket_left_by_kill_9_is_replaced(self):
        first = self.quipud()
        client = self.raw_emitter(first)
        client.sendall(wire.deltas(3))
        first.kill()
        self.assertTrue(os.path.exists(first.ingest))
        second = self.quipud()
        self.raw_emitter(second).sendall(wire.deltas(4))
        wait_until(lambda: second.vars().get("raw/count") == 4, "the count")

    def test_of_two_that_start_at_once_one_serves_and_one_says_why_not(self):
        path = self.path("both.sock")
        for _ in range(10):
            both = [
                subprocess.Popen(
                    [harness.QUIPUD, f"--ingest_socket={path}"],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
                for _ in range(2)
            ]
            for process in both:
                self.addCleanup(process.stderr.close)
                self.addCleanup(process.stdout.close)
                self.addCleanup(process.kill)
            ended = wait_until(lambda: [p for p in both if p.poll() is not None], "the end of one")
            self.assertEqual([process.returncode for process in ended], [1])
            self.assertIn("another quipud listens on", ended[0].stderr.read())
            left = next(process for process in both if process not in ended)
            wait_until(lambda: wire.connect(path).close() is None, "the other's socket")
            left.send_signal(signal.SIGTERM)
            self.assertEqual(left.wait(20), 0)
            self.assertFalse(os.path.exists(path))

    def test_one_whose_socket_was_replaced_leaves_the_new_one_alone_at_its_end(self):
        old = self.quipud()
        os.unlink(old.ingest)
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(old.ingest)
            other.listen()
            wait_until(lambda: old.get("/healthz")[0] != 200, "a complaint on /healthz")
            self.assertIn("was removed or replaced", old.log())
            self.assertEqual(old.end(), 0)
            self.assertTrue(os.path.exists(old.ingest))
            wire.connect(old.ingest).close()


if __name__ == "__main__":
    unittest.main()

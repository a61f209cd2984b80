"""The README's first command, as a newcomer meets it: three lines, a mail, its counts, Ctrl-C."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest
import urllib.request

import harness

HTTP = "http://127.0.0.1:1099"


def fetch(path):
    with urllib.request.urlopen(HTTP + path, timeout=5) as answer:
        return answer.read().decode()


class Quickstart(harness.Case):
    def setUp(self):
        super().setUp()
        # The script builds in build/ of its own tree: a copy of the tree's packaging with the programs under test.
        self.tree = self.path("tree")
        shutil.copytree(os.path.join(harness.SOURCE, "packaging"), os.path.join(self.tree, "packaging"))
        for program in (harness.QUIPUD, harness.MAILD):
            target = os.path.join(self.tree, "build", os.path.relpath(program, harness.BUILD))
            os.makedirs(os.path.dirname(target))
            os.symlink(program, target)
        with open(os.path.join(self.tree, "build", "build.ninja"), "w", encoding="utf-8") as ninja:
            ninja.write("build daemon/quipud subprojects/maild/maild: phony\n")
        self.runtime = self.path("runtime")
        os.mkdir(self.runtime, 0o700)

    def start(self, *args, **environment):
        env = {**os.environ, "XDG_RUNTIME_DIR": self.runtime, **environment}
        process = subprocess.Popen(
            [os.path.join(self.tree, "packaging", "quickstart"), *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=env,
            start_new_session=True,
        )
        self.addCleanup(self.clean_up, process)
        return process

    @staticmethod
    def clean_up(process):
        if process.poll() is None:
            process.terminate()
            process.wait(20)
        process.stdout.close()
        process.stderr.close()

    def started(self):
        process = self.start()
        lines = [process.stdout.readline().rstrip("\n") for _ in range(3)]
        if not all(lines):
            self.fail(f"it said {lines}; {process.stderr.read()}")
        return process, lines

    def programs(self):
        """Processes that run from this test's tree, or push to its socket."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as cmdline:
                    if self.runtime in cmdline.read():
                        found.append(int(pid))
            except OSError:
                pass
        return found

    def test_three_lines_a_mail_and_ctrl_c(self):
        process, lines = self.started()
        self.assertIn(HTTP + "/", lines[0])
        self.assertIn("127.0.0.1:2525", lines[1])
        self.assertTrue(lines[2].startswith("curl "), lines[2])
        self.assertIn("<html", fetch("/").lower())

        subprocess.run(["sh", "-c", lines[2]], check=True, capture_output=True, timeout=20)
        sent = time.monotonic()
        harness.wait_until(lambda: json.loads(fetch("/debug/vars"))["chasquid/queue/putCount"] == 1, "the count", 1)
        harness.wait_until(lambda: "SMTP.Conn" in fetch("/debug/traces"), "the trace", 1)
        self.assertLess(time.monotonic() - sent, 1)

        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(20), 0, process.stderr.read())
        self.assertEqual(process.stdout.read(), "")
        self.assertEqual(self.programs(), [])

        # What was counted is there the next time.
        process, _ = self.started()
        harness.wait_until(lambda: json.loads(fetch("/debug/vars")).get("chasquid/queue/putCount") == 1, "the total")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(20), 0)
        self.assertEqual(self.programs(), [])

    def test_everything_is_in_one_private_folder(self):
        self.started()
        folders = os.listdir(self.runtime)
        self.assertEqual(folders, [f"quipu-quickstart-{os.getuid()}"])
        self.assertEqual(os.stat(os.path.join(self.runtime, folders[0])).st_mode & 0o777, 0o700)

    def test_a_busy_port_is_said_in_one_sentence(self):
        for port in (1099, 2525):
            with self.subTest(port=port), socket.create_server(("127.0.0.1", port)):
                process = self.start()
                self.assertEqual(process.wait(30), 1)
                self.assertEqual(process.stdout.read(), "")
                self.assertRegex(process.stderr.read(), rf"(?m)^quickstart: 127\.0\.0\.1:{port} is in use")
                self.assertEqual(self.programs(), [])

    def test_where_one_program_dies_the_other_is_ended_and_that_is_said(self):
        for victim in ("quipud", "maild"):
            with self.subTest(victim=victim):
                process, _ = self.started()
                pid = next(
                    pid for pid in self.programs() if re.search(rf"/{victim}\0", cmdline_of(pid))
                )
                os.kill(pid, signal.SIGKILL)
                self.assertEqual(process.wait(20), 1)
                self.assertIn(f"quickstart: {victim} has ended", process.stderr.read())
                self.assertEqual(self.programs(), [])

    def test_a_script_that_is_killed_leaves_nothing_behind(self):
        process, _ = self.started()
        process.kill()
        process.wait(20)
        harness.wait_until(lambda: not self.programs(), "both programs end")

    def test_a_folder_that_somebody_else_laid_out_is_refused(self):
        os.symlink(self.folder, os.path.join(self.runtime, f"quipu-quickstart-{os.getuid()}"))
        process = self.start()
        self.assertEqual(process.wait(30), 1)
        self.assertIn("not a folder of yours", process.stderr.read())

    def test_build_only_builds_and_stops(self):
        process = self.start("--build-only")
        self.assertEqual(process.wait(60), 0)
        self.assertEqual(process.stdout.read(), "")
        self.assertEqual(os.listdir(self.runtime), [])


def cmdline_of(pid):
    with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as cmdline:
        return cmdline.read()


if __name__ == "__main__":
    unittest.main()

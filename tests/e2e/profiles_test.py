"""Profiles and threads, fetched by the real `go tool pprof` from the real programs."""

import os
import re
import shutil
import subprocess
import threading
import unittest

import harness
import mails
from smtp import Truth

BUSY = os.path.join(harness.BUILD, "tests", "busy-daemon")


class Busy(harness.Program):
    """busy-daemon, from whatever file. It runs until its standard input ends."""

    def __init__(self, folder, ingest, program):
        standard_input, self.hold = os.pipe()
        # The library lies beside the build's own program, wherever a copy of it runs.
        env = {**os.environ, "LD_LIBRARY_PATH": os.path.dirname(BUSY)}
        super().__init__(folder, "busy", [program, f"--ingest_socket={ingest}"], stdin=standard_input, env=env)
        os.close(standard_input)

    def kill(self):
        super().kill()
        if self.hold is not None:
            os.close(self.hold)
            self.hold = None


class Profiles(harness.Case):
    def pprof(self, *args):
        """What `go tool pprof` prints."""
        env = {**os.environ, "PPROF_TMPDIR": self.folder, "HOME": self.folder}
        done = subprocess.run(
            ["go", "tool", "pprof", *args], capture_output=True, text=True, timeout=120, env=env, cwd=self.folder
        )
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return done.stdout

    def url(self, quipud, rest):
        return f"http://{quipud.address}/debug/pprof/{rest}"

    def wait_for(self, quipud, program, topic="profile"):
        def is_offered():
            text = quipud.get("/debug/pprof/?format=text")[2]
            return f"of {program} " in text and re.search(rf"(?m)^{topic} (?!.*not offered)", text)

        harness.wait_until(is_offered, f"{program} offers {topic}")

    def busy_pair(self, *flags, program=BUSY):
        quipud = self.quipud(*flags)
        busy = self.watch(Busy(self.folder, quipud.ingest, program))
        self.wait_for(quipud, "busy-daemon")
        return quipud, busy

    def rows(self, top):
        """Of -top: function to (flat %, cum %), in order."""
        found = re.findall(r"(?m)^\s*\S+\s+([\d.]+)%\s+[\d.]+%\s+\S+\s+([\d.]+)%\s+(.+)$", top)
        return {name: (float(flat), float(cum)) for flat, cum, name in found}

    def test_pprof_names_functions_of_a_program_and_its_library(self):
        quipud, busy = self.busy_pair()
        saved = os.path.join(self.folder, "saved.pb.gz")
        # Once over the network, as -proto; then from the file that it gave, as people do.
        self.pprof("-proto", f"-output={saved}", self.url(quipud, "profile?seconds=2"))
        rows = self.rows(self.pprof("-symbolize=none", "-top", saved))
        self.assertEqual(next(iter(rows)), "busy_hash_inner", rows)
        self.assertGreater(rows["busy_hash_outer"][1], 50, rows)
        self.assertIn("busy_library_walk", rows)
        raw = self.pprof("-symbolize=none", "-raw", saved)
        for file in ("busy-daemon", "libbusy.so"):
            self.assertRegex(raw, rf"0x\w+/0x\w+/0x\w+ /\S*{file} [0-9a-f]{{40}} \[FN\]", raw)
        self.assertIn("thread:[busy-worker]", raw)

        # The symbol handler knows the same names, by GET and by POST.
        address = re.search(r"(0x[0-9a-f]+) M=\d+ busy_hash_inner", raw).group(1)
        wanted = f"num_symbols: 1\n{address} busy_hash_inner\n"
        self.assertEqual(quipud.get(f"/debug/pprof/symbol?{address}+0x1")[2], wanted)
        connection = quipud.connect()
        connection.request("POST", "/debug/pprof/symbol", body=f"{address}+0x1")
        self.assertEqual(connection.getresponse().read().decode(), wanted)
        connection.close()

    def test_a_stripped_program_is_named_by_its_debug_file_or_not_at_all(self):
        stripped = self.path("busy-stripped")
        debug = self.path("busy.debug")
        shutil.copy(BUSY, stripped)
        subprocess.run(["objcopy", "--only-keep-debug", stripped, debug], check=True)
        subprocess.run(["strip", stripped], check=True)
        build_id = re.search(r"Build ID: ([0-9a-f]+)", subprocess.run(
            ["readelf", "-n", stripped], check=True, capture_output=True, text=True).stdout).group(1)
        quipud, busy = self.busy_pair(f"--debug_dirs={self.folder}", program=stripped)

        raw = self.pprof("-symbolize=none", "-raw", self.url(quipud, "profile?seconds=3&hz=500"))
        self.assertNotIn("busy_hash_inner", raw)
        self.assertIn("busy_library_walk", raw)  # the library's dynamic symbols
        self.assertRegex(raw, rf"busy-stripped {build_id}")
        self.assertIn("addresses have no name", raw)

        place = os.path.join(self.folder, ".build-id", build_id[:2])
        os.makedirs(place)
        # A debug file of another build is not taken...
        wrong = os.path.join(place, build_id[2:] + ".debug")
        shutil.copy(harness.MAILD, wrong)
        raw = self.pprof("-symbolize=none", "-raw", self.url(quipud, "profile?seconds=1"))
        self.assertNotIn("busy_hash_inner", raw)
        # ...the right one is.
        os.replace(debug, wrong)
        rows = self.rows(self.pprof("-symbolize=none", "-top", self.url(quipud, "profile?seconds=1")))
        self.assertEqual(next(iter(rows)), "busy_hash_inner", rows)

    def test_a_program_that_was_replaced_while_it_runs_keeps_its_names(self):
        program = self.path("busy-replaced")
        shutil.copy(BUSY, program)
        quipud, busy = self.busy_pair(program=program)
        other = self.path("other")
        shutil.copy(harness.MAILD, other)
        os.replace(other, program)
        rows = self.rows(self.pprof("-symbolize=none", "-top", self.url(quipud, "profile?seconds=1")))
        self.assertEqual(next(iter(rows)), "busy_hash_inner", rows)

    def test_maild_under_load_shows_its_own_functions(self):
        quipud = self.quipud()
        maild = self.maild(quipud.ingest)
        self.wait_for(quipud, "maild")
        is_over = threading.Event()

        def load():
            while not is_over.is_set():
                mails.good_local(maild.port, Truth())

        senders = [threading.Thread(target=load) for _ in range(2)]
        for sender in senders:
            sender.start()
        try:
            top = self.pprof("-symbolize=none", "-top", "-cum", self.url(quipud, "profile?seconds=3"))
            threads = quipud.get("/debug/threads")[2]
            # Where maild works in short pieces between two of the kernel's ticks, a second may have no sample.
            html = {"Accept": "text/html"}
            flame = harness.wait_until(
                lambda: (page := quipud.get("/debug/pprof/flame?seconds=2", headers=html))[2].count("maild::") and page,
                "maild's functions are in a flame graph",
            )
        finally:
            is_over.set()
            for sender in senders:
                sender.join()
        own = [name for name in list(self.rows(top))[:60] if "maild::" in name]
        self.assertGreater(len(own), 3, top)
        self.assertRegex(threads, r'thread \d+ "maild"')
        self.assertRegex(threads, r"\d+ SMTP listener: waiting for ")
        self.assertEqual(flame[0], 200)
        self.assertNotIn("<script>", flame[2])

    def test_threads_are_goroutines_to_tools(self):
        quipud, busy = self.busy_pair()
        self.wait_for(quipud, "busy-daemon", "goroutine")
        # The binary form has names in it; for the text, pprof asks the symbol handler.
        for how, form in (("none", "goroutine"), ("remote", "goroutine?debug=1")):
            self.assertIn("be_idle", self.pprof(f"-symbolize={how}", "-traces", self.url(quipud, form)))
        dump = quipud.get("/debug/pprof/goroutine?debug=2")[2]
        self.assertRegex(dump, r"(?m)^goroutine \d+ \[\S+, thread busy-idle\]:$")
        self.assertRegex(dump, r"(?m)^\(anonymous namespace\)::be_idle\(\.\.\.\)$")
        page = quipud.get("/debug/threads", headers={"Accept": "text/html"})[2]
        for name in ("busy-worker", "busy-idle", "be_idle"):
            self.assertIn(name, page)

    def test_a_client_that_leaves_frees_the_profiler_and_a_second_one_is_told_to_wait(self):
        quipud, busy = self.busy_pair()
        first = quipud.connect()
        first.request("GET", "/debug/pprof/profile?seconds=30")

        def is_busy():
            status, headers, _ = quipud.get("/debug/pprof/profile?seconds=1")
            return status == 503 and int(headers["Retry-After"]) > 20

        harness.wait_until(is_busy, "the first profile runs")
        first.close()

        def is_taken():
            connection = quipud.connect(timeout=20)
            connection.request("GET", "/debug/pprof/profile?seconds=1")
            status = connection.getresponse().status
            connection.close()
            return status == 200

        harness.wait_until(is_taken, "the second one is taken", 10)
        second = quipud.connect()
        second.request("GET", "/debug/pprof/profile?seconds=30")
        harness.wait_until(is_busy, "the next profile runs")
        busy.kill()
        self.assertEqual(second.getresponse().status, 502)
        second.close()

    def test_quipud_shows_its_own_profile_and_threads(self):
        quipud = self.quipud()
        raw = self.pprof("-symbolize=none", "-raw", self.url(quipud, "profile?of=quipud&seconds=1"))
        self.assertIn("samples/count cpu/nanoseconds", raw)
        self.assertIn("boost::asio::io_context::run", quipud.get("/debug/threads?of=quipud")[2])
        self.assertIn("quipud\0", quipud.get("/debug/pprof/cmdline?of=quipud")[2])


if __name__ == "__main__":
    unittest.main()

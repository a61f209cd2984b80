"""quipu.h as a stranger uses it: from C11, with the strictest compiler, and from Python's ctypes through the shared
library; what they count is shown by a real quipud."""

import ctypes
import os
import re
import subprocess
import sys
import unittest

import harness

LIBRARIES = os.path.join(harness.BUILD, "proto")
STATIC = os.path.join(LIBRARIES, "libquipu.a")
SHARED = os.path.join(LIBRARIES, "libquipu.so.0")
STRICT = ["-std=c11", "-Wall", "-Wextra", "-pedantic", "-Werror", "-I", os.path.join(LIBRARIES, "include")]
# The example is compiled as the library was, so that a C compiler of the same make is there.
CC = {"clang++": "clang"}.get(os.path.basename(os.environ.get("QUIPU_CXX", "c++")), "cc")


def header():
    with open(os.path.join(harness.SOURCE, "proto", "quipu.h"), encoding="utf-8") as file:
        return file.read()


def functions_of_the_header():
    code = re.sub(r"/\*.*?\*/|typedef [^;{]*;", "", header(), flags=re.DOTALL)
    return set(re.findall(r"\b(quipu_\w+)\(", code))


class CInterface(harness.Case):
    def compile(self, source, *how):
        program = self.path("program")
        subprocess.run([CC, *STRICT, source, "-o", program, *how], check=True)
        return program

    def start(self, program, quipud):
        """Runs until end() gives it a line."""
        started = harness.Program(self.folder, "program", [program, quipud.ingest], stdin=subprocess.PIPE)
        self.addCleanup(started.process.stdin.close)
        return self.watch(started)

    def end(self, program):
        program.process.stdin.write(b"\n")
        program.process.stdin.flush()
        self.assertEqual(program.process.wait(20), 0, program.log())

    def test_the_example_is_watched_while_it_runs(self):
        quipud = self.quipud()
        source = os.path.join(harness.SOURCE, "proto", "example.c")
        program = self.compile(source, STATIC, "-lstdc++", "-lm", "-pthread")
        example = self.start(program, quipud)
        harness.wait_until(lambda: quipud.vars().get("mymaild/mails") == 1, "its count")
        self.assertEqual(quipud.vars()["mymaild/replies"], {"250": 1})
        self.assertIn("EHLO client.example", quipud.get("/debug/traces?fam=SMTP.Conn&b=0")[2])
        self.assertIn("user@example.org", quipud.get("/debug/queue")[2])
        self.end(example)
        self.assertEqual(quipud.vars()["mymaild/mails"], 1)

    def test_every_function_does_what_its_cpp_twin_does_from_c_with_both_libraries(self):
        source = os.path.join(harness.SOURCE, "tests", "support", "c_program.c")
        for name, how in (
            ("static", [STATIC, "-lstdc++", "-lm", "-pthread"]),
            ("shared", [SHARED, f"-Wl,-rpath,{LIBRARIES}"]),
        ):
            with self.subTest(name):
                quipud = self.quipud(name=name)
                program = self.start(self.compile(source, *how), quipud)
                shown = harness.wait_until(lambda q=quipud: q.vars().get("c/count") == 1000003 and q.vars(), "the counts")
                self.assertEqual(shown["c/map"], {"a": 2, "b": 5, "(other)": 3})
                self.assertEqual(shown["c/gauge"], 2.5)
                self.assertEqual(shown["c/gauges"], {"left": 1, "right": 2})
                self.assertEqual(shown["c/text"], "words")
                self.assertEqual(shown["chasquid/queue/putCount"], 7)
                self.assertEqual(quipud.get("/debug/queue")[0], 200)
                self.assertEqual(quipud.get("/debug/threads")[0], 200)
                self.end(program)
                traces = quipud.get("/debug/traces?fam=C&b=0")[2] + quipud.get("/debug/traces?fam=C&b=-2")[2]
                self.assertIn("formatted 7", traces)
                self.assertIn("went wrong: 100%", traces)
                self.assertIn("c-program", quipud.get("/debug/emitters")[2])

    def test_the_test_program_calls_every_function_of_the_header(self):
        with open(os.path.join(harness.SOURCE, "tests", "support", "c_program.c"), encoding="utf-8") as file:
            called = set(re.findall(r"\b(quipu_\w+)\(", file.read()))
        self.assertEqual(functions_of_the_header() - called, set())

    def test_the_shared_library_exports_the_header_and_nothing_else(self):
        listed = subprocess.run(["nm", "-D", "--defined-only", SHARED], check=True, capture_output=True, text=True).stdout
        exported = {words[2].split("@")[0] for words in map(str.split, listed.splitlines()) if words[1] != "A"}
        self.assertEqual(exported, functions_of_the_header())

    def test_python_counts_through_ctypes_from_many_threads(self):
        quipud = self.quipud()
        script = os.path.join(harness.SOURCE, "proto", "example.py")
        done = subprocess.run(
            [sys.executable, script, quipud.ingest, SHARED],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
        )
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        harness.wait_until(lambda: quipud.vars().get("python/count") == 4000, "its counts")
        self.assertIn("from Python", quipud.get("/debug/traces?fam=Python&b=0")[2])

    def test_version_is_the_projects(self):
        library = ctypes.CDLL(SHARED)
        library.quipu_version.restype = ctypes.c_char_p
        said = subprocess.run([harness.QUIPUD, "--version"], check=True, capture_output=True, text=True).stdout
        self.assertEqual(library.quipu_version().decode(), said.split()[1])


if __name__ == "__main__":
    unittest.main()

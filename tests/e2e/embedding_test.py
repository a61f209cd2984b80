"""The README's example program: it compiles as it stands there, needs nothing but the C and C++ libraries, and what
it counts is shown."""

import os
import re
import subprocess
import unittest

import harness

# As README.md tells an outsider to compile it.
COMPILE = [os.environ.get("QUIPU_CXX", "c++"), "-std=c++20", f"-I{os.path.join(harness.BUILD, 'proto', 'include')}"]
ALLOWED = {"linux-vdso.so.1", "libstdc++.so.6", "libm.so.6", "libgcc_s.so.1", "libc.so.6", "libpthread.so.0"}


class Embedding(harness.Case):
    def readme_program(self):
        with open(os.path.join(harness.SOURCE, "README.md"), encoding="utf-8") as readme:
            blocks = re.findall(r"^```cpp\n(.*?)^```$", readme.read(), re.MULTILINE | re.DOTALL)
        programs = [block for block in blocks if "int main" in block]
        self.assertEqual(len(programs), 1, "the README shows one program")
        return programs[0]

    def build(self, source):
        path = self.path("example.cpp")
        with open(path, "w", encoding="utf-8") as file:
            file.write(source)
        program = self.path("example")
        subprocess.run(
            [
                *COMPILE,
                "-Wall",
                "-Wextra",
                "-Werror",
                path,
                os.path.join(harness.BUILD, "proto", "libquipu.a"),
                "-o",
                program,
                "-pthread",
            ],
            check=True,
        )
        return program

    def test_the_program_of_the_readme_has_ten_lines_and_is_watched(self):
        source = self.readme_program()
        self.assertLessEqual(len([line for line in source.splitlines() if line.strip()]), 12)
        quipud = self.quipud()
        source = source.replace("/run/quipu/ingest.sock", quipud.ingest)
        self.assertIn(quipud.ingest, source, "the program names the socket")
        program = self.watch(harness.Program(self.folder, "example", [self.build(source)]))
        self.assertEqual(program.process.wait(20), 0, program.log())
        name = re.search(r'counter\("([^"]+)"', source).group(1)
        family = re.search(r'trace\("([^"]+)"', source).group(1)
        harness.wait_until(lambda: quipud.vars().get(name) == 1, f"{name} is shown")
        self.assertIn(family, quipud.get("/debug/traces")[2])

    def profiled_program(self):
        """The program with the line that the README shows for profiles, behind the emitter's."""
        source = self.readme_program().replace("<quipu/emitter.hpp>", "<quipu/profiler.hpp>")
        lines = source.splitlines()
        at = next(i for i, line in enumerate(lines) if "quipu::Emitter emitter" in line)
        with open(os.path.join(harness.SOURCE, "README.md"), encoding="utf-8") as readme:
            lines.insert(at + 1, re.search(r"^ *quipu::Profiler profiler.*$", readme.read(), re.MULTILINE).group())
        return "\n".join(lines) + "\n"

    def test_it_links_nothing_but_the_c_and_cpp_libraries(self):
        for source in (self.readme_program(), self.profiled_program()):
            program = self.build(source)
            listed = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
            names = {line.split()[0] for line in listed.splitlines()}
            self.assertEqual({name for name in names if name not in ALLOWED and "ld-linux" not in name}, set())

    def test_a_program_without_a_profiler_links_none_of_it(self):
        def profiler_symbols(source):
            listed = subprocess.run(["nm", "-C", self.build(source)], check=True, capture_output=True, text=True).stdout
            return [line for line in listed.splitlines() if re.search(r"quipu::(CpuProfile|unwind|QueryDesk)\b", line)]

        self.assertEqual(profiler_symbols(self.readme_program()), [])
        self.assertNotEqual(profiler_symbols(self.profiled_program()), [])

    def test_the_public_headers_include_std_only(self):
        source = "#include <quipu/emitter.hpp>\n#include <quipu/mail_metrics.hpp>\n"
        source += "#include <quipu/profiler.hpp>\nint main() {}\n"
        with open(self.path("headers.cpp"), "w", encoding="utf-8") as file:
            file.write(source)
        rule = subprocess.run(
            [*COMPILE, "-M", self.path("headers.cpp")], check=True, capture_output=True, text=True
        ).stdout
        headers = rule.replace("\\\n", " ").split()[2:]
        # In the build tree each of ours names the file in proto/ that is installed under its name.
        ours = [header for header in headers if "/quipu/" in header]
        self.assertEqual(len(ours), 3, ours)
        named = [os.path.join(harness.SOURCE, "proto", os.path.basename(header)) for header in ours]
        headers = [header for header in headers if header not in named]
        foreign = [header for header in headers if re.search(r"/(boost|protozero|spdlog|openssl|google|proto/\w+\.hpp)", header)]
        self.assertEqual(foreign, [])

    def test_without_quipud_the_program_runs_and_ends_all_the_same(self):
        source = self.readme_program().replace("/run/quipu/ingest.sock", self.path("nobody.sock"))
        program = self.watch(harness.Program(self.folder, "example", [self.build(source)]))
        self.assertEqual(program.process.wait(20), 0, program.log())


if __name__ == "__main__":
    unittest.main()

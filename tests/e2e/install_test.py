"""What `meson install` puts where: as an outsider would use it. Units, manuals, configuration and completion agree with
the programs that they speak of."""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import harness

sys.path.insert(0, os.path.join(harness.SOURCE, "packaging"))
import flags  # noqa: E402

# Of systemd-analyze security, where 0 is the best.
MOST_EXPOSED = 1.5


def run(*args, **options):
    return subprocess.run(args, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, **options)


class Install(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="quipu-install-")
        cls.addClassCleanup(shutil.rmtree, cls.root, ignore_errors=True)
        done = run("meson", "install", "-C", harness.BUILD, "--no-rebuild", "--quiet", "--destdir", cls.root)
        assert done.returncode == 0, done.stdout + done.stderr
        listed = run("meson", "introspect", harness.BUILD, "--buildoptions").stdout
        cls.prefix = re.search(r'"name": "prefix", "value": "([^"]*)"', listed).group(1)
        cls.programs = sorted(glob.glob(cls.at("sbin/*")))
        cls.units = sorted(glob.glob(cls.at("lib/systemd/system/*.s*t")) + glob.glob(cls.at("lib/systemd/system/*.service")))

    @classmethod
    def at(cls, path):
        return os.path.join(cls.root + cls.prefix, path)

    def help_of(self, program):
        return flags.parse_help(run(program, "--help").stdout)

    def read(self, path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    def test_everything_is_where_it_belongs(self):
        for path in (
            "sbin/quipud",
            "sbin/chasquid-relay",
            "include/quipu/emitter.hpp",
            "include/quipu/mail_metrics.hpp",
            "include/quipu/profiler.hpp",
            "include/quipu/quipu.h",
            "lib/*/libquipu.a",
            "lib/*/libquipu.so.0",
            "lib/*/pkgconfig/quipu.pc",
            "share/quipu/quipu.proto",
            "share/man/man8/quipud.8",
            "share/man/man8/chasquid-relay.8",
            "share/man/man5/quipud.conf.5",
            "share/man/man3/libquipu.3",
            "share/man/man7/quipu-protocol.7",
            "share/bash-completion/completions/quipud",
            "share/bash-completion/completions/chasquid-relay",
            "share/doc/quipu/PROTOCOL.md",
            "share/doc/quipu/examples/example.c",
            "share/doc/quipu/examples/example.py",
            "share/quipu/grafana/quipu.json",
            "share/quipu/prometheus/quipu-rules.yml",
            "lib/systemd/system/chasquid-relay.service",
            "lib/systemd/system/quipud.service",
            "lib/systemd/system/quipud-ingest.socket",
            "lib/systemd/system/quipud-http.socket",
            "lib/systemd/system/chasquid.service.d/quipu.conf",
            "lib/sysusers.d/quipu.conf",
            "etc/quipu/quipud.conf",
            "etc/default/chasquid-relay",
        ):
            self.assertTrue(glob.glob(self.at(path)), f"{path} is not installed")

    def test_each_program_has_a_manual_and_tells_the_one_version(self):
        version = json.loads(run("meson", "introspect", harness.BUILD, "--projectinfo").stdout)["version"]
        self.assertRegex(version, r"^\d+\.\d+\.\d+$")
        self.assertEqual([os.path.basename(program) for program in self.programs], ["chasquid-relay", "quipud"])
        for program in (*self.programs, harness.MAILD):
            self.assertEqual(run(program, "--version").stdout.split()[:2], [os.path.basename(program), version])
        for program in self.programs:
            name = os.path.basename(program)
            self.assertIn(f"quipu {version}", self.read(self.at(f"share/man/man8/{name}.8")))
        self.assertIn(f"Version: {version}\n", self.read(*glob.glob(self.at("lib/*/pkgconfig/quipu.pc"))))
        build = re.search(r"\(build ([0-9a-f]{40})\)", run(self.at("sbin/quipud"), "--version").stdout)
        self.assertTrue(build, "the linker's build id")
        self.assertIn(build.group(1), run("readelf", "-n", self.at("sbin/quipud")).stdout)

    def test_manuals_name_the_flags_of_help_and_no_others_with_their_defaults(self):
        for program in self.programs:
            known = {flag.name: flag.fallback for flag in self.help_of(program)}
            page = self.read(self.at(f"share/man/man8/{os.path.basename(program)}.8"))
            self.check_list(page, r"\.It Fl \\-(\w+)", known)
        known = {flag.name: flag.fallback for flag in self.help_of(self.at("sbin/quipud"))}
        page = self.read(self.at("share/man/man5/quipud.conf.5"))
        self.check_list(page, r"\.It Ic (\w+)", {n: d for n, d in known.items() if n not in ("config", "help", "version")})

    def check_list(self, page, head, known):
        described = {}
        for match in re.finditer(head + r"[^\n]*\n((?:[^.][^\n]*\n|\\&[^\n]*\n)+)", page):
            default = re.search(r"^Default: (.*)\.$", match.group(2), re.MULTILINE)
            described[match.group(1)] = default.group(1).replace("\\-", "-") if default else ""
        self.assertEqual(described, known)

    def test_the_manuals_have_no_fault(self):
        pages = glob.glob(self.at("share/man/man*/*"))
        self.assertGreaterEqual(len(pages), 4)
        done = run("mandoc", "-T", "lint", "-W", "warning", *pages)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_the_manual_of_the_protocol_names_every_message(self):
        table = re.findall(r"^\| (\w+) \| (?:emitter|quipud) \|", self.read(os.path.join(harness.SOURCE, "proto/PROTOCOL.md")), re.MULTILINE)
        self.assertGreater(len(table), 10)
        page = self.read(self.at("share/man/man7/quipu-protocol.7"))
        named = [name for line in re.findall(r"^\.It Vt (.*)$", page, re.MULTILINE) for name in line.split(" , ")]
        self.assertEqual(sorted(named), sorted(table))

    def test_the_example_configuration_states_every_default(self):
        text = self.read(self.at("etc/quipu/quipud.conf"))
        stated = dict(re.findall(r"^#(\w+) =[ ]?(.*)$", text, re.MULTILINE))
        known = {flag.name: flag.fallback for flag in self.help_of(self.at("sbin/quipud"))}
        self.assertEqual(stated, {n: d for n, d in known.items() if n not in ("config", "help", "version")})
        # And all of them can be given.
        for name, value in (("ingest_socket", self.path("s")), ("monitoring_address", "127.0.0.1:0")):
            text = re.sub(rf"^#{name} =.*$", f"{name} = {value}", text, flags=re.MULTILINE)
        with open(self.path("quipud.conf"), "w", encoding="utf-8") as file:
            file.write(re.sub(r"^#(\w+ =)", r"\1", text, flags=re.MULTILINE))
        quipud = self.watch(harness.Program(self.folder, "quipud", [harness.QUIPUD, f"--config={self.path('quipud.conf')}"]))
        quipud.wait_for_log("serving http=127")
        self.assertEqual(quipud.end(), 0)

    def test_completion_offers_the_flags_of_help(self):
        for program in self.programs:
            script = (
                f"source {self.at('share/bash-completion/completions/quipud')}; "
                'COMP_WORDS=("$1" --); COMP_CWD=1; _quipu "$1"; printf "%s\\n" "${COMPREPLY[@]}"'
            )
            offered = run("bash", "-c", script, "bash", program).stdout.split()
            wanted = {f"--{f.name}" + ("=" if f.placeholder else "") for f in self.help_of(program)}
            self.assertEqual(set(offered), wanted)

    def units_in_place(self):
        """Copies whose commands are the installed ones: systemd looks whether they are there."""
        folder = self.path("units")
        os.mkdir(folder)
        for unit in self.units:
            with open(os.path.join(folder, os.path.basename(unit)), "w", encoding="utf-8") as file:
                file.write(self.read(unit).replace(f"{self.prefix}/sbin/", self.at("sbin/")))
        return sorted(glob.glob(os.path.join(folder, "*")))

    def test_systemd_finds_nothing_wrong_with_the_units(self):
        units = self.units_in_place()
        self.assertGreaterEqual(len(units), 3)
        done = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_systemd_finds_a_fault_where_there_is_one(self):
        unit = self.units_in_place()[-1]
        with open(unit, "a", encoding="utf-8") as file:
            file.write("[Service]\nNoSuchSetting=yes\n")
        done = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit)
        self.assertIn("NoSuchSetting", done.stdout + done.stderr)

    def test_the_services_are_shut_in(self):
        for unit in self.units_in_place():
            if unit.endswith(".service"):
                said = run("systemd-analyze", "security", "--offline=true", "--no-pager", unit).stdout
                score = float(re.search(r"exposure level for \S+: ([\d.]+)", said).group(1))
                self.assertLessEqual(score, MOST_EXPOSED, said)

    def test_the_mail_daemon_needs_nothing_of_it(self):
        drop_in = self.read(self.at("lib/systemd/system/chasquid.service.d/quipu.conf"))
        settings = [line for line in drop_in.splitlines() if line and not line.startswith("#")]
        self.assertEqual(settings, ["[Unit]", "Wants=quipud.service", "After=quipud.service"])


if __name__ == "__main__":
    unittest.main()

"""Who may look, with the clients that people use: curl, openssl s_client; certificates and hashes as openssl makes them."""

import os
import signal
import subprocess
import unittest

import harness


def run(*args, text=None):
    return subprocess.run(args, input=text, capture_output=True, text=True, timeout=60, check=False)


class Looks(harness.Case):
    def certificate(self, name="localhost"):
        """A new one in the place of the old, by renaming as certbot does."""
        for what in ("cert", "key"):
            if os.path.exists(self.path(what + ".new")):
                os.unlink(self.path(what + ".new"))
        made = run(
            *["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"],
            *["-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
            *["-keyout", self.path("key.new"), "-out", self.path("cert.new")],
        )
        self.assertEqual(made.returncode, 0, made.stderr)
        os.chmod(self.path("key.new"), 0o640)
        os.rename(self.path("key.new"), self.path("key"))
        os.rename(self.path("cert.new"), self.path("cert"))

    def passwords(self, **users):
        lines = [f"{user}:{run('openssl', 'passwd', '-6', '-stdin', text=word).stdout}" for user, word in users.items()]
        with open(self.path("passwords"), "w", encoding="utf-8") as file:
            file.write("".join(lines))
        os.chmod(self.path("passwords"), 0o640)

    def guarded_quipud(self, *args):
        self.certificate()
        self.passwords(anna="geheim")
        quipud = self.quipud(
            f"--tls_certificate={self.path('cert')}",
            f"--tls_private_key={self.path('key')}",
            f"--password_file={self.path('passwords')}",
            *args,
            address="0.0.0.0:0",
        )
        self.port = quipud.address.rpartition(":")[2]
        return quipud

    def curl(self, path, *args, scheme="https"):
        """(status, body)"""
        answer = run(
            *["curl", "-sS", "--max-time", "30", "--cacert", self.path("cert"), "-w", "\n%{http_code}", *args],
            f"{scheme}://localhost:{self.port}{path}",
        )
        self.assertEqual(answer.returncode, 0, answer.stderr)
        body, _, status = answer.stdout.rpartition("\n")
        return int(status), body

    def subject(self, *args):
        """What s_client is shown; empty where there is no handshake."""
        shown = run("openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", *args, text="").stdout
        lines = [line for line in shown.splitlines() if line.startswith("subject=")]
        return lines[0] if lines else ""

    def test_an_open_address_answers_over_tls_to_those_with_the_password(self):
        quipud = self.guarded_quipud()
        self.assertEqual(self.curl("/healthz")[0], 401)
        self.assertEqual(self.curl("/healthz", "--user", "anna:wrong")[0], 401)
        self.assertEqual(self.curl("/healthz", "--user", "eve:geheim")[0], 401)
        status, body = self.curl("/metrics", "--user", "anna:geheim")
        self.assertEqual(status, 200)
        self.assertIn("quipu_http_auth_failures_total", body)
        self.assertEqual(self.curl("/metrics", "--user", "anna:geheim", "--compressed", "--tls-max", "1.2")[0], 200)
        self.assertEqual(self.curl("/healthz", "-H", "Host: evil.example", "--user", "anna:geheim")[0], 403)
        status, body = self.curl("/healthz", scheme="http")
        self.assertEqual((status, body), (400, "This address speaks TLS: ask for it with https://.\n"))
        self.assertIn('wrong user or password user="eve" from=127.0.0.1', quipud.log())
        for secret in ("geheim", "wrong\n", "$6$"):
            self.assertNotIn(secret, quipud.log())

    def test_only_sound_tls_is_spoken(self):
        self.guarded_quipud()
        for good in (["-tls1_2"], ["-tls1_3"], ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"], ["-alpn", "h2,http/1.1"]):
            with self.subTest(good=good):
                self.assertIn("CN = localhost", self.subject(*good))
        for bad in (
            ["-tls1_1", "-cipher", "ALL@SECLEVEL=0"],
            ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"],
            ["-alpn", "h2"],
        ):
            with self.subTest(bad=bad):
                self.assertEqual(self.subject(*bad), "")

    def test_sighup_takes_what_is_new_and_keeps_what_was_good(self):
        quipud = self.guarded_quipud()
        self.assertEqual(self.curl("/healthz", "--user", "anna:geheim")[0], 200)
        self.certificate("second")
        self.passwords(anna="renewed")
        quipud.process.send_signal(signal.SIGHUP)
        quipud.wait_for_log(r"reloaded certificate=new passwords=new")
        self.assertIn("CN = second", self.subject())
        self.assertEqual(self.curl("/healthz", "--user", "anna:geheim")[0], 401)
        self.assertEqual(self.curl("/healthz", "--user", "anna:renewed")[0], 200)

        os.chmod(self.path("key"), 0o644)
        with open(self.path("passwords"), "w", encoding="utf-8") as file:
            file.write("anna:plain\n")
        quipud.process.send_signal(signal.SIGHUP)
        quipud.wait_for_log(r"reloaded certificate=kept passwords=kept")
        self.assertIn("mode 0644", quipud.log())
        self.assertIn("passwords:1: 'anna' has no", quipud.log())
        self.assertIn("CN = second", self.subject())
        status, body = self.curl("/healthz", "--user", "anna:renewed")
        self.assertEqual(status, 503)  # served, and not well
        self.assertRegex(body, r"failed certificate .*mode 0644.*; the old one is used\n")
        self.assertRegex(body, r"failed passwords .*; the old ones count\n")
        self.assertEqual(quipud.end(), 0)

    def test_sighup_without_files_to_read_changes_nothing(self):
        quipud = self.quipud()
        quipud.process.send_signal(signal.SIGHUP)
        quipud.wait_for_log(r"reloaded certificate=none passwords=none")
        self.assertEqual(quipud.get("/healthz")[0], 200)

    def test_guessing_is_answered_429(self):
        self.guarded_quipud()
        statuses = [self.curl("/healthz", "--user", f"anna:{i}")[0] for i in range(7)]
        self.assertEqual(statuses[:5], [401] * 5)
        self.assertIn(429, statuses[5:])

    def test_pages_that_are_switched_off(self):
        quipud = self.quipud("--disable=config,traces")
        for path in ("/debug/config", "/debug/traces", "/debug/traces/stream"):
            self.assertEqual(quipud.get(path)[0], 403)
        self.assertNotIn("/debug/config", quipud.get("/", headers={"Accept": "text/html"})[2])
        self.assertEqual(quipud.get("/debug/flags")[0], 200)

    def test_what_the_operator_lists_does_not_leave_the_mail_daemon(self):
        quipud = self.quipud()
        self.maild(quipud.ingest, "--mask=smarthost,users", "--smarthost=inside.example:2525", "--users=user,boss")
        pages = harness.wait_until(
            lambda: [quipud.get(path)[2] for path in ("/debug/flags", "/debug/config", "/debug/vars", "/debug/emitters")]
            if "maild" in quipud.get("/debug/emitters")[2]
            else None,
            "maild on /debug/emitters",
        )
        for page in pages:
            self.assertNotIn("inside.example", page)
            self.assertNotIn("boss", page)
        self.assertIn("smarthost", pages[0])
        self.assertIn("********", pages[0])


if __name__ == "__main__":
    unittest.main()

"""Wrong input gets one clear sentence on stderr and exit code 2 (usage) or 1 (cannot start)."""

import os
import socket
import subprocess
import unittest

import harness


class WrongInput(harness.Case):
    def refused(self, exit_code, program, *args, says=()):
        """Runs it; it must end by itself, with that code, nothing on stdout and one sentence that holds the words."""
        result = subprocess.run([program, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
        self.assertEqual(result.returncode, exit_code, result.stderr)
        self.assertEqual(result.stdout, "")
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), 1, result.stderr)
        for words in says:
            self.assertIn(words, lines[0])

    def quipud_refuses(self, exit_code, *args, says=(), ingest=None):
        self.refused(
            exit_code, harness.QUIPUD, f"--ingest_socket={ingest or self.path('ingest.sock')}", *args, says=says
        )

    def maild_refuses(self, exit_code, *args, says=()):
        defaults = {
            "smtp_address": "127.0.0.1:0",
            "maildir": self.path("mail"),
            "queue_dir": self.path("queue"),
            "ingest_socket": self.path("ingest.sock"),
        }
        given = {arg.partition("=")[0].lstrip("-") for arg in args}
        rest = [f"--{name}={value}" for name, value in defaults.items() if name not in given]
        self.refused(exit_code, harness.MAILD, *rest, *args, says=says)

    def file(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    # --- quipud ---

    def test_a_busy_http_port(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            address = f"127.0.0.1:{other.getsockname()[1]}"
            self.quipud_refuses(1, f"--monitoring_address={address}", says=[address])

    def test_a_socket_path_that_is_too_long(self):
        path = self.path("x" * 120)
        self.quipud_refuses(1, ingest=path, says=[path, "107"])

    def test_a_socket_path_in_a_folder_that_does_not_exist(self):
        path = self.path("nowhere/ingest.sock")
        self.quipud_refuses(1, ingest=path, says=[path])

    def test_a_regular_file_in_the_place_of_the_socket(self):
        path = self.file("file", "precious")
        self.quipud_refuses(1, ingest=path, says=[path, "not a socket"])
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), "precious")

    def test_a_socket_on_which_another_quipud_listens(self):
        quipud = self.quipud()
        self.quipud_refuses(1, ingest=quipud.ingest, says=[quipud.ingest])
        self.assertEqual(quipud.get("/healthz")[0], 200)

    def test_a_state_directory_that_cannot_be_written(self):
        # A file in its place: not even root can make a folder of it.
        path = self.file("state", "")
        self.quipud_refuses(1, f"--state_dir={path}", says=[path])
        self.quipud_refuses(1, f"--state_dir={path}/below", says=[f"{path}/below"])
        self.quipud_refuses(1, "--state_dir=/proc/quipu", says=["/proc/quipu"])

    def test_a_flag_that_does_not_exist(self):
        self.quipud_refuses(2, "--no_such_flag=1", says=["no_such_flag"])

    def test_a_flag_is_not_guessed_from_its_beginning(self):
        self.quipud_refuses(2, "--monitoring=127.0.0.1:0", says=["monitoring"])

    def test_a_word_that_is_no_flag(self):
        self.quipud_refuses(2, "start", says=["start"])

    def test_a_value_that_makes_no_sense(self):
        for flag, value in [
            ("log_level", "loud"),
            ("monitoring_address", "127.0.0.1"),
            ("monitoring_address", "127.0.0.1:99999"),
            ("monitoring_address", "127.0.0.1:http"),
            ("max_emitters", "0"),
            ("max_emitters", "-1"),
            ("max_emitters", "many"),
            ("max_emitters", ""),
            ("flush_interval_ms", "1e3"),
        ]:
            with self.subTest(flag=flag, value=value):
                self.quipud_refuses(2, f"--{flag}={value}", says=[flag])

    def test_an_address_that_others_can_reach(self):
        for address in ("0.0.0.0:0", "[::]:0"):
            with self.subTest(address=address):
                flags = ["monitoring_address", "tls_certificate", "tls_private_key", "password_file"]
                self.quipud_refuses(2, f"--monitoring_address={address}", says=flags)
                self.quipud_refuses(2, f"--monitoring_address={address}", "--password_file=x", says=flags)

    def test_a_certificate_without_its_key(self):
        self.quipud_refuses(2, "--tls_certificate=cert.pem", says=["tls_private_key"])
        self.quipud_refuses(2, "--tls_private_key=key.pem", says=["tls_certificate"])

    def test_tls_files_that_cannot_be_used(self):
        path = self.file("cert.pem", "not a certificate\n")
        tls = [f"--tls_certificate={path}", f"--tls_private_key={path}"]
        self.quipud_refuses(1, *tls, says=[path, "no certificate"])
        self.quipud_refuses(1, f"--tls_certificate={path}x", tls[1], says=[f"{path}x"])

    def test_a_password_file_that_cannot_be_used(self):
        path = self.file("passwords", "anna:geheim\n")
        os.chmod(path, 0o644)
        self.quipud_refuses(1, f"--password_file={path}", says=[path, "0644", "0640"])
        os.chmod(path, 0o640)
        self.quipud_refuses(1, f"--password_file={path}", says=[f"{path}:1", "anna", "mkpasswd"])
        self.quipud_refuses(1, f"--password_file={path}x", says=[f"{path}x"])

    def test_pages_to_switch_off_that_do_not_exist(self):
        self.quipud_refuses(2, "--disable=config,nothing", says=["disable", "'nothing'", "metrics, "])

    def test_host_names_that_are_none(self):
        self.quipud_refuses(2, "--allowed_hosts=mx.example:1099", says=["allowed_hosts", "mx.example:1099"])

    def test_an_unknown_key_in_the_file_is_named_with_its_line(self):
        path = self.file("quipud.conf", "# comment\nlog_level = info\n\nmonitoring_adress = 127.0.0.1:0\n")
        self.quipud_refuses(2, f"--config={path}", says=[f"{path}:4", "monitoring_adress"])

    def test_a_wrong_value_in_the_file_is_named_with_its_line(self):
        path = self.file("quipud.conf", "log_level = info\nmax_emitters = many\n")
        self.quipud_refuses(2, f"--config={path}", says=[f"{path}:2", "max_emitters", "many"])

    def test_a_configuration_file_that_does_not_exist(self):
        self.quipud_refuses(1, f"--config={self.path('none.conf')}", says=["none.conf"])

    # --- maild ---

    def test_a_busy_smtp_port(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            address = f"127.0.0.1:{other.getsockname()[1]}"
            self.maild_refuses(1, f"--smtp_address={address}", says=[address])

    def test_maild_folders_that_cannot_be_made(self):
        path = self.file("file", "")
        self.maild_refuses(1, f"--queue_dir={path}/queue", says=[path])
        self.maild_refuses(1, f"--maildir={path}/mail", says=[path])

    def test_maild_usage(self):
        for args in (
            ["--no_such_flag=1"],
            ["start"],
            ["--smtp_address=nowhere"],
            ["--alias=broken"],
            ["--hostname=not a host"],
            ["--tls_certificate=cert.pem"],
            ["--mask=no_such_flag"],
            [f"--ingest_socket={self.path('x' * 120)}"],
        ):
            with self.subTest(args=args):
                self.maild_refuses(2, *args)

    def test_a_certificate_that_is_none(self):
        path = self.file("cert.pem", "not a certificate\n")
        self.maild_refuses(1, f"--tls_certificate={path}", f"--tls_private_key={path}", says=[path])

    # --- quickstart, tests/run ---

    def test_scripts_refuse_arguments_that_they_do_not_know(self):
        for script in ("packaging/quickstart", "tests/run"):
            with self.subTest(script=script):
                path = os.path.join(harness.SOURCE, script)
                self.refused(2, path, "--no-such-argument", says=["--no-such-argument"])


if __name__ == "__main__":
    unittest.main()

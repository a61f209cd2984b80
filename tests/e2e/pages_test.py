"""The pages of the real programs, over real HTTP."""

import json
import os
import re
import unittest

import harness
import mails
import vocabulary
from smtp import Client, Truth

PAGES = ["/", "/debug/vars", "/metrics", "/debug/flags", "/debug/config", "/debug/queue", "/debug/traces",
         "/debug/emitters", "/healthz"]


class Pages(harness.Case):
    def pair(self, *options):
        quipud = self.quipud()
        maild = self.maild(quipud.ingest, *options)
        harness.wait_until(lambda: vocabulary.ALL <= set(quipud.vars()), "the vocabulary is declared")
        return quipud, maild

    def test_the_whole_vocabulary_is_there_at_zero_from_the_first_moment(self):
        quipud, _ = self.pair()
        shown = quipud.vars()
        self.assertEqual({name for name in shown if name.startswith("chasquid/")}, vocabulary.ALL)
        for name in vocabulary.COUNTERS:
            self.assertEqual(shown[name], 0, name)
        for name in vocabulary.MAPS:
            self.assertIsInstance(shown[name], dict, name)
            self.assertEqual(set(shown[name].values()) - {0}, set(), name)
        for name in vocabulary.GAUGES:
            self.assertIsInstance(shown[name], (int, float), name)
        for name in vocabulary.TEXTS:
            self.assertIsInstance(shown[name], str, name)
        self.assertTrue(shown["cmdline"][0].endswith("maild"), shown["cmdline"])
        for name in vocabulary.MEMSTATS:
            self.assertIn(name, shown["memstats"])

    def test_metrics_carry_kind_and_label_of_the_whole_vocabulary(self):
        quipud, maild = self.pair()
        truth = Truth()
        mails.good_local(maild.port, truth)
        harness.wait_until(lambda: quipud.vars()["chasquid/queue/putCount"] == 1, "the mail is counted")
        status, headers, text = quipud.get("/metrics")
        self.assertEqual(status, 200)
        self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
        for name in [*vocabulary.COUNTERS, *vocabulary.MAPS]:
            metric = name.replace("/", "_")
            self.assertTrue(
                any(kinds.get(m) == "counter" for m in (metric, metric + "_total")), f"{metric} is no counter"
            )
        for name in vocabulary.GAUGES:
            self.assertEqual(kinds.get(name.replace("/", "_")), "gauge")
        self.assertRegex(text, r'(?m)^chasquid_smtpIn_responseCodeCount(_total)?\{code="250"\} \d+')
        self.assertRegex(text, r'(?m)^chasquid_smtpIn_commandCount(_total)?\{command="EHLO"\} 1$')

    def test_openmetrics_is_given_to_who_asks_and_ends_in_eof(self):
        quipud, _ = self.pair()
        _, headers, text = quipud.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"})
        self.assertTrue(headers["Content-Type"].startswith("application/openmetrics-text"))
        self.assertTrue(text.endswith("\n# EOF\n"))
        self.assertNotIn("\n\n", text)

    def test_a_mail_is_a_trace_with_its_queue_item_linked(self):
        quipud, maild = self.pair()
        mails.good_local(maild.port, Truth())

        def families():
            text = quipud.get("/debug/traces")[2]
            return all(family in text for family in ("SMTP.Conn", "Queue.SendLoop"))

        harness.wait_until(families, "the families stand on /debug/traces", 5)
        text = harness.wait_until(
            lambda: next(
                (t for b in range(8) for t in [quipud.get(f"/debug/traces?fam=SMTP.Conn&b={b}&all=1")[2]] if "MAIL" in t),
                None,
            ),
            "the trace of the connection",
        )
        for event in ("-&gt; EHLO client.example", "&lt;- 250", "RCPT", "Queue.Put", "Queued from"):
            self.assertIn(event, text)

    def test_the_queue_page_shows_what_waits(self):
        quipud, maild = self.pair(
            f"--smarthost=127.0.0.1:{harness.free_port()}", "--alias=away=someone@elsewhere.example"
        )
        with Client(maild.port, Truth()) as client:
            client.hello()
            mails.send(client, {"away@localhost": ("forward", 1)})
            client.quit()
        text = harness.wait_until(
            lambda: (t := quipud.get("/debug/queue")[2]) and "someone@elsewhere.example" in t and t, "the item", 10
        )
        self.assertIn("a@localhost", text)
        self.assertNotIn("<script", text)

    def test_flags_and_configuration_are_those_of_maild_and_of_quipud(self):
        quipud, maild = self.pair("--max_recipients=7")
        flags = quipud.get("/debug/flags")[2]
        self.assertIn("max_recipients", flags)
        self.assertIn("monitoring_address", flags)
        self.assertIn("max_recipients = 7", quipud.get("/debug/config")[2])

    def test_emitters_tell_who_pushes_and_who_did(self):
        quipud, maild = self.pair()
        page = quipud.get("/debug/emitters")[2]
        self.assertIn("maild", page)
        self.assertIn(str(maild.pid), page)
        self.assertEqual(maild.end(), 0)
        harness.wait_until(lambda: "ended" in quipud.get("/debug/emitters")[2], "the end is shown")

    def test_every_page_answers_head_as_get_without_the_body(self):
        quipud, _ = self.pair()
        connection = quipud.connect()
        for page in PAGES:
            with self.subTest(page=page):
                connection.request("GET", page)
                get = connection.getresponse()
                body = get.read()
                self.assertEqual(get.status, 200)
                connection.request("HEAD", page)
                head = connection.getresponse()
                self.assertEqual(head.read(), b"")
                self.assertEqual(head.status, 200)
                self.assertEqual(head.headers["Content-Type"], get.headers["Content-Type"])
                self.assertGreater(int(head.headers["Content-Length"]), 0)
                self.assertEqual(int(get.headers["Content-Length"]), len(body))
        connection.close()

    def test_other_methods_are_refused_with_allow_and_change_nothing(self):
        quipud = self.quipud()
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"):
            for page in PAGES:
                with self.subTest(method=method, page=page):
                    status, headers, _ = quipud.get(page, method)
                    self.assertEqual(status, 405)
                    self.assertEqual(headers["Allow"], "GET, HEAD")

    def test_a_path_that_does_not_exist_is_404_and_its_text_is_inert(self):
        quipud = self.quipud()
        status, headers, body = quipud.get("/<script>alert(1)</script>")
        self.assertEqual(status, 404)
        self.assertTrue("<script>" not in body or headers["Content-Type"].startswith("text/plain"))
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")

    def test_a_foreign_host_is_refused(self):
        quipud = self.quipud()
        self.assertEqual(quipud.get("/", headers={"Host": "evil.example"})[0], 403)
        self.assertEqual(quipud.get("/", headers={"Host": "localhost"})[0], 200)

    def test_pipelined_requests_are_answered_in_order(self):
        quipud = self.quipud()
        connection = quipud.connect()
        connection.connect()
        request = "GET {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n"
        connection.sock.sendall(
            (request.format("/healthz", "") + request.format("/nothing", "")
             + request.format("/debug/vars", "Connection: close\r\n")).encode()
        )
        answer = b""
        while data := connection.sock.recv(65536):
            answer += data
        self.assertEqual(re.findall(rb"HTTP/1\.1 (\d+)", answer), [b"200", b"404", b"200"])
        connection.close()

    def test_without_monitoring_address_there_is_no_http(self):
        ingest = self.path("ingest.sock")
        quipud = self.watch(harness.Program(self.folder, "quipud", [harness.QUIPUD, f"--ingest_socket={ingest}"]))
        quipud.wait_for_log(r"serving http=-")
        self.assertEqual(listening_tcp_sockets(quipud.pid), [])
        maild = self.maild(ingest)
        mails.good_local(maild.port, Truth())
        self.assertEqual(maild.end(), 0)
        self.assertEqual(quipud.end(), 0)

    def test_no_mail_daemon_yet_is_told_with_what_to_check(self):
        quipud = self.quipud()
        self.assertIn(quipud.ingest, quipud.get("/debug/emitters")[2])
        self.assertEqual(quipud.get("/debug/queue")[0], 503)
        self.assertEqual(json.loads(quipud.get("/debug/vars")[2]).get("chasquid/queue/putCount"), None)

    def test_hostile_bytes_from_an_smtp_client_are_inert_everywhere(self):
        quipud, maild = self.pair()
        truth = Truth()
        with Client(maild.port, truth) as client:
            client.command("EHLO client.example", 250)
            client.command("<img/src=x>", 500)
            client.command('a"\\b', 500)
            client.command("\x01\x02", 500)
            client.command("MAIL FROM:<a@localhost>", 250)
            client.command("RCPT TO:<\"<script>alert(1)</script>\"@localhost>", 550)
            client.quit()
        harness.wait_until(
            lambda: quipud.vars()["chasquid/smtpIn/responseCodeCount"].get("550") == 1, "the client is counted"
        )
        self.assertIn('unknown<"<IMG/S">', quipud.vars()["chasquid/smtpIn/commandCount"])
        for page in [*PAGES, *[f"/debug/traces?fam=SMTP.Conn&b={b}&all=1" for b in range(8)]]:
            with self.subTest(page=page):
                status, headers, body = quipud.get(page)
                self.assertEqual(status, 200)
                if headers["Content-Type"].startswith("text/html"):
                    self.assertNotIn("<script>alert", body)
                    self.assertNotIn("<img", body.lower())
                    self.assertIn("Content-Security-Policy", headers)
                self.assertNotIn("\x01", body)


def listening_tcp_sockets(pid):
    inodes = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        match = re.match(r"socket:\[(\d+)\]", os.readlink(f"/proc/{pid}/fd/{name}"))
        if match:
            inodes.add(match.group(1))
    found = []
    for table in ("tcp", "tcp6"):
        with open(f"/proc/{pid}/net/{table}", encoding="ascii") as lines:
            found += [line for line in list(lines)[1:] if line.split()[3] == "0A" and line.split()[9] in inodes]
    return found


if __name__ == "__main__":
    unittest.main()

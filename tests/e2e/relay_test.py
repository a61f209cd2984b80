"""The relay's rules, against a chasquid that does what the test wants: what is taken over, what a restart is, what an
answer is, and what becomes of a chasquid that is absent, slow or wrong."""

import json
import os
import socket
import threading
import time

import chasquid
import fake_chasquid
import harness
from chasquid_test import kind


class Relayed(harness.Case):
    def setUp(self):
        super().setUp()
        self.quipud_ = self.quipud()
        self.fake = fake_chasquid.FakeChasquid()
        self.addCleanup(self.stop_fake)

    def stop_fake(self):
        if self.fake:
            self.fake.stop()
            self.fake = None

    def relay(self, *args, **options):
        return self.watch(chasquid.Relay(self.folder, self.fake.address, self.quipud_.ingest, *args, **options))

    def shown(self, name):
        return self.quipud_.vars().get(name)

    def wait_for(self, name, value):
        harness.wait_until(lambda: self.shown(name) == value, f"{name} is {value!r}, not {self.quipud_.vars().get(name)!r}")

    def chasquids(self):
        emitters = json.loads(self.quipud_.get("/debug/emitters?format=json")[2])["emitters"]
        return [emitter for emitter in emitters if emitter["program"] == "chasquid"]


class Variables(Relayed):
    def test_every_kind_of_variable_comes_out_as_it_went_in(self):
        self.relay()
        self.wait_for("chasquid/version", "1.99")
        harness.wait_until(lambda: "words" in self.quipud_.vars(), "all variables come")
        ours = chasquid.mail_variables(self.quipud_.vars())
        self.assertEqual(ours, self.fake.vars)
        self.assertEqual({n: kind(v) for n, v in ours.items()}, {n: kind(v) for n, v in self.fake.vars.items()})
        # What is new later is taken over, too; and what is no count may fall.
        self.fake.vars.update({"level": 2, "load": 0.0, "later": "now"})
        self.fake.vars["chasquid/newMap"]["c"] = 5
        self.fake.vars["memstats"]["Alloc"] = 1
        harness.wait_until(lambda: chasquid.mail_variables(self.quipud_.vars()) == self.fake.vars, "changes come")
        self.assertEqual(self.shown("relay/leftOutValues"), 0)

    def test_markup_and_invalid_utf8_stay_what_they_are(self):
        body = b'{"chasquid/smtpIn/commandCount": {"<b>\\xff\\v\\"": 1, "\xc3\x91": 2}, "cmdline": ["c"], "memstats": {}}'
        self.fake.pages["/debug/vars"] = body
        self.relay()
        commands = harness.wait_until(lambda: self.shown("chasquid/smtpIn/commandCount"), "commands come")
        self.assertEqual(commands, {"<b>\ufffd\v\"": 1, "\u00d1": 2})
        self.assertNotIn("<b>", self.quipud_.get("/debug/vars")[2])

    def test_a_chunked_page_without_a_front_page_will_do(self):
        self.fake.pages["/"] = lambda handler: handler.answer(b"no\n", 404)
        page = json.dumps(fake_chasquid.VARS).encode()
        pieces = lambda: (page[i : i + 100] for i in range(0, len(page), 100))  # noqa: E731
        self.fake.pages["/debug/vars"] = lambda handler: handler.chunked(pieces())
        self.relay()
        self.wait_for("chasquid/queue/putCount", 6)
        self.assertEqual(self.chasquids()[0]["life"], "connected")


class Restarts(Relayed):
    def put(self, n):
        self.fake.vars["chasquid/queue/putCount"] = n

    def test_another_start_is_another_run(self):
        relay = self.relay()
        self.wait_for("chasquid/queue/putCount", 6)
        # Gone for a moment, and back with more than before: only the time of its start tells.
        self.fake.stop()
        self.fake.started = "Thu, 2026-11-26 22:30:00 &#43;0000"
        self.put(7)
        self.fake.start()
        self.wait_for("chasquid/queue/putCount", 13)
        self.assertEqual(sorted(one["life"] for one in self.chasquids()), ["connected", "ended"])
        self.assertIn("chasquid was started anew", {one["how"].partition(": ")[2] for one in self.chasquids()})
        # The relay anew: still the same run.
        relay.kill()
        self.put(8)
        self.relay(name="second")
        self.wait_for("chasquid/queue/putCount", 14)

    def test_fallen_counts_are_another_run_even_if_all_else_is_alike(self):
        self.relay()
        self.wait_for("chasquid/queue/putCount", 6)
        self.put(2)
        self.wait_for("chasquid/queue/putCount", 8)
        self.put(3)
        self.wait_for("chasquid/queue/putCount", 9)
        self.wait_for("relay/runsSeen", 2)  # by the relay's own emitter, which pushes at its own moments

    def test_another_command_line_is_another_run(self):
        self.relay()
        self.wait_for("chasquid/queue/putCount", 6)
        self.fake.vars["cmdline"] = ["chasquid", "-v=4"]
        self.wait_for("chasquid/queue/putCount", 12)
        self.wait_for("cmdline", ["chasquid", "-v=4"])

    def test_a_broken_connection_is_no_restart(self):
        self.relay()
        self.wait_for("chasquid/queue/putCount", 6)
        for n in (7, 8):
            self.fake.stop()
            self.put(n)
            self.fake.start()
            self.wait_for("chasquid/queue/putCount", n)
        self.assertEqual(self.shown("relay/runsSeen"), 1)

    def test_a_front_page_that_fails_now_and_then_is_no_restart(self):
        relay = self.relay()
        self.wait_for("chasquid/queue/putCount", 6)
        for body, status, sentence in ((b"no", 500, "says 500 to /"), (b"no", 200, "does not tell any more when it was started")):
            self.fake.stop()
            self.fake.pages["/"] = lambda handler, body=body, status=status: handler.answer(body, status)
            self.fake.start()
            relay.wait_for_log(sentence)
        del self.fake.pages["/"]
        self.put(8)
        self.wait_for("chasquid/queue/putCount", 8)
        self.assertEqual(self.shown("relay/runsSeen"), 1)

    def test_two_relays_of_one_chasquid_count_nothing_twice(self):
        self.relay()
        self.wait_for("chasquid/queue/putCount", 6)
        self.relay(name="second")
        harness.wait_until(lambda: self.chasquids()[0]["connections"] > 2, "both speak for it, in turn")
        self.put(9)
        self.wait_for("chasquid/queue/putCount", 9)
        self.assertEqual(len(self.chasquids()), 1)


class BadHours(Relayed):
    def test_an_absent_chasquid_is_told_and_waited_for_without_haste(self):
        port = self.fake.port
        self.fake.stop()
        relay = self.relay()
        relay.wait_for_log(r"chasquid at http://127.0.0.1:\d+ does not answer: Connection refused; trying again")
        harness.wait_until(lambda: "Connection refused" in str(self.shown("relay/state")), "its state is shown")
        self.assertEqual(self.chasquids(), [])
        self.assertEqual(self.shown("cmdline"), [])
        self.assertRegex(self.quipud_.get("/debug/emitters")[2], "no mail daemon but what stands beside one")
        with open(f"/proc/{relay.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        self.assertLess(self.shown("relay/failedScrapes"), 10)
        self.assertLess(int(fields[11]) + int(fields[12]), 100)  # clock ticks: it does not spin
        self.fake.start()
        self.assertEqual(self.fake.port, port)
        self.wait_for("chasquid/queue/putCount", 6)
        self.wait_for("relay/state", f"reading http://{self.fake.address}")

    def test_wrong_pages_are_told_and_outlived(self):
        relay = self.relay()
        self.wait_for("chasquid/queue/putCount", 6)
        wrong = {
            b"<html>": "has a /debug/vars that is no page of variables in JSON",
            b"{" * 1000: "has a /debug/vars that is no page of variables in JSON",
            b"x" * (33 << 20): "sends more than is taken",
        }
        for body, sentence in wrong.items():
            self.fake.pages["/debug/vars"] = body
            relay.wait_for_log(sentence)
        self.fake.pages["/debug/vars"] = lambda handler: handler.answer(b"no", 500)
        relay.wait_for_log("says 500 to /debug/vars")
        self.fake.pages["/debug/vars"] = lambda handler: handler.wfile.write(b"nonsense\r\n\r\n")
        relay.wait_for_log("does not answer in HTTP")
        self.assertEqual(self.shown("chasquid/queue/putCount"), 6)
        del self.fake.pages["/debug/vars"]
        self.fake.vars["chasquid/queue/putCount"] = 7
        self.wait_for("chasquid/queue/putCount", 7)
        self.assertLess(len(relay.log().splitlines()), 40)

    def test_a_chasquid_that_says_nothing_is_given_up_after_a_while(self):
        silent = threading.Event()
        self.addCleanup(silent.set)
        self.fake.pages["/debug/vars"] = lambda handler: silent.wait(60)
        relay = self.relay()
        relay.wait_for_log("does not answer in time; trying again", 40)
        self.assertEqual(relay.end(), 0)

    def test_it_ends_at_once_whatever_it_waits_for(self):
        silent = threading.Event()
        self.addCleanup(silent.set)
        self.fake.pages["/debug/vars"] = lambda handler: silent.wait(60)
        relay = self.relay()
        harness.wait_until(lambda: self.fake.requests, "it asks")
        self.assertEqual(relay.end(seconds=5), 0)

    def test_a_unix_socket_will_do(self):
        path = self.path("monitoring.sock")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        self.addCleanup(listener.close)

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, socket.create_connection(("127.0.0.1", self.fake.port)) as there:
                    pipe = threading.Thread(target=copy, args=(there, connection), daemon=True)
                    pipe.start()
                    copy(connection, there)

        def copy(source, sink):
            try:
                while piece := source.recv(65536):
                    sink.sendall(piece)
            except OSError:
                pass

        threading.Thread(target=serve, daemon=True).start()
        self.watch(chasquid.Relay(self.folder, f"unix:{path}", self.quipud_.ingest))
        self.wait_for("chasquid/queue/putCount", 6)


class Questions(Relayed):
    def setUp(self):
        super().setUp()
        self.relay_ = self.relay()
        self.wait_for("chasquid/queue/putCount", 6)

    def get(self, path):
        return chasquid.get(self.quipud_.address, path, timeout=60)

    def asked(self, path):
        """The requests for that page, as they came."""
        return [asked for _, asked in self.fake.requests if asked.partition("?")[0] == path]

    def test_profiles_go_through_byte_by_byte_with_their_arguments(self):
        for name in ("goroutine", "heap", "allocs", "block", "mutex", "threadcreate", "trace"):
            body = os.urandom(3_000_000)
            path = f"/debug/pprof/{name}"
            self.fake.pages[path] = body
            self.assertEqual(self.get(path), (200, body), name)
            self.assertEqual(self.asked(path), [path])
        text = b"goroutine 1 [running]:\nmain.main()\n\t/main.go:1 +0x1\n"
        self.fake.pages["/debug/pprof/goroutine"] = text
        for level in ("1", "2"):
            self.assertEqual(self.get(f"/debug/pprof/goroutine?debug={level}"), (200, text))
            self.assertEqual(self.asked("/debug/pprof/goroutine")[-1], f"/debug/pprof/goroutine?debug={level}")
        self.assertIn(b"main.main", self.get("/debug/threads")[1])
        self.fake.pages["/debug/pprof/heap"] = b"heap profile: 1\n"
        self.get("/debug/pprof/heap?debug=1&gc=1")
        self.assertEqual(self.asked("/debug/pprof/heap")[-1], "/debug/pprof/heap?debug=1&gc=1")
        self.fake.pages["/debug/pprof/profile"] = b"profile"
        self.get("/debug/pprof/profile?seconds=3")
        self.assertEqual(self.asked("/debug/pprof/profile"), ["/debug/pprof/profile?seconds=3"])
        self.fake.pages["/debug/pprof/symbol"] = b"num_symbols: 1\n0x10 main.main\n"
        self.assertEqual(self.get("/debug/pprof/symbol?0x10+0x20"), (200, b"num_symbols: 1\n0x10 main.main\n"))
        self.assertEqual(self.asked("/debug/pprof/symbol"), ["/debug/pprof/symbol?0x10+0x20"])

    def test_what_chasquid_refuses_is_told_in_a_sentence(self):
        in_use = b"Could not enable CPU profiling: cpu profiling already in use\n"
        self.fake.pages["/debug/pprof/profile"] = lambda handler: handler.answer(in_use, 500)
        status, body = self.get("/debug/pprof/profile?seconds=1")
        self.assertEqual(status, 503)
        self.fake.pages["/debug/pprof/heap"] = lambda handler: handler.answer(b"what?\nno\n", 400)
        status, body = self.get("/debug/pprof/heap")
        self.assertEqual((status, body.count(b"\n")), (400, 1))
        self.assertIn(b"chasquid says 400: what?", body)
        status, body = self.get("/debug/pprof/mutex")
        self.assertEqual(status, 502)
        self.assertIn(b"chasquid says 404: 404 page not found", body)
        self.fake.pages["/debug/queue"] = b"<html>no queue"
        status, body = self.get("/debug/queue?format=json")
        self.assertIn(b"has no /debug/queue of a form that is known", body)
        self.fake.stop()
        status, body = self.get("/debug/pprof/heap")
        self.assertEqual(status, 502)
        self.assertRegex(body.decode(), r"chasquid at http://\S+ does not answer: Connection refused")
        self.fake.start()

    def test_where_the_asker_goes_the_request_ends(self):
        def endless():
            while True:
                yield b"x" * 1000
                time.sleep(0.02)

        self.fake.pages["/debug/pprof/trace"] = lambda handler: handler.chunked(endless())
        connection = self.quipud_.connect(timeout=60)
        connection.request("GET", "/debug/pprof/trace?seconds=60")
        harness.wait_until(lambda: self.asked("/debug/pprof/trace"), "chasquid is asked")
        connection.close()
        harness.wait_until(lambda: self.fake.closed == ["/debug/pprof/trace?seconds=60"], "the request ends")

    def test_an_answer_faster_than_quipud_takes_it_is_held_back_and_bounded(self):
        size = 60_000_000
        self.fake.pages["/debug/pprof/heap"] = lambda handler: handler.chunked(b"h" * 100_000 for _ in range(size // 100_000))
        status, body = self.get("/debug/pprof/heap")
        self.assertEqual((status, len(body)), (200, size))
        with open(f"/proc/{self.relay_.pid}/status", encoding="ascii") as text:
            peak = next(int(line.split()[1]) for line in text if line.startswith("VmHWM"))
        self.assertLess(peak, 60_000)  # KiB

    def test_the_queue_is_structured(self):
        items = [
            f"## Item id{i}\ncreated at: 2026-11-25 02:03:52.420798099 +0000 UTC m=+1.7\nfrom: <>\nto: [b@x c@x]\n"
            'PENDING b@x (EMAIL)\n  original address: b@x\n  last failure: "no \\"MX\\""\n\n'
            for i in range(5000)
        ]
        page = "# Queue status\n\ndate: 2026-11-25 02:04:10.9 +0000 UTC m=+20.2\nlength: 5000\n\n" + "".join(items)
        self.fake.pages["/debug/queue"] = page.encode()
        shown = json.loads(self.get("/debug/queue?format=json&per_page=10")[1])
        item = shown["items"][0]
        self.assertEqual(item["from"], "<>")
        self.assertEqual(item["to"], ["b@x", "c@x"])
        self.assertEqual(item["created"], "2026-11-25T02:03:52.420798099Z")
        self.assertEqual(item["recipients"][0]["last_failure"], 'no "MX"')
        text = self.get("/debug/queue")[1].decode()
        self.assertIn("length: 5000\n", text)
        self.assertIn(items[0].replace(" m=+1.7", ""), text)



class Journal(Relayed):
    def test_traces_are_rebuilt_from_the_journal(self):
        """journalctl's part is played by a script: what it is asked, and what it writes."""
        written = self.path("journal")
        script = self.path("journalctl")
        with open(script, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\necho "$@" > {written}.asked\necho "some are missing" >&2\nexec tail -n +1 -f {written}\n')
        os.chmod(script, 0o755)
        entries = [
            "2026-11-25 02:03:51.794140 . conn.go:178        SMTP.Conn 192.0.2.1:7: Connected, mode: SMTP",
            "_ conn.go:298        SMTP.Conn 192.0.2.1:7: error: RCPT failed: 550  no",
            ". conn.go:241        SMTP.Conn 192.0.2.1:7: -> QUIT ",
        ]
        stamp = str(int(time.time() * 1e6))
        with open(written, "w", encoding="utf-8") as file:
            for entry in entries:
                file.write(json.dumps({"MESSAGE": entry, "__REALTIME_TIMESTAMP": stamp}) + "\n")
            file.write(json.dumps({"MESSAGE": [255, 254], "__REALTIME_TIMESTAMP": stamp}) + "\n")
        environment = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"}
        relay = self.relay("--log=journal:chasquid.service", env=environment)

        def ended():
            shown = json.loads(self.quipud_.get("/debug/traces?fam=SMTP.Conn&b=-2&format=json")[2])["traces"]
            return [trace for trace in shown if not trace["is_open"]]

        trace = harness.wait_until(ended, "the trace is rebuilt")[0]
        self.assertEqual(trace["title"], "192.0.2.1:7")
        self.assertTrue(trace["is_inferred"] and trace["is_error"])
        with open(f"{written}.asked", encoding="utf-8") as asked:
            words = asked.read().split()
        self.assertEqual(words[:5], ["--follow", "--merge", "--since=now", "--output=json", "--unit=chasquid.service"])
        self.assertTrue(all(word.startswith("_MACHINE_ID=") for word in words[5:]), words)
        self.wait_for("relay/unknownLogLines", 1)
        self.assertIn("\nsome are missing\n", relay.log())
        self.assertEqual(relay.end(), 0)


if __name__ == "__main__":
    harness.unittest.main()

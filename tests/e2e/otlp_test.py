"""Ended traces reach an OpenTelemetry collector, which reads them with the official schema; and what becomes of them while
it is away, overloaded, or wrong. Prints what stood beside what."""

import datetime
import json
import os
import re
import shutil
import subprocess
import threading
import unittest

import harness
import mails
import wire
from smtp import Truth

RECEIVER = os.path.join(harness.HERE, "otlp_receiver.js")
KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}


class Receiver:
    """otlp_receiver.js, and what it got."""

    def __init__(self, port=0, certificate=None, key=None):
        tls = [certificate, key] if certificate else []
        self.process = subprocess.Popen(
            [shutil.which("node"), RECEIVER, str(port), *tls], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = json.loads(self.process.stdout.readline())["port"]
        self.url = f"{'https' if certificate else 'http'}://localhost:{self.port}"
        self.requests = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.requests.append(json.loads(line))

    def answer(self, *answers):
        """How the next requests are answered."""
        for answer in answers:
            print(json.dumps(answer), file=self.process.stdin)
        self.process.stdin.flush()

    def taken(self):
        """The requests that were answered with 200."""
        return [r for r in self.requests if r["answer"].get("status", 200) == 200 and not r["answer"].get("silent")]

    def spans(self):
        """[(resource's attributes, span)] of those."""
        return [
            (attributes(group["resource"]), span)
            for request in self.taken()
            for group in request["resourceSpans"]
            for scope in group["scopeSpans"]
            for span in scope["spans"]
        ]

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdin.close()
        self.process.stdout.close()


def attributes(of):
    return {a["key"]: next(iter(a["value"].values())) for a in of.get("attributes", [])}


def ns(text):
    """"2026-11-25T02:04:10.937945941Z" since 1970."""
    seconds = datetime.datetime.fromisoformat(text[:19] + "+00:00").timestamp()
    return int(seconds) * 10**9 + int(text[20:-1].ljust(9, "0") if text[19] == "." else 0)


class Otlp(harness.Case):
    def receiver(self, *args):
        receiver = Receiver(*args)
        self.addCleanup(receiver.kill)
        return receiver

    def start(self, endpoint, *args, batch_ms=100, **options):
        return self.quipud(f"--otlp_endpoint={endpoint}", f"--otlp_batch_ms={batch_ms}", *args, **options)

    def counts(self, quipud):
        shown = quipud.vars()
        counts = {name: shown[f"quipu/otlp/{name}"] for name in ("sent", "dropped", "failed", "retries")}
        return {**counts, "queue": sum(shown["quipu/otlp/queue"].values())}

    def end_traces(self, quipud, n, title="t", text=""):
        """n traces of a mail daemon of its own, whose ends quipud has taken."""
        before = quipud.vars()["quipu/traces/events"]
        events = []
        for number in range(1, n + 1):
            begin = f'trace: {number} kind: TRACE_BEGIN steady_ns: 1000 family: "raw" text: "{title}"'
            event = f'trace: {number} kind: TRACE_EVENT steady_ns: 2000 text: "{text}"'
            end = f"trace: {number} kind: TRACE_END steady_ns: 3000"
            events += [f"events {{ {e} }}" for e in (begin, event, end)]
        self.instances = getattr(self, "instances", 0) + 1
        client = wire.connect(quipud.ingest)
        self.addCleanup(client.close)
        client.sendall(wire.hello(f"{self.instances:08}instance"))
        for at in range(0, len(events), 300):
            client.sendall(wire.encode(f"trace_events {{ {' '.join(events[at:at + 300])} }}"))
        harness.wait_until(lambda: quipud.vars()["quipu/traces/events"] >= before + 3 * n, "all traces have ended", 30)

    def wait_for(self, quipud, **expected):
        def look():
            counts = self.counts(quipud)
            return all(counts[name] == value for name, value in expected.items()) and counts

        try:
            return harness.wait_until(look, f"{expected}", 30)
        except AssertionError:
            self.fail(f"expected {expected}, shown {self.counts(quipud)}\n{quipud.log()}")

    @staticmethod
    def ended_traces(quipud):
        """As the mail daemon counted them."""
        _, _, text = quipud.get("/metrics")
        return sum(int(n) for n in re.findall(r"^quipu_emitter_trace_seconds_count\{.*\} (\d+)$", text, re.MULTILINE))

    # --- What is sent

    def test_each_trace_is_a_span_by_the_official_schema(self):
        receiver = self.receiver()
        quipud = self.start(receiver.url, "--traces_per_bucket=1000")
        maild = self.maild(quipud.ingest, *mails.maild_options(self.folder, self.path("maild")))
        for kind in (mails.good_local, mails.several_recipients, mails.unknown_user, mails.failing_pipe, mails.over_tls):
            kind(maild.port, Truth())
        harness.wait_until(lambda: not maild.queued(), "the queue is empty")
        harness.wait_until(lambda: sum(s["name"] == "SMTP.Conn" for _, s in receiver.spans()) >= 5, "connections have come")
        self.assertEqual(maild.end(), 0)
        traces = self.ended_traces(quipud)
        harness.wait_until(lambda: len(receiver.spans()) == traces, f"all {traces} ended traces have come")
        self.wait_for(quipud, sent=traces, dropped=0, failed=0, queue=0)

        for request in receiver.requests:
            self.assertEqual((request["method"], request["target"]), ("POST", "/v1/traces"))
            self.assertEqual(request["headers"]["content-type"], "application/x-protobuf")
            self.assertEqual(request["bytes"], request["bytes_again"], "fields that the official schema does not have")
        by_id = {span["spanId"]: span for _, span in receiver.spans()}
        self.assertEqual(len(by_id), len(receiver.spans()))
        rows = []
        for resource, span in receiver.spans():
            self.assertEqual(resource["service.name"], "maild")
            self.assertEqual(int(resource["process.pid"]), maild.pid)
            rows.append(self.check_span(quipud, resource, span, by_id))
        self.assertTrue({"SMTP.Conn", "Queue.Put", "Queue.SendLoop", "Courier.Maildir", "Courier.Pipe"} <= {r[0] for r in rows})
        print("\nspans beside /debug/traces: family, kind, title, events, links, error, parent")
        for row in sorted(rows):
            print("   ", *row, sep="  ")

    def check_span(self, quipud, resource, span, by_id):
        """It says what the page of that trace says."""
        ref = resource["service.instance.id"][:16] + span["spanId"]
        status, _, body = quipud.get(f"/debug/traces?trace={ref}&format=json")
        self.assertEqual(status, 200, ref)
        page = json.loads(body)
        trace = page["trace"]
        own = [e for e in page["events"] if e["trace"] == ref]
        says = attributes(span)
        self.assertEqual(span["name"], trace["family"])
        self.assertEqual(says["quipu.title"], trace["title"])
        self.assertEqual(int(span["startTimeUnixNano"]), ns(trace["begin"]))
        self.assertEqual(int(span["endTimeUnixNano"]), ns(trace["end"]))
        texts = [(e["kind"] == "error", e["text"]) for e in own if e["kind"] in ("event", "error")]
        events = [(e["name"] == "exception", attributes(e)["exception.message" if e["name"] == "exception" else "message"])
                  for e in span.get("events", [])]
        self.assertEqual(events, texts)
        links = [(link["spanId"], attributes(link)["message"]) for link in span.get("links", [])]
        self.assertEqual(links, [(e["other"][16:], e["text"]) for e in own if e["kind"] == "link"])
        self.assertEqual(span.get("status", {}).get("code", 0) == 2, trace["is_error"] or bool(trace["orphaned"]))
        self.assertEqual("error.type" in says, trace["is_error"] or bool(trace["orphaned"]))
        self.assertEqual(span.get("parentSpanId", ""), trace["parent"][16:])
        if trace["parent"]:
            self.assertEqual(span["traceId"], by_id[span["parentSpanId"]]["traceId"])
        else:
            self.assertEqual(span["traceId"], ref)
        if trace["family"] == "SMTP.Conn":
            self.assertEqual(f'{says["network.peer.address"]}:{says["network.peer.port"]}', trace["title"])
        return (trace["family"], KINDS[span["kind"]], trace["title"], str(len(events)), str(len(links)),
                says.get("error.type", "-"), trace["parent"][16:] and by_id[span["parentSpanId"]]["name"] or "-")

    # --- What the collector answers

    def test_what_may_pass_is_repeated_and_what_will_not_is_dropped(self):
        receiver = self.receiver()
        quipud = self.start(receiver.url)
        receiver.answer({"status": 503}, {"status": 429, "headers": {"Retry-After": "1"}})
        self.end_traces(quipud, 10)
        self.wait_for(quipud, sent=10, retries=2, failed=0, dropped=0, queue=0)
        self.assertEqual(len({request["sha256"] for request in receiver.requests}), 1, "the same request, three times")
        self.assertEqual(len(receiver.spans()), 10)
        self.assertIn("HTTP status 503", quipud.log())
        self.assertIn("takes traces again", quipud.log())

        receiver.answer({"status": 400})
        self.end_traces(quipud, 7)
        self.wait_for(quipud, sent=10, retries=2, failed=7, dropped=0, queue=0)
        receiver.answer({"rejected": 2})
        self.end_traces(quipud, 5)
        self.wait_for(quipud, sent=13, retries=2, failed=9, dropped=0, queue=0)
        self.assertIn("as told", quipud.log())
        self.end_traces(quipud, 3)
        shown = self.wait_for(quipud, sent=16, retries=2, failed=9, dropped=0, queue=0)
        print(f"\nanswers 503, 429, 200; 400; 200 with 2 of 5 rejected; 200: {shown}")

    def test_a_collector_that_dies_hangs_and_comes_back_costs_no_trace_and_nobody_else_anything(self):
        receiver = self.receiver()
        quipud = self.start(receiver.url)
        self.end_traces(quipud, 5)
        self.wait_for(quipud, sent=5)
        receiver.kill()
        self.end_traces(quipud, 20)
        harness.wait_until(lambda: "traces were not taken" in quipud.log(), "quipud says so")
        self.wait_for(quipud, sent=5, failed=0, dropped=0, queue=20)
        self.assertEqual(quipud.get("/healthz")[0], 200)

        # One that takes a request and never answers.
        receiver = self.receiver(receiver.port)
        receiver.answer({"silent": True})
        harness.wait_until(lambda: receiver.requests, "it is asked again", 30)
        self.end_traces(quipud, 20)
        for page in ("/healthz", "/metrics", "/debug/traces"):
            self.assertEqual(quipud.get(page)[0], 200)
        receiver.kill()

        receiver = self.receiver(receiver.port)
        shown = self.wait_for(quipud, sent=45, failed=0, dropped=0, queue=0)
        self.assertEqual(len(receiver.spans()), 40)
        self.assertGreaterEqual(shown["retries"], 1)
        print(f"\na collector that died and came back: {shown}")

    def test_what_waits_is_bounded_and_drops_are_counted(self):
        nobody = harness.free_port()
        quipud = self.start(f"http://127.0.0.1:{nobody}", "--otlp_queue_bytes=1048576")
        ended = 3000
        self.end_traces(quipud, ended, text="x" * 1000)

        def all_are_counted():
            shown = self.counts(quipud)
            return shown["dropped"] + shown["queue"] == ended and shown

        shown = harness.wait_until(all_are_counted, "each waits or is counted as dropped")
        self.assertGreater(shown["dropped"], 0)
        self.assertGreater(shown["queue"], 0)
        self.assertEqual(shown["sent"] + shown["failed"], 0)
        print(f"\n{ended} traces of a kilobyte, room for a megabyte, nobody there: {shown}")

    # --- The edges

    def test_what_waits_at_the_end_is_sent(self):
        receiver = self.receiver()
        quipud = self.start(receiver.url, batch_ms=3600000)
        self.end_traces(quipud, 100)
        self.assertEqual(receiver.requests, [])
        self.assertEqual(quipud.end(), 0)
        harness.wait_until(lambda: len(receiver.spans()) == 100, "all have come")

        gone = self.start(f"http://127.0.0.1:{harness.free_port()}", batch_ms=3600000, name="gone")
        self.end_traces(gone, 100)
        self.assertEqual(gone.end(), 0)
        self.assertIn("traces are dropped at the end", gone.log())

    def test_https_needs_a_certificate_that_is_trusted_and_of_that_host(self):
        mails.maild_options(self.folder, self.path("x"))  # makes one for localhost
        certificate, key = self.path("cert.pem"), self.path("key.pem")
        receiver = self.receiver(0, certificate, key)
        trusting = {**os.environ, "SSL_CERT_FILE": certificate}
        quipud = self.start(receiver.url, name="trusting", env=trusting)
        self.end_traces(quipud, 10)
        self.wait_for(quipud, sent=10, retries=0)
        refusals = (
            ("strict", receiver.url, dict(os.environ), "certificate verify failed"),
            ("wrong host", receiver.url.replace("localhost", "127.0.0.1"), trusting, "certificate verify failed"),
            ("no TLS there", f"https://localhost:{self.receiver().port}", trusting, "no TLS with"),
        )
        for name, url, env, why in refusals:
            with self.subTest(name):
                other = self.start(url, name=name.replace(" ", "_"), env=env)
                self.end_traces(other, 10)
                other.wait_for_log(f"traces were not taken.*{why}")
                self.assertEqual(self.counts(other)["sent"], 0)

    def test_an_endpoint_that_cannot_be_used_is_refused_without_its_password(self):
        for url, why in (("collector:4318", "begins with neither"), ("http://anna:geheim@collector", "user or password")):
            done = subprocess.run([harness.QUIPUD, f"--otlp_endpoint={url}"], capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn(why, done.stderr)
            self.assertNotIn("geheim", done.stderr)


if __name__ == "__main__":
    unittest.main()

"""An unmodified chasquid under real mail, with the relay beside it: quipud shows what chasquid shows, key by key, and
answers what chasquid answers."""

import os
import re
import socket
import subprocess
import time

import chasquid
import harness

MONOTONE = ["TotalAlloc", "Mallocs", "Frees", "NumGC", "PauseTotalNs", "Sys"]


def kind(value):
    """As expvar has them."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, dict):
        return "map" if all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in value.values()) else "JSON"
    names = {type(None): "null", int: "int", float: "float", str: "string", list: "array"}
    return names[type(value)]


def short(value, width=44):
    text = str(value)
    return text if len(text) <= width else text[: width - 3] + "..."


class WithChasquid(harness.Case):
    def chasquid(self, **options):
        daemon = self.watch(chasquid.Chasquid(self.folder, **options))
        self.daemon = daemon
        return daemon

    def relay(self, quipud, daemon, *args, **options):
        return self.watch(chasquid.Relay(self.folder, daemon.monitoring, quipud.ingest, *args, **options))

    def next_hop(self, quipud_ingest):
        """A maild that takes remote mail; None: this machine's name leads elsewhere."""
        try:
            if not socket.gethostbyname(socket.gethostname()).startswith("127."):
                return None
        except OSError:
            return None
        return self.maild(quipud_ingest, "--users=someone", name="nexthop", hostname=socket.gethostname())

    def wait_until_at_rest(self, daemon):
        """Nothing changes any more but what the asking itself changes."""
        seen = []

        def is_same():
            seen.append({name: value for name, value in daemon.vars().items() if name != "memstats"})
            if len(seen) > 1 and seen[-1] == seen[-2]:
                return True
            time.sleep(0.5)  # between two looks: nothing is hoped for, it is looked at again
            return False

        harness.wait_until(is_same, "chasquid rests", 60)
        return seen[-1]

    def wait_until_same(self, quipud, expected, names=None):
        def difference():
            shown = quipud.vars()
            return [
                f"{name}: {shown.get(name, '(none)')!r}, not {value!r}"
                for name, value in expected.items()
                if shown.get(name, "(none)") != value
            ]

        try:
            harness.wait_until(lambda: not difference(), "quipud shows what chasquid shows", 20)
        except AssertionError:
            self.fail("quipud shows another value:\n" + "\n".join(difference()))


class Variables(WithChasquid):
    def print_table(self, theirs, ours):
        print(f"\n{'variable':36} {'kind':7} {'chasquid':46} quipu")
        for name in sorted(theirs):
            print(f"{name:36} {kind(theirs[name]):7} {short(theirs[name]):46} {short(ours[name])}")

    def check_memstats(self, quipud, daemon):
        """They change with every look: what only grows must lie between two of chasquid's own."""
        before = daemon.vars()["memstats"]
        ours = harness.wait_until(
            lambda: (m := quipud.vars()["memstats"])["TotalAlloc"] > before["TotalAlloc"] and m, "later memstats come"
        )
        after = daemon.vars()["memstats"]
        self.assertEqual(list(ours), list(after))
        for name, value in after.items():
            self.assertIs(type(ours[name]) is float or type(ours[name]), type(value) is float or type(value), name)
        for name in MONOTONE:
            self.assertLessEqual(before[name], ours[name], name)
            self.assertLessEqual(ours[name], after[name], name)
        self.assertEqual(len(ours["PauseNs"]), 256)
        self.assertEqual([size["Size"] for size in ours["BySize"]], [size["Size"] for size in after["BySize"]])

    def print_cost(self, daemon):
        looks = 300
        before = daemon.cpu_seconds()
        for _ in range(looks):
            daemon.get("/debug/vars")
        each = (daemon.cpu_seconds() - before) / looks
        print(f"cost to chasquid: {each * 1000:.2f} ms of CPU a look, {each * 100:.3f} % of a core at one a second")

    def test_every_variable_has_chasquids_name_kind_and_value(self):
        quipud = self.quipud()
        other = self.quipud(name="other")  # the next hop's, so that its counts stay apart
        hop = self.next_hop(other.ingest)
        daemon = self.chasquid(outgoing_port=hop.port if hop else 1)
        self.relay(quipud, daemon)
        chasquid.mixed_traffic(daemon, remote=bool(hop))
        theirs = self.wait_until_at_rest(daemon)
        self.assertGreater(theirs["chasquid/queue/deliverAttempts"]["pipe"], 1)
        self.assertGreater(theirs["chasquid/smtpIn/tlsCount"]["tls"], 2)
        self.assertIn('unknown<"\\x01\\x02">', theirs["chasquid/smtpIn/commandCount"])
        if hop:
            self.assertTrue(theirs["chasquid/smtpOut/tlsCount"], "mail went to the next hop")
        self.wait_until_same(quipud, theirs)
        ours = chasquid.mail_variables(quipud.vars())
        self.assertEqual(set(ours), {*theirs, "memstats"})
        self.assertEqual({n: kind(v) for n, v in theirs.items()}, {n: kind(ours[n]) for n in theirs})
        self.assertEqual(ours["cmdline"][0], "chasquid")
        self.check_memstats(quipud, daemon)
        self.print_table({**theirs, "memstats": daemon.vars()["memstats"]}, ours)
        self.print_cost(daemon)

    def test_counts_go_on_over_restarts_of_each(self):
        state = self.path("state")
        os.mkdir(state)
        quipud = self.quipud(f"--state_dir={state}")
        daemon = self.chasquid()
        relay = self.relay(quipud, daemon)
        mail = lambda: chasquid.by_smtplib(daemon.smtp, f"user@{chasquid.DOMAIN}")  # noqa: E731
        expected = {}

        def check():
            """quipud's totals are those of all runs together."""
            self.now = self.wait_until_at_rest(daemon)
            total = dict(expected)
            for key, n in chasquid.totals({k: v for k, v in self.now.items() if k in harness.vocabulary.ALL}).items():
                total[key] = total.get(key, 0) + n
            total.pop("chasquid/sourceDateTimestamp", None)
            harness.wait_until(lambda: quipud.vocabulary() == total, f"the totals are {total}", 30)
            return total

        mail()
        check()
        # The relay is killed, and chasquid goes on meanwhile.
        relay.kill()
        mail()
        relay = self.relay(quipud, daemon)
        check()
        # It ends in good order, and quipud with it.
        self.assertEqual(relay.end(), 0)
        quipud.kill()
        mail()
        quipud = self.quipud(f"--state_dir={state}")
        relay = self.relay(quipud, daemon)
        before = check()
        # quipud alone.
        quipud.kill()
        quipud = self.quipud(f"--state_dir={state}")
        self.assertEqual(check(), before)
        # chasquid: another run, which begins at nothing.
        expected = before
        daemon.end()
        daemon.start()
        mail()
        relay.wait_for_log("(?s)is told to quipud.*is told to quipud")
        after = check()
        self.assertGreater(after["chasquid/queue/putCount"], self.now["chasquid/queue/putCount"])
        # And the relay once more: still the second run of chasquid.
        relay.kill()
        relay = self.relay(quipud, daemon)
        self.assertEqual(check(), after)
        lives = [e["life"] for e in self.emitters(quipud) if e["program"] == "chasquid"]
        self.assertEqual(sorted(lives), ["connected", "ended"])
        self.assertEqual(relay.end(), 0)

    def emitters(self, quipud):
        return chasquid.json.loads(quipud.get("/debug/emitters?format=json")[2])["emitters"]

    def test_who_pushes_is_shown_as_chasquid(self):
        quipud = self.quipud()
        daemon = self.chasquid()
        relay = self.relay(quipud, daemon)
        shown = harness.wait_until(
            lambda: [e for e in self.emitters(quipud) if e["program"] == "chasquid"], "chasquid is shown"
        )[0]
        self.assertEqual(shown["version"], daemon.vars()["chasquid/version"])
        self.assertEqual(shown["pid"], daemon.pid)
        self.assertEqual(shown["hostname"], socket.gethostname())
        self.assertEqual(shown["cmdline"], daemon.vars()["cmdline"])
        self.assertFalse(shown["is_companion"])
        self.assertEqual([e["is_companion"] for e in self.emitters(quipud) if e["pid"] == relay.pid], [True])
        self.assertTrue(quipud.get("/debug/flags")[2].startswith(daemon.get("/debug/flags").decode()))
        self.assertTrue(quipud.get("/debug/config")[2].startswith(daemon.get("/debug/config").decode()))
        self.assertEqual(quipud.get("/debug/pprof/cmdline")[2].encode(), daemon.get("/debug/pprof/cmdline"))
        # Gone, and why.
        daemon.end()
        gone = harness.wait_until(
            lambda: [e for e in self.emitters(quipud) if e["program"] == "chasquid" and e["life"] == "ended"],
            "chasquid is gone",
        )[0]
        self.assertRegex(gone["how"], r"chasquid at http://\S+ does not answer: Connection refused")
        harness.wait_until(
            lambda: quipud.vars()["relay/state"].endswith("does not answer: Connection refused; trying again"),
            "the relay's state is shown",
        )
        relay.wait_for_log("does not answer: Connection refused; trying again")
        daemon.start()
        harness.wait_until(
            lambda: [e for e in self.emitters(quipud) if e["program"] == "chasquid" and e["life"] == "connected"],
            "the next run of chasquid is shown",
        )



class Questions(WithChasquid):
    def setUp(self):
        super().setUp()
        self.quipud_ = self.quipud()
        self.chasquid()
        self.relay(self.quipud_, self.daemon)
        # What it can be asked is told with the first push, after who it is.
        harness.wait_until(
            lambda: chasquid.get(self.quipud_.address, "/debug/queue")[0] == 200, "chasquid's queue can be asked for"
        )

    def get(self, path, timeout=60):
        """The body of a good answer, as bytes."""
        status, body = chasquid.get(self.quipud_.address, path, timeout)
        self.assertEqual(status, 200, f"{path}: {body[:300]!r}")
        return body

    def test_the_queue_is_shown_as_chasquid_shows_it(self):
        self.assertIn(b"length: 0\n", self.get("/debug/queue"))
        chasquid.by_smtplib(self.daemon.smtp, f"lost@{chasquid.DOMAIN}")
        failed = re.compile(rb'last failure: "[^"]')
        harness.wait_until(lambda: failed.search(self.daemon.get("/debug/queue")), "an attempt has failed")

        def comparable(text):
            lines = [line.partition(" m=+")[0] for line in text.decode().splitlines()]
            return [line for line in lines if not line.startswith("date: ")]

        self.assertEqual(comparable(self.get("/debug/queue")), comparable(self.daemon.get("/debug/queue")))
        item = chasquid.json.loads(self.get("/debug/queue?format=json"))["items"][0]
        self.assertEqual(item["from"], "a@example.com")
        self.assertEqual(item["recipients"][0]["address"], "someone@nowhere.invalid")
        self.assertEqual(item["recipients"][0]["status"], "PENDING")

    def test_questions_one_after_the_other_are_all_answered(self):
        for _ in range(40):
            self.assertIn(b"length: 0\n", self.get("/debug/queue"))

    def test_go_tool_pprof_reads_every_profile(self):
        for name in ("profile?seconds=1", "heap", "allocs", "goroutine", "block", "mutex", "threadcreate"):
            url = f"http://{self.quipud_.address}/debug/pprof/{name}"
            environment = {**os.environ, "PPROF_TMPDIR": self.path("pprof")}
            command = ["go", "tool", "pprof", "-symbolize=none", "-raw", url]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
            self.assertEqual(done.returncode, 0, f"{name}: {done.stderr}")
            if name in ("heap", "allocs", "goroutine"):
                self.assertIn("chasquid", done.stdout, name)

    def test_texts_and_traces_of_the_runtime_come_through(self):
        for name in ("heap", "allocs", "goroutine", "block", "mutex", "threadcreate"):
            text = self.get(f"/debug/pprof/{name}?debug=1").decode()
            self.assertEqual(text.split()[0], self.daemon.get(f"/debug/pprof/{name}?debug=1").decode().split()[0])
        dump = self.get("/debug/pprof/goroutine?debug=2").decode()
        self.assertIn("smtpsrv.(*Server).ListenAndServe", dump)
        self.assertTrue(self.get("/debug/pprof/trace?seconds=1").startswith(b"go 1."))
        self.assertTrue(self.get("/debug/pprof/symbol?0x1").startswith(b"num_symbols: 1\n"))
        threads = self.get("/debug/threads?format=text").decode()
        self.assertRegex(threads, r"goroutines: \d+\n")
        self.assertIn("smtpsrv.(*Server).ListenAndServe", threads)

    def test_a_profile_is_ended_where_its_asker_goes(self):
        connection = self.quipud_.connect(timeout=60)
        connection.request("GET", "/debug/pprof/profile?seconds=60")
        profiling = "runtime/pprof.StartCPUProfile|net/http/pprof.sleep"
        dump = lambda: self.daemon.get("/debug/pprof/goroutine?debug=2").decode()  # noqa: E731
        harness.wait_until(lambda: "net/http/pprof.sleep" in dump(), f"{profiling} runs")
        connection.close()
        harness.wait_until(lambda: "net/http/pprof.sleep" not in dump(), "chasquid profiles no more")
        self.get("/debug/pprof/profile?seconds=1")


class Traces(WithChasquid):
    def test_traces_are_rebuilt_from_the_log(self):
        quipud = self.quipud()
        daemon = self.chasquid()
        relay = self.relay(quipud, daemon, f"--log={daemon.logfile}")
        relay.wait_for_log("following the log")
        begun = os.path.getsize(daemon.logfile)
        self.assertTrue(chasquid.by_smtplib(daemon.smtp, f"user@{chasquid.DOMAIN}", is_tls=True))
        chasquid.by_smtplib(daemon.smtp, f"nobody@{chasquid.DOMAIN}")
        for family in ("SMTP.Conn", "Queue.SendLoop", "Courier.MDA"):
            harness.wait_until(lambda family=family: self.ended(quipud, family), f"{family} is rebuilt", 30)
        harness.wait_until(lambda: len(self.ended(quipud, "SMTP.Conn")) == 2, "both connections are rebuilt", 30)
        connections = self.ended(quipud, "SMTP.Conn")
        self.assertEqual(sorted(trace["is_error"] for trace in connections), [False, True])
        for trace in connections:
            self.assertTrue(trace["is_inferred"])
            self.assertEqual(trace["program"], "chasquid-relay")
            texts = [event["text"] for event in trace["events"] if event["kind"] == "event"]
            self.assertIn("Connected, mode: SMTP", texts)
            self.assertIn("-> EHLO client.example", texts)
            # Never longer than the mail took, whatever the waiting for its end.
            self.assertLess(trace["duration_ns"], 20e9)
        self.assertIn("inferred", quipud.get(f"/debug/traces?trace={connections[0]['id']}")[2])
        with open(daemon.logfile, encoding="utf-8") as log:
            log.seek(begun)
            logged = sum(" SMTP.Conn " in line for line in log)
        self.assertEqual(sum(len(trace["events"]) - self.beside(trace) for trace in connections), logged)
        self.assertEqual(quipud.vars()["relay/unknownLogLines"], 0)

    def beside(self, trace):
        """Lines that are not the log's: begin, end, links and children."""
        return sum(event["kind"] not in ("event", "error") for event in trace["events"])

    def ended(self, quipud, family):
        shown = quipud.get(f"/debug/traces?fam={family}&b=0&format=json")
        return [trace for trace in chasquid.json.loads(shown[2])["traces"] if not trace["is_open"]]


if __name__ == "__main__":
    harness.unittest.main()

"""HTTP under fire: clients that do everything wrong, one kind after the other, while another process asks /healthz all the
time and a mail daemon keeps pushing. Each kind checks what its clients are told; at the end the pushed count is exact, and
descriptors and memory are back where they were.

fire_test.py runs the short form; the command `fire --full` the long one, and prints figures."""

import http.client
import multiprocessing
import os
import re
import socket
import struct
import threading
import time

import harness
import wire
from harness import wait_until

SHORT = {"drips": 300, "drip_seconds": 1, "resets": 500, "readers": 6, "labels": 4000, "broken": 10, "rounds": 20}
FULL = {"drips": 500, "drip_seconds": 14, "resets": 5000, "readers": 20, "labels": 100000, "broken": 100, "rounds": 100}


def endpoints():
    """The paths of THE list of endpoints."""
    with open(os.path.join(harness.SOURCE, "daemon", "pages", "table.cpp"), encoding="utf-8") as table:
        return re.findall(r'Endpoint\{\s*"([^"]+)"', table.read())


def probe(address, stop, answers):
    """In a process of its own, so that the attackers' work is not measured: (when, seconds) of each /healthz."""
    host, port = address.rsplit(":", 1)
    while not stop.is_set():
        begin = time.monotonic()
        try:
            connection = http.client.HTTPConnection(host, int(port), timeout=30)
            connection.request("GET", "/healthz")
            status = str(connection.getresponse().status)
            connection.close()
        except (OSError, http.client.HTTPException) as error:
            status = repr(error)
        answers.put((begin, time.monotonic() - begin, status))
        stop.wait(0.005)
    answers.put(None)


class Emitter(threading.Thread):
    """A mail daemon that counts on, whatever happens to HTTP."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.sent = 0
        self.failure = None
        self.is_over = threading.Event()
        self.client = wire.connect(path)
        self.client.sendall(wire.hello())
        wire.read_frame(self.client)
        self.client.sendall(wire.encode(wire.DEFINE))

    def define_labels(self, count):
        """So many series with long labels: /debug/vars becomes about 200 bytes each."""
        family = "define { families { id: 2 name: 'raw/labels' label_name: 'label' } }"
        self.client.sendall(wire.encode(family))
        for first in range(0, count, 2000):
            payload = b""
            for i in range(first, min(first + 2000, count)):
                label = b"%0190d" % i
                series = b"\x08" + wire.varint(i + 2) + b"\x10\x02\x1a" + wire.varint(len(label)) + label
                payload += b"\x12" + wire.varint(len(series)) + series
            payload = b"\x12" + wire.varint(len(payload)) + payload
            self.client.sendall(struct.pack("<I", len(payload)) + payload)

    def run(self):
        try:
            while not self.is_over.is_set():
                self.client.sendall(wire.deltas(3))
                self.sent += 3
                self.is_over.wait(0.002)
        except OSError as error:
            self.failure = error


class Fire:
    def __init__(self, quipud, size, say=lambda line: None):
        self.quipud = quipud
        self.size = size
        self.say = say
        host, port = quipud.address.rsplit(":", 1)
        self.where = (host, int(port))
        self.wrong = []

    # --- clients ---

    def connect(self, timeout=60):
        return socket.create_connection(self.where, timeout=timeout)

    def ask(self, data):
        """Sends it all, if it is taken, and returns everything that comes back until the end of the connection."""
        with self.connect() as client:
            try:
                client.sendall(data)
            except OSError:
                pass  # refused before its end, as it should be
            return wire.read_all(client)

    def expect(self, is_right, what):
        if not is_right:
            self.wrong.append(what)

    def expect_status(self, answer, statuses, what):
        found = answer[9:12].decode(errors="replace") if answer.startswith(b"HTTP/1.") else repr(answer[:40])
        self.expect(found in statuses, f"{what}: {found}, not one of {statuses}")

    # --- the kinds ---

    def drips(self):
        """Headers that come byte by byte, more of them than quipud takes connections."""
        clients = [self.connect() for _ in range(self.size["drips"])]
        until = time.monotonic() + self.size["drip_seconds"]
        for client in clients:
            client.settimeout(0)
        for text in (b"GET / HTTP/1.1\r\n", b"X-Slow: "):
            self.feed(clients, text)
        while time.monotonic() < until:
            self.feed(clients, b"x")
            time.sleep(0.2)
        told = 0
        for client in clients:
            try:
                told += client.recv(4096).startswith(b"HTTP/1.1 408")
            except OSError:
                pass
            client.close()
        if self.size["drip_seconds"] > 12:
            self.expect(told > 0, "no drip was told 408")
        refused = self.quipud.vars()["quipu/http/refusedConnections"]
        self.expect(len(clients) < 260 or refused > 0, "connections without bound, or not counted")
        self.say(f"  {len(clients)} drips, {told} told 408, {refused} connections were too many")

    @staticmethod
    def feed(clients, data):
        for client in clients:
            try:
                client.send(data)
            except OSError:
                pass

    def slow_readers(self):
        """Readers of a large page who take a few bytes a second, and leave in the middle."""
        clients = []
        for _ in range(self.size["readers"]):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(60)
            client.connect(self.where)
            client.sendall(b"GET /debug/vars HTTP/1.1\r\nHost: localhost\r\n\r\n")
            clients.append(client)
        for _ in range(5):
            for client in clients:
                self.expect(client.recv(16) != b"", "a slow reader was cut off at once")
            time.sleep(0.1)
        for client in clients:
            client.close()
        status, _, body = self.quipud.get("/debug/vars")
        self.expect(status == 200 and len(body) > 190 * self.size["labels"], "a page that is too small")
        self.say(f"  {len(clients)} slow readers of {len(body) / 1e6:.1f} MB")

    def resets(self):
        """Connections that are opened and reset, half of them inside a request."""
        for i in range(self.size["resets"]):
            client = self.connect()
            if i % 2:
                client.sendall(b"GET /debug/vars HTTP/1.1\r\nHost: local")
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
        self.say(f"  {self.size['resets']} connections reset")

    def pipelined_and_split(self):
        count = self.size["rounds"]
        request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        last = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        answer = self.ask(request * count + last)
        self.expect(answer.count(b"HTTP/1.1 200 OK\r\n") == count + 1, "pipelined requests without an answer each")
        with self.connect() as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in last:
                client.sendall(bytes([byte]))
            self.expect_status(wire.read_all(client), ("200",), "a request in single bytes")

    def head_everywhere(self):
        """HEAD, then GET of another page, on one connection: a body after HEAD would stand in between."""
        paths = endpoints()
        self.expect(len(paths) > 8, "no endpoints")
        for path in paths:
            head = f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
            then = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            answer = self.ask(head + then)
            first, _, rest = answer.partition(b"\r\n\r\n")
            self.expect_status(first, ("200", "301", "400", "404", "501", "503"), f"HEAD {path}")
            self.expect(rest == b"" or rest.startswith(b"HTTP/1.1 200"), f"HEAD {path} has a body: {rest[:60]!r}")
            get = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
            with self.connect() as client:
                client.sendall(get)
                start = b""
                while b"\r\n\r\n" not in start:
                    start += client.recv(1)
            kind = re.search(rb"Content-Type: [^\r]*", start)
            self.expect(kind and kind.group() in first, f"HEAD {path} is of another type than GET")

    def odd_methods(self):
        for path in endpoints():
            for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "BREW", "get"):
                request = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                # The symbol handler takes its question as a POST too: it changes nothing.
                is_question = method == "POST" and path == "/debug/pprof/symbol"
                expected = ("200", "400") if is_question else ("405", "400")
                self.expect_status(self.ask(request.encode()), expected, f"{method} {path}")
        rest = b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n"
        self.expect_status(self.ask(b"CONNECT localhost:1" + rest + b"\r\n"), ("400", "405"), "CONNECT")
        evil = b"Origin: http://evil.example\r\n\r\n"
        self.expect_status(self.ask(b"POST /debug/vars" + rest + evil), ("403",), "a cross-site POST")

    def too_large(self):
        begin = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
        self.expect_status(self.ask(begin + b"X: " + b"x" * 1_000_000 + b"\r\n\r\n"), ("431",), "a header of 1 MB")
        many = b"".join(b"X-%d: 1\r\n" % i for i in range(20000))
        self.expect_status(self.ask(begin + many + b"\r\n"), ("431",), "20,000 headers")
        target = b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
        self.expect_status(self.ask(target), ("414",), "a target of 100 KB")
        post = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * 1_000_000
        self.expect_status(self.ask(post), ("413",), "a POST of 1 GB")
        self.chunked()

    def chunked(self):
        """1 GB in chunks, as far as it is taken: the end comes long before."""
        taken = 0
        with self.connect() as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
            try:
                while taken < 1_000_000_000:
                    client.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                    taken += 65536
            except OSError:
                pass
            answer = b""
            try:
                answer = client.recv(65536)
            except OSError:
                pass  # it was told, but had more to say than anybody listens to
        self.expect(taken < 64_000_000, f"{taken} bytes of a body were taken")
        self.expect(answer == b"" or answer.startswith(b"HTTP/1.1 413"), f"a chunked POST: {answer[:40]!r}")

    def hosts(self):
        def get(target, host):
            header = f"Host: {host}\r\n" if host is not None else ""
            return self.ask(f"GET {target} HTTP/1.1\r\n{header}Connection: close\r\n\r\n".encode())

        port = self.where[1]
        for host in ("evil.example", "evil.example:1099", "localhost.evil.example", "127.0.0.1.evil.example", "[::1", ""):
            self.expect_status(get("/debug/vars", host), ("403", "400"), f"Host: {host}")
        self.expect_status(get("/debug/vars", None), ("400",), "no Host")
        for host in ("localhost", "LOCALHOST.", f"127.0.0.1:{port}", f"[::1]:{port}"):
            self.expect_status(get("/healthz", host), ("200",), f"Host: {host}")
        self.expect_status(get("http://evil.example/healthz", "localhost"), ("403",), "an absolute form of another host")
        self.expect_status(get("http://localhost/healthz", "localhost"), ("200",), "an absolute form")
        twice = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"
        self.expect_status(self.ask(twice), ("400",), "two Hosts")

    def broken_off(self):
        """Clients that leave in the middle of a large answer and of a stream: SIGPIPE for who does not look."""
        for target in ("/debug/vars", "/debug/traces/stream"):
            for _ in range(self.size["broken"]):
                with self.connect() as client:
                    client.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                    client.recv(100)
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.expect(self.quipud.is_running(), "quipud has ended")

    KINDS = (
        drips, slow_readers, resets, pipelined_and_split, head_everywhere, odd_methods, too_large, hosts, broken_off,
    )

    # --- the whole ---

    def open_files(self):
        return len(os.listdir(f"/proc/{self.quipud.pid}/fd"))

    def resident_mb(self):
        with open(f"/proc/{self.quipud.pid}/status", encoding="utf-8") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) / 1024

    def run(self):
        """A dict of figures; what went wrong is in self.wrong."""
        emitter = Emitter(self.quipud.ingest)
        emitter.define_labels(self.size["labels"])
        series = self.size["labels"]
        wait_until(lambda: len(self.quipud.vars().get("raw/labels", {})) == series, "the labels", 60)
        files, resident = self.open_files(), self.resident_mb()
        stop, answers = multiprocessing.Event(), multiprocessing.Queue()
        prober = multiprocessing.Process(target=probe, args=(self.quipud.address, stop, answers), daemon=True)
        prober.start()
        emitter.start()
        phases = []
        for kind in self.KINDS:
            begin = time.monotonic()
            kind(self)
            phases.append((kind.__name__, begin, time.monotonic()))
        stop.set()
        seen = list(iter(answers.get, None))
        prober.join()
        emitter.is_over.set()
        emitter.join()
        self.expect(emitter.failure is None, f"the emitter was cut off: {emitter.failure}")
        self.expect(len(seen) > 0, "/healthz was not asked")
        for name, begin, end in phases:
            failed = [status for at, _, status in seen if begin <= at <= end and status != "200"]
            self.expect(not failed, f"{name}: {len(failed)} times /healthz without an answer: {failed[:3]}")
            took = [seconds for at, seconds, _ in seen if begin <= at <= end] or [0]
            self.say(f"{name}: {end - begin:.1f} s, {len(took)} times /healthz, slowest {max(took) * 1000:.1f} ms")
        wait_until(lambda: self.quipud.vars().get("raw/count") == emitter.sent, f"the count {emitter.sent}")
        emitter.client.close()
        wait_until(lambda: self.open_files() <= files, f"{files} descriptors again", 60)
        latency = sorted(seconds for _, seconds, _ in seen)
        return {
            "healthz": len(latency),
            "median_ms": latency[len(latency) // 2] * 1000,
            "p99_ms": latency[len(latency) * 99 // 100] * 1000,
            "max_ms": latency[-1] * 1000,
            "counted": emitter.sent,
            "files": (files, self.open_files()),
            "resident_mb": (resident, self.resident_mb()),
        }

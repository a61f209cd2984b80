"""What the relay meets in bad hours, in the place of chasquid: pages as the test wants them, and the requests that came."""

import http.server
import json
import socket
import socketserver
import threading
import time

FRONT = """<h1>chasquid @mail.example</h1>
chasquid {version}<br>
started {started}<br>
os hostname <i>fake</i><br>
"""
VARS = {
    "chasquid/queue/putCount": 6,
    "chasquid/smtpIn/commandCount": {"EHLO": 3, 'unknown<"\\x01">': 1, "": 2},
    "chasquid/smtpOut/tlsCount": {},
    "chasquid/version": "1.99",
    "chasquid/newCount": 4,
    "chasquid/newMap": {"a": 1, "b": 2},
    "load": 0.25,
    "level": 7,
    "shares": {"a": 0.5},
    "nested": {"a": {"b": [1, "<x>", None, True]}},
    "list": [1, 2.5],
    "yes": True,
    "nothing": None,
    "words": "a <b> \\x \u00f1",
    "cmdline": ["chasquid", "-v=3"],
    "memstats": {"Alloc": 18156856, "PauseNs": [185842, 0], "GCCPUFraction": 0.0024146455382960457, "EnableGC": True},
}


class FakeChasquid:
    def __init__(self, port=0):
        self.version = "1.99"
        self.started = "Thu, 2026-11-26 22:21:46 &#43;0000"
        self.vars = json.loads(json.dumps(VARS))
        self.pages = {}  # path to a function of the handler, or to bytes
        self.requests = []  # (time, path)
        self.connections = []
        self.closed = []  # paths whose client went away while a page was being sent
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                fake.requests.append((time.monotonic(), self.path))
                page = fake.pages.get(self.path, fake.pages.get(self.path.partition("?")[0]))
                if callable(page):
                    page(self)
                elif page is not None:
                    self.answer(page)
                elif self.path == "/":
                    self.answer(FRONT.format(version=fake.version, started=fake.started).encode())
                elif self.path == "/debug/vars":
                    self.answer(json.dumps(fake.vars).encode())
                else:
                    self.answer(b"404 page not found\n", 404)

            def answer(self, body, status=200):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def chunked(self, pieces):
                """Sends what comes; notes when nobody takes it any more."""
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                try:
                    for piece in pieces:
                        self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                        self.wfile.flush()
                    self.wfile.write(b"0\r\n\r\n")
                except OSError:
                    fake.closed.append(self.path)
                    self.close_connection = True

            def log_message(self, *_):
                pass

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

            def process_request(self, request, client_address):
                fake.connections.append(request)
                super().process_request(request, client_address)

            def handle_error(self, *_):
                pass

        self.handler = Handler
        self.server_class = Server
        self.port = port
        self.start()

    def start(self):
        self.server = self.server_class(("127.0.0.1", self.port), self.handler)
        self.port = self.server.server_address[1]
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        """As the end of a process: connections break, too."""
        self.server.shutdown()
        self.server.server_close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # its client was faster
        self.connections.clear()

"""An SMTP client that keeps its own books: every command it sent and every reply it got, classified as a mail daemon
must count them, without asking the mail daemon. And a sink that plays the next hop."""

import collections
import re
import socket
import socketserver
import ssl
import threading

KNOWN = {"EHLO", "HELO", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "VRFY", "HELP", "QUIT", "STARTTLS"}

ANY_CERTIFICATE = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # takes long to make
ANY_CERTIFICATE.check_hostname = False
ANY_CERTIFICATE.verify_mode = ssl.CERT_NONE


class Truth:
    """What must stand on /debug/vars in the end. Thread-safe by having one a client, added up at the end."""

    def __init__(self):
        self.counts = collections.Counter()

    def add(self, name, label=None, n=1):
        self.counts[(name, label) if label is not None else name] += n

    def command(self, verb):
        upper = verb.upper()
        quoted = upper[:6].replace("\\", "\\\\").replace('"', '\\"')  # as Go's %q does
        label = upper if upper in KNOWN else f'unknown<"{quoted}">'
        self.add("chasquid/smtpIn/commandCount", label)

    def reply(self, code):
        self.add("chasquid/smtpIn/responseCodeCount", str(code))


class Client:
    """One connection. Commands are lines without their end; each returns the reply's code."""

    def __init__(self, port, truth):
        self.truth = truth
        self.is_tls = False
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or a command waits for an ACK of 40 ms
        self.reader = self.socket.makefile("rb")
        self.expect(220, self.reply())

    def close(self):
        self.reader.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @staticmethod
    def expect(wanted, code):
        if code != wanted:
            raise AssertionError(f"expected {wanted}, got {code}")
        return code

    def reply(self):
        while True:
            line = self.reader.readline()
            match = re.match(rb"(\d{3})([ -])", line)
            if not match:
                raise AssertionError(f"not a reply: {line!r}")
            if match.group(2) == b" ":
                code = int(match.group(1))
                self.truth.reply(code)
                return code

    def send(self, line):
        self.socket.sendall(line.encode() + b"\r\n")

    def command(self, line, wanted):
        self.truth.command(line.partition(" ")[0])
        self.send(line)
        return self.expect(wanted, self.reply())

    def hello(self):
        self.command("EHLO client.example", 250)

    def start_tls(self):
        self.command("STARTTLS", 220)
        self.reader.close()
        self.socket = ANY_CERTIFICATE.wrap_socket(self.socket)
        self.reader = self.socket.makefile("rb")
        self.is_tls = True
        self.hello()

    def data(self, body, wanted):
        """body: bytes with CRLF line ends and without its last line, the dot."""
        self.command("DATA", 354)
        self.socket.sendall(body + b"\r\n.\r\n")
        self.expect(wanted, self.reply())
        if wanted == 250:
            self.truth.add("chasquid/queue/putCount")
            self.truth.add("chasquid/smtpIn/tlsCount", "tls" if self.is_tls else "plain")
            self.truth.add("chasquid/smtpIn/hookResults", "post-data:skip")

    def quit(self):
        self.command("QUIT", 221)


class Sink:
    """Takes every mail, as the next hop would, and counts connections and recipients."""

    def __init__(self):
        sink = self
        self.connections = 0
        self.recipients = 0
        self.lock = threading.Lock()

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                with sink.lock:
                    sink.connections += 1
                self.say("220 sink")
                for line in self.rfile:
                    verb = line.split(b" ")[0].strip().upper()
                    if verb == b"DATA":
                        self.say("354 go")
                        while self.rfile.readline() not in (b".\r\n", b""):
                            pass
                        self.say("250 taken")
                    elif verb == b"QUIT":
                        self.say("221 bye")
                        return
                    else:
                        if verb == b"RCPT":
                            with sink.lock:
                                sink.recipients += 1
                        self.say("250 fine")

            def say(self, text):
                self.wfile.write(text.encode() + b"\r\n")

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 128

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

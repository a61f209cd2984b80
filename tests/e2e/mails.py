"""Mails of mixed kinds: what a day brings a mail daemon, good and bad. Each function is one connection or mail; it
keeps the client's books (smtp.Truth), recipients' deliveries included."""

import os
import random
import subprocess
import threading

from smtp import Client, Truth

BODY = b"From: <a@localhost>\r\nSubject: test\r\n\r\nHello.\r\n..a dot\r\n"


def delivered(truth, kind, n=1):
    truth.add("chasquid/queue/deliverAttempts", kind, n)


def looked_up(truth, n=1):
    truth.add("chasquid/aliases/hookResults", "resolve:skip", n)


def send(client, recipients, body=BODY, sender="a@localhost"):
    """A mail that is taken. recipients: address to (kind of delivery, alias look-ups)."""
    client.command(f"MAIL FROM:<{sender}>", 250)
    for address, (kind, lookups) in recipients.items():
        client.command(f"RCPT TO:<{address}>", 250)
        delivered(client.truth, kind)
        looked_up(client.truth, lookups)
    client.data(body, 250)


def good_local(port, truth):
    with Client(port, truth) as client:
        client.hello()
        send(client, {"user@localhost": ("email:local", 1)})
        client.quit()


def good_by_helo(port, truth):
    with Client(port, truth) as client:
        client.command("HELO client.example", 250)
        send(client, {"user@localhost": ("email:local", 1)})
        client.quit()


def several_recipients(port, truth):
    with Client(port, truth) as client:
        client.hello()
        send(
            client,
            {"user@localhost": ("email:local", 1), "other@localhost": ("email:local", 1), "pipe@localhost": ("pipe", 1)},
        )
        client.quit()


def several_mails_in_one_connection(port, truth):
    with Client(port, truth) as client:
        client.hello()
        for _ in range(3):
            send(client, {"user@localhost": ("email:local", 1)})
        client.quit()


def pipe_alias(port, truth):
    with Client(port, truth) as client:
        client.hello()
        send(client, {"pipe@localhost": ("pipe", 1)})
        client.quit()


def failing_pipe(port, truth):
    """Fails for good: the sender, who is local, gets a DSN, which is put and delivered like any mail."""
    with Client(port, truth) as client:
        client.hello()
        send(client, {"broken@localhost": ("pipe", 1)}, sender="user@localhost")
        looked_up(truth)
        delivered(truth, "email:local")
        truth.add("chasquid/queue/dsnQueued")
        truth.add("chasquid/queue/putCount")
        client.quit()


def failing_pipe_of_nobody(port, truth):
    """The null sender gets no DSN."""
    with Client(port, truth) as client:
        client.hello()
        send(client, {"broken@localhost": ("pipe", 1)}, sender="")
        client.quit()


def over_tls(port, truth):
    with Client(port, truth) as client:
        client.hello()
        client.start_tls()
        send(client, {"user@localhost": ("email:local", 1)})
        client.quit()


def dropped_without_quit(port, truth):
    with Client(port, truth) as client:
        client.hello()
        send(client, {"user@localhost": ("email:local", 1)})


def unknown_user(port, truth):
    with Client(port, truth) as client:
        client.hello()
        client.command("MAIL FROM:<a@localhost>", 250)
        client.command("RCPT TO:<nobody@localhost>", 550)
        looked_up(truth)
        client.command("DATA", 503)
        client.quit()


def wrong_order(port, truth):
    with Client(port, truth) as client:
        client.command("MAIL FROM:<a@localhost>", 503)
        client.command("RCPT TO:<user@localhost>", 503)
        client.command("DATA", 503)
        client.hello()
        client.command("RCPT TO:<user@localhost>", 503)
        client.quit()


def unknown_verbs(port, truth):
    with Client(port, truth) as client:
        for verb in ("XYZZY", "ab", 'q"uote', "muchtoolongaverb", "EHLOX"):
            client.command(f"{verb} something", 500)
        client.quit()


def bad_addresses(port, truth):
    with Client(port, truth) as client:
        client.hello()
        client.command("MAIL FROM:a@localhost", 501)
        client.command("MAIL FROM:<a@@localhost>", 501)
        client.command(f"MAIL FROM:<{'x' * 65}@localhost>", 553)
        client.command("MAIL FROM:<a@localhost> BOGUS=1", 555)
        client.command("MAIL FROM:<a@localhost>", 250)
        client.command("RCPT TO:<>", 501)
        client.quit()


def too_big_announced(port, truth):
    with Client(port, truth) as client:
        client.hello()
        client.command("MAIL FROM:<a@localhost> SIZE=2000000", 552)
        client.quit()


def too_big_sent(port, truth):
    with Client(port, truth) as client:
        client.hello()
        client.command("MAIL FROM:<a@localhost>", 250)
        client.command("RCPT TO:<user@localhost>", 250)
        looked_up(truth)
        client.data(b"x" * 900 + b"\r\n" + (b"y" * 998 + b"\r\n") * 1100, 552)
        client.quit()


def bare_newline_in_data(port, truth):
    with Client(port, truth) as client:
        client.hello()
        client.command("MAIL FROM:<a@localhost>", 250)
        client.command("RCPT TO:<user@localhost>", 250)
        looked_up(truth)
        client.data(b"Subject: x\r\n\r\nbare\nnewline", 554)
        client.quit()


def in_a_circle(port, truth):
    with Client(port, truth) as client:
        client.hello()
        client.command("MAIL FROM:<a@localhost>", 250)
        client.command("RCPT TO:<user@localhost>", 250)
        looked_up(truth)
        client.data(b"Received: from a by b\r\n" * 60 + b"\r\nround and round", 554)
        truth.add("chasquid/smtpIn/loopsDetected")
        client.quit()


def reset_in_between(port, truth):
    with Client(port, truth) as client:
        client.hello()
        client.command("MAIL FROM:<a@localhost>", 250)
        client.command("RCPT TO:<user@localhost>", 250)
        looked_up(truth)
        client.command("RSET", 250)
        client.command("DATA", 503)
        send(client, {"user@localhost": ("email:local", 1)})
        client.quit()


def small_talk(port, truth):
    with Client(port, truth) as client:
        client.hello()
        client.command("NOOP", 250)
        client.command("VRFY user", 252)
        client.command("HELP", 214)
        client.command("noop lower case", 250)
        client.quit()


def a_web_browser(port, truth):
    with Client(port, truth) as client:
        client.send("GET / HTTP/1.1")
        truth.add("chasquid/smtpIn/wrongProtoCount", "GET")
        client.expect(502, client.reply())


def forwarded(port, truth):
    with Client(port, truth) as client:
        client.hello()
        send(client, {"away@localhost": ("forward", 1)})
        client.quit()
        truth.add("chasquid/smtpOut/tlsCount", "plain")


def to_the_smarthost(port, truth):
    with Client(port, truth) as client:
        client.hello()
        send(client, {"someone@elsewhere.example": ("email:remote", 0)})
        client.quit()
        truth.add("chasquid/smtpOut/tlsCount", "plain")


def relay_denied(port, truth):
    with Client(port, truth) as client:
        client.hello()
        client.command("MAIL FROM:<a@localhost>", 250)
        client.command("RCPT TO:<someone@elsewhere.example>", 550)
        client.quit()


EVERYWHERE = [
    good_local,
    good_by_helo,
    several_recipients,
    several_mails_in_one_connection,
    pipe_alias,
    failing_pipe,
    failing_pipe_of_nobody,
    over_tls,
    dropped_without_quit,
    unknown_user,
    wrong_order,
    unknown_verbs,
    bad_addresses,
    too_big_announced,
    too_big_sent,
    bare_newline_in_data,
    in_a_circle,
    reset_in_between,
    small_talk,
    a_web_browser,
]
WITH_SMARTHOST = [*EVERYWHERE, forwarded, to_the_smarthost]
WITHOUT_SMARTHOST = [*EVERYWHERE, relay_denied]


def maild_options(certificates, piped, smarthost=None):
    """What maild needs to take every kind. `certificates`: a folder for one, made where absent."""
    certificate, key = (os.path.join(certificates, name) for name in ("cert.pem", "key.pem"))
    if not os.path.exists(certificate):
        request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        subprocess.run([*request, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    options = [
        "--users=user,other,postmaster",
        f"--alias=pipe=|/bin/sh -c \"cat >> {piped}.piped\"",
        "--alias=broken=|/bin/false",
        "--max_data_size_mb=1",
        f"--tls_certificate={certificate}",
        f"--tls_private_key={key}",
    ]
    if smarthost:
        options += [f"--smarthost=127.0.0.1:{smarthost.port}", "--alias=away=someone@elsewhere.example"]
    return options


class Crowd:
    """Several clients at once, which share out a number of mails among them: every kind in turn, in an order that
    differs from client to client. start() and join(), so that a test can do harm in between."""

    def __init__(self, port, kinds, mails, clients=8, seed=1):
        self.truths = [Truth() for _ in range(clients)]
        self.errors = []
        self.sent = 0
        self.lock = threading.Lock()
        plan = [kinds[i % len(kinds)] for i in range(mails)]
        random.Random(seed).shuffle(plan)
        self.threads = [
            threading.Thread(target=self.run, args=(port, plan[i::clients], truth))
            for i, truth in enumerate(self.truths)
        ]

    def run(self, port, plan, truth):
        for kind in plan:
            try:
                kind(port, truth)
            except (AssertionError, OSError) as error:
                self.errors.append(f"{kind.__name__}: {error!r}")
                return
            with self.lock:
                self.sent += 1

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def join(self):
        for thread in self.threads:
            thread.join()
        if self.errors:
            raise AssertionError("\n".join(self.errors))
        return self.total()

    def total(self):
        counts = {}
        for truth in self.truths:
            for key, n in truth.counts.items():
                counts[key] = counts.get(key, 0) + n
        return counts

"""HTTP under fire, in its short form (the long one: tests/e2e/fire --full), and with too few descriptors."""

import os
import resource
import socket
import time
import unittest

import fire
import harness
import wire
from harness import wait_until

DESCRIPTORS = 64
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class UnderFire(harness.Case):
    def test_everybody_gets_what_is_his_and_nothing_stays_behind(self):
        attack = fire.Fire(self.quipud(), fire.SHORT)
        figures = attack.run()
        print(figures)
        self.assertEqual(attack.wrong, [])
        self.assertLess(figures["max_ms"], 20000)  # it is alive: the figure itself is the command's business
        before, after = figures["resident_mb"]
        self.assertLess(after, before + 64)
        self.assertEqual(attack.quipud.end(), 0)


class FewDescriptors(harness.Case):
    """As after `ulimit -n 64`."""

    def setUp(self):
        super().setUp()

        def limit():
            harness.restore_signals()
            resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))

        self.daemon = self.quipud(preexec_fn=limit)

    def connect(self):
        host, port = self.daemon.address.rsplit(":", 1)
        client = socket.create_connection((host, int(port)), timeout=20)
        self.addCleanup(client.close)
        return client

    def healthz(self, client):
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = b""
        while b"\r\n\r\n" not in answer:
            more = client.recv(4096)
            if not more:
                return False
            answer += more
        return answer.startswith(b"HTTP/1.1 200")

    def emitter(self, instance):
        client = wire.connect(self.daemon.ingest)
        self.addCleanup(client.close)
        client.sendall(wire.hello(instance))
        wire.read_frame(client)
        client.sendall(wire.encode(wire.DEFINE))
        return client

    def cpu_seconds(self):
        with open(f"/proc/{self.daemon.pid}/stat", encoding="utf-8") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS

    def test_those_who_are_there_are_served_nobody_spins_and_room_is_used_again(self):
        old = self.emitter("a" * 16)
        old.sendall(wire.deltas(1))
        served = self.connect()
        self.assertTrue(self.healthz(served))
        crowd = [self.connect() for _ in range(2 * DESCRIPTORS)]
        self.daemon.wait_for_log("cannot accept a connection")
        # Who was there before is served as before.
        self.assertTrue(self.healthz(served))
        old.sendall(wire.deltas(2))
        # Accepting is tried again now and then; a loop that spins would take all of this time.
        begin, cpu = time.monotonic(), self.cpu_seconds()
        while time.monotonic() < begin + 2:
            time.sleep(0.1)
            self.assertTrue(self.healthz(served))
        spent = (self.cpu_seconds() - cpu) / (time.monotonic() - begin)
        print(f"{spent * 100:.0f} % of a processor while out of descriptors")
        self.assertLess(spent, 0.5)
        # A mail daemon goes before readers who wait for nothing.
        young = self.emitter("b" * 16)
        young.sendall(wire.deltas(4))
        for client in crowd:
            client.close()
        wait_until(lambda: self.daemon.vars().get("raw/count") == 7, "the counts of both")
        self.assertTrue(self.healthz(self.connect()))
        self.assertEqual(self.daemon.end(), 0)


if __name__ == "__main__":
    unittest.main()

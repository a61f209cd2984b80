"""Every count on /debug/vars equals what the clients sent and heard, to the last one."""

import os
import signal
import unittest

import harness
import mails
from smtp import Sink

MAILS = 500


def without(counts, names):
    return {key: n for key, n in counts.items() if (key[0] if isinstance(key, tuple) else key) not in names}


def difference(expected, actual):
    lines = [
        f"    {key}: expected {expected.get(key, 0)}, shown {actual.get(key, 0)}"
        for key in sorted(set(expected) | set(actual), key=str)
        if expected.get(key, 0) != actual.get(key, 0)
    ]
    return "\n".join(lines)


def add(*all_counts):
    total = {}
    for counts in all_counts:
        for key, n in counts.items():
            total[key] = total.get(key, 0) + n
    return total


def of_the_build(quipud):
    shown = quipud.vars()
    return [shown[name] for name in ("chasquid/sourceDateTimestamp", "chasquid/sourceDateStr", "chasquid/version")]


class Counts(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.certificates = harness.make_folder(cls)

    def start_maild(self, ingest, name="maild", smarthost=None):
        options = mails.maild_options(self.certificates, self.path(name), smarthost)
        return self.maild(ingest, *options, name=name)

    def sink(self):
        sink = Sink()
        self.addCleanup(sink.close)
        return sink

    def wait_until_delivered(self, *mail_daemons):
        for maild in mail_daemons:
            harness.wait_until(lambda maild=maild: not maild.queued(), f"{maild.queue_dir} is empty", 60)

    def check_shown(self, quipud, expected, seconds=30):
        """Every count, and no other."""
        try:
            harness.wait_until(lambda: quipud.vocabulary() == expected, "all counts are shown", seconds)
        except AssertionError:
            self.fail("shown counts differ:\n" + difference(expected, quipud.vocabulary()))

    def check_books(self, clients, *mail_daemons):
        """The clients' books and what maild wrote down beside its counters agree; only maild knows how often it wrote
        a queue item (once a mail that is delivered at the first attempt)."""
        counted = add(*[maild.counted() for maild in mail_daemons])
        written = "chasquid/queue/itemsWritten"
        self.assertEqual("", difference(without(clients, {written}), without(counted, {written})))
        self.assertEqual(counted[written], clients["chasquid/queue/putCount"])
        return counted

    def test_counts_of_500_mixed_mails_are_exact(self):
        sink = self.sink()
        quipud = self.quipud()
        maild = self.start_maild(quipud.ingest, smarthost=sink)
        clients = mails.Crowd(maild.port, mails.WITH_SMARTHOST, MAILS).start().join()
        self.wait_until_delivered(maild)
        counted = self.check_books(clients, maild)
        self.check_shown(quipud, counted)
        attempts = "chasquid/queue/deliverAttempts"
        self.assertEqual(sink.recipients, clients[(attempts, "forward")] + clients[(attempts, "email:remote")])
        self.assertEqual(sink.connections, clients[("chasquid/smtpOut/tlsCount", "plain")])
        self.assertGreaterEqual(sum(n for key, n in clients.items() if key[0] == "chasquid/smtpIn/commandCount"), MAILS)

        self.assertEqual(maild.end(), 0)
        self.check_shown(quipud, counted)
        self.assertEqual(quipud.end(), 0)

    def test_counts_are_exact_after_quipud_was_killed_twice(self):
        sink = self.sink()
        state = f"--state_dir={self.path('state')}"
        os.mkdir(self.path("state"))
        quipud = self.quipud(state)
        maild = self.start_maild(quipud.ingest, smarthost=sink)
        crowd = mails.Crowd(maild.port, mails.WITH_SMARTHOST, MAILS).start()
        for share in (MAILS // 4, MAILS // 2):
            harness.wait_until(lambda share=share: crowd.sent >= share or crowd.errors, f"{share} mails are sent", 120)
            quipud.process.send_signal(signal.SIGKILL)
            quipud.process.wait()
            harness.wait_until(
                lambda share=share: crowd.sent >= share + MAILS // 10 or crowd.errors, "mails go on without quipud", 120
            )
            quipud = self.quipud(state)
        clients = crowd.join()
        self.wait_until_delivered(maild)
        counted = self.check_books(clients, maild)
        self.check_shown(quipud, counted)

        self.assertEqual(maild.end(), 0)
        self.check_shown(quipud, counted)
        self.assertEqual(quipud.end(), 0)
        self.check_shown(self.quipud(state), counted)

    def test_counts_of_two_mail_daemons_add_up(self):
        sink = self.sink()
        quipud = self.quipud()
        one = self.start_maild(quipud.ingest, "one", smarthost=sink)
        alone = harness.wait_until(lambda: of_the_build(quipud), "the first one's build is shown")
        two = self.start_maild(quipud.ingest, "two")
        crowd_of_one = mails.Crowd(one.port, mails.WITH_SMARTHOST, MAILS // 2, clients=4, seed=2).start()
        crowd_of_two = mails.Crowd(two.port, mails.WITHOUT_SMARTHOST, MAILS // 2, clients=4, seed=3).start()
        clients = add(crowd_of_one.join(), crowd_of_two.join())
        self.wait_until_delivered(one, two)
        counted = self.check_books(clients, one, two)
        self.check_shown(quipud, counted)
        self.assertEqual(of_the_build(quipud), alone)  # what says no amount is not added up

        # One goes, its counts stay; it comes back as another process, and goes on from there.
        self.assertEqual(one.end(), 0)
        self.check_shown(quipud, counted)
        one = self.start_maild(quipud.ingest, "one", smarthost=sink)
        more = mails.Crowd(one.port, mails.WITH_SMARTHOST, 40, clients=4, seed=4).start().join()
        self.wait_until_delivered(one)
        self.check_shown(quipud, self.check_books(add(clients, more), one, two))


if __name__ == "__main__":
    unittest.main()

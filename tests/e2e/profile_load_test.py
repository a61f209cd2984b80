"""maild works on while it is profiled: signals a thousand times a second cost no mail and no count (P09)."""

import unittest

import counts_test
import harness
import mails

MAILS = 200
STATUS_OK = 0


class ProfiledMaild(harness.Case):
    setUpClass = classmethod(counts_test.Counts.setUpClass.__func__)
    start_maild = counts_test.Counts.start_maild
    sink = counts_test.Counts.sink
    wait_until_delivered = counts_test.Counts.wait_until_delivered
    check_books = counts_test.Counts.check_books

    def test_mails_and_counts_are_exact_while_profiles_and_threads_are_taken(self):
        asker = self.watch(harness.AskEmitter(self.folder))
        sink = self.sink()
        maild = self.start_maild(asker.ingest, smarthost=sink)
        crowd = mails.Crowd(maild.port, mails.WITH_SMARTHOST, MAILS)
        asker.ask("profile", seconds=0.1)  # waits until maild is there
        self.assertEqual(asker.answer()[0], STATUS_OK)
        crowd.start()
        profiles = 0
        while any(thread.is_alive() for thread in crowd.threads) or maild.queued():
            asker.ask("profile", seconds=1, hz=1000)
            status, body = asker.answer()
            self.assertEqual(status, STATUS_OK, body)
            profiles += 1
            asker.ask("threads")
            status, body = asker.answer()
            self.assertEqual(status, STATUS_OK, body)
            self.assertIn(b"SMTP listener", body)
        clients = crowd.join()
        self.wait_until_delivered(maild)
        self.check_books(clients, maild)
        attempts = "chasquid/queue/deliverAttempts"
        self.assertEqual(sink.recipients, clients[(attempts, "forward")] + clients[(attempts, "email:remote")])
        self.assertGreater(profiles, 0)
        self.assertEqual(maild.end(), 0)


if __name__ == "__main__":
    unittest.main()

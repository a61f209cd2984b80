"""The short form of chaos: a dozen kills, and each shortage for a moment. `chaos --kills 200` is the long one."""

import random
import unittest

import books
import chaos
import harness
import shortages

KILLS = 12
SECONDS = 2


class Kills(harness.Case):
    def test_nothing_is_lost_or_counted_twice_whoever_is_killed(self):
        seed = random.SystemRandom().randrange(1_000_000)
        print(f"seed {seed}")
        test = chaos.Chaos(self.folder, seed)
        self.addCleanup(test.end_all)
        figures = test.run(KILLS)
        print(figures)
        self.assertEqual(test.wrong, [])
        self.assertEqual((figures["losses"], figures["double counts"]), (0, 0))
        self.assertGreater(test.reader.kept, 0)


class Shortages(harness.Case):
    def setUp(self):
        super().setUp()
        self.test = shortages.Shortages(self.folder, SECONDS)
        self.addCleanup(self.test.end_all)

    def check(self, part):
        print(part())
        self.assertEqual(self.test.wrong, [])

    def test_a_stopped_quipud_holds_nobody_up(self):
        self.check(self.test.stopped)

    def test_counts_wait_where_the_socket_is_missing(self):
        self.check(self.test.path_missing)

    def test_a_full_file_system_is_told_and_got_over(self):
        self.check(self.test.no_room)

    def test_few_descriptors_are_enough_for_who_is_there(self):
        self.check(self.test.few_descriptors)


class Books(unittest.TestCase):
    """The books find what is wrong: they are what all that stands on."""

    def test_a_loss_and_a_double_count_are_found(self):
        ledger = books.Books()
        ledger.least.update({"a": 5, "b": 2})
        ledger.most.update({"a": 6, "b": 2})
        self.assertEqual(ledger.lost({"a": 5, "b": 2}), {})
        self.assertEqual(ledger.lost({"a": 4}), {"a": 1, "b": 2})
        self.assertEqual(ledger.doubled({"a": 6, "b": 2}), {})
        self.assertEqual(ledger.doubled({"a": 7, "c": 1}), {"a": 1, "c": 1})

    def test_a_push_is_promised_once_a_page_was_asked_for_after_it(self):
        runs = books.Runs()
        runs.begin(10.0)
        runs.answered(runs.count, 12.0)
        runs.begin(20.0)
        self.assertTrue(runs.have_kept(11.0, 11.5))
        self.assertFalse(runs.have_kept(11.0, 12.5))  # not asked for since
        self.assertFalse(runs.have_kept(9.0, 9.5))  # nobody was there
        self.assertFalse(runs.have_kept(21.0, 21.5))
        runs.answered(runs.count, 22.0)
        self.assertTrue(runs.have_kept(21.0, 21.5))


if __name__ == "__main__":
    unittest.main()

"""prometheus-expvar-exporter, with the configuration that we ship, in front of quipud: every metric is there, under the
names that people's dashboards use, whatever SMTP clients sent."""

import json
import os
import re
import unittest

import exporter
import harness
import mails
import vocabulary
from chasquid import say

CONFIG = os.path.join(harness.SOURCE, "packaging", "prometheus", "expvar-exporter.toml")

# What people's configurations have called them all along.
LONG_KNOWN = """
    aliases_hook_results deliver_attempts dsn_queued items_written queue_puts smtpin_commands smtp_hook_results
    loops_detected smtp_response_codes in_sec_level_checks spf_results in_tls_usage out_sec_level_checks sts_modes
    sts_security out_tls_usage sts_cache_expired sts_cache_failed_fetch sts_cache_fetches sts_cache_hits sts_cache_invalid
    sts_cache_io_errors sts_cache_marshal_errors sts_cache_refresh_cycles sts_cache_refresh_errors sts_cache_refreshes
    sts_cache_unmarshal_errors
""".split()

HOSTILE = [
    b"\x01\x02\x03 hi",
    b"\x00nul",
    b'q"uo"te',
    b"back\\sl",
    b"\\x41\\x",
    b"\\\\\\\\",
    b"\xff\xfe\xfd",
    b"\xc3\x91ANDU",
    b"\xe2\x80\xa8sep",
    b"<IMG SRC>",
    b"{a=\"b\"}",
    b"\x7f\x1b[2J",
]


class Mapping(unittest.TestCase):
    def setUp(self):
        self.mapping = exporter.Exporter(CONFIG).targets["quipu"]["m"]

    def test_every_count_of_the_vocabulary_is_mapped_once_with_its_label(self):
        variables = [metric["expvar"] for metric in self.mapping.values()]
        self.assertEqual(sorted(variables), sorted([*vocabulary.COUNTERS, *vocabulary.MAPS]))
        labels = {metric["expvar"]: metric.get("label_name") for metric in self.mapping.values()}
        for name in vocabulary.COUNTERS:
            self.assertIsNone(labels[name], name)
        for name, label in vocabulary.MAPS.items():
            self.assertEqual(labels[name], label, name)

    def test_names_are_those_that_people_use(self):
        self.assertLessEqual(set(LONG_KNOWN), set(self.mapping))

    def test_it_fails_where_the_exporter_would(self):
        target = exporter.Exporter(CONFIG)
        for page in (
            b'{"chasquid/smtpIn/commandCount": {"unknown<\\"\\\\x01\\">": 1}}',
            '{"m\u00e9trica": 1}'.encode(),
            b'{"chasquid/smtpIn/commandCount": {"a": "b"}}',
            b'{"chasquid/smtpIn/commandCount": 1}',
            b'{"a/b": 1, "a_b": 1}',
            b'{"a": NaN}',
        ):
            with self.assertRaises((exporter.Panic, ValueError), msg=page):
                target.metrics("quipu", page)


class Scrape(harness.Case):
    def scrape(self, quipud):
        """The page, and what Prometheus would have of it."""
        page = quipud.get("/debug/vars")[2].encode()
        return json.loads(page), exporter.parse(exporter.Exporter(CONFIG).render("quipu", page))

    def test_every_metric_is_there_with_hostile_labels_present(self):
        quipud = self.quipud()
        maild = self.maild(quipud.ingest, "--users=user,other,postmaster", "--alias=pipe=|/bin/cat", "--alias=broken=|/bin/false")
        truth = mails.Truth()
        for kind in (mails.good_local, mails.unknown_user, mails.in_a_circle, mails.failing_pipe, mails.a_web_browser):
            kind(maild.port, truth)
        for command in HOSTILE:
            say(maild.port, b"EHLO x", command, b"QUIT")
        harness.wait_until(lambda: not maild.queued(), "the queue is empty")
        expected = maild.counted()
        harness.wait_until(lambda: quipud.vocabulary() == maild.counted(), "all counts are shown")
        shown, samples = self.scrape(quipud)
        self.assertEqual(quipud.vocabulary(), expected)
        unknown = [label for label in shown["chasquid/smtpIn/commandCount"] if label.startswith("unknown<")]
        self.assertGreaterEqual(len(unknown), 8, unknown)
        self.assertTrue(any("\\x01" in label for label in unknown), unknown)
        rows = []
        for name, metric in exporter.Exporter(CONFIG).targets["quipu"]["m"].items():
            value = shown[metric["expvar"]]
            label = metric.get("label_name")
            wanted = {(name, label, key): n for key, n in value.items()} if label else {(name, None, None): value}
            self.assertEqual({key: n for key, n in samples.items() if key[0] == name}, wanted, name)
            rows.append((name, metric["expvar"], label or "", len(wanted), sum(wanted.values())))
        print(f"\n{'metric':28} {'variable':40} {'label':15} {'samples':>7} {'sum':>7}")
        for name, variable, label, count, total in sorted(rows):
            print(f"{name:28} {variable:40} {label:15} {count:7} {total:7.0f}")

    def test_helps_are_those_of_our_own_metrics(self):
        quipud = self.quipud()
        self.maild(quipud.ingest)
        harness.wait_until(lambda: "chasquid/version" in quipud.vars(), "maild pushes")
        helps = dict(re.findall(r"(?m)^# HELP (\S+) (.*)$", quipud.get("/metrics")[2]))
        for name, metric in exporter.Exporter(CONFIG).targets["quipu"]["m"].items():
            ours = metric["expvar"].replace("/", "_")
            theirs = [text for known, text in helps.items() if known in (ours, ours + "_total")]
            self.assertEqual(theirs, [metric["help"]], name)


if __name__ == "__main__":
    unittest.main()

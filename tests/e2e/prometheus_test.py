"""The real Prometheus reads the real quipud: names, types, values, restarts, rules, and the Grafana board. Prints what
stood beside what."""

import gzip
import http.client
import json
import math
import os
import re
import unittest

import harness
import mail_server
import prometheus
import vocabulary

BOARD = os.path.join(prometheus.PACKAGING, "grafana", "quipu.json")
RULE_TESTS = os.path.join(harness.SOURCE, "tests", "prometheus", "rules_test.yml")
OPENMETRICS = "application/openmetrics-text;version=1.0.0"

# promtool's own taste in names; those that chasquid prints on its /metrics are not for us to change.
FORCED_LINTS = {
    'counter metrics should have "_total" suffix',
    "metric names should be written in 'snake_case' not 'camelCase'",
}


def metric(name):
    return re.sub("[^a-zA-Z0-9]", "_", name)


def is_any_number(value):
    return not math.isnan(value)


def table(title, head, rows):
    """Printed, so that a run shows what it compared."""
    rows = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    print(f"\n{title}")
    for row in rows:
        print("   ", "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


class PrometheusReads(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = mail_server.MailServer(cls)
        trickle = mail_server.Trickle(cls.server.maild.port)
        harness.wait_until(lambda: len(trickle.sent) >= 25 or trickle.error, "mails of every kind are sent", 60)
        trickle.end()

    def query(self, expression):
        return self.server.prometheus.query(expression)

    # --- Names, types, values

    def test_every_documented_variable_can_be_asked_for_with_its_type_help_and_value(self):
        shown = self.server.rest()
        metadata = self.server.prometheus.ask("metadata")
        _, _, text = self.server.quipud.get("/metrics")
        helps = dict(re.findall(r"^# HELP (\S+) (.*)$", text, re.MULTILINE))
        rows = []
        kinds = {**dict.fromkeys([*vocabulary.COUNTERS, *vocabulary.MAPS], "counter"),
                 **dict.fromkeys(vocabulary.GAUGES, "gauge"), **dict.fromkeys(vocabulary.TEXTS, "info")}
        self.assertEqual(set(kinds), vocabulary.ALL)
        for name, kind in sorted(kinds.items()):
            with self.subTest(name):
                chasquids = metric(name) + ("_info" if kind == "info" else "")
                series = self.query(f'{chasquids}{{job="quipu"}}')
                bare = self.query(f'{chasquids}{"_total" if kind == "counter" else ""}{{job="bare"}}')
                self.assertEqual(self.values(series, name), self.expected(shown[name]))
                self.assertEqual(self.values(bare, name), self.expected(shown[name]))
                (entry,) = metadata[metric(name)]
                self.assertEqual(entry["type"], kind)
                self.assertEqual(entry["help"], helps[chasquids])
                self.assertTrue(entry["help"])
                rows.append([chasquids, entry["type"], len(series), f"{sum(v for _, v in series):g}", self.total(shown[name])])
        table("Prometheus beside /debug/vars", ["metric", "type", "series", "sum", "/debug/vars"], rows)

    @staticmethod
    def values(series, name):
        """By label; of a text: what it says."""
        label = vocabulary.MAPS.get(name)
        if name in vocabulary.TEXTS:
            (labels, value), = series
            return {next(v for k, v in labels.items() if k in ("version", "source_date_str")): value}
        return {labels[label] if label else "": value for labels, value in series}

    @staticmethod
    def expected(shown):
        return {shown: 1} if isinstance(shown, str) else shown if isinstance(shown, dict) else {"": shown}

    @staticmethod
    def total(shown):
        return shown if isinstance(shown, str) else f"{sum(shown.values() if isinstance(shown, dict) else [shown]):g}"

    def test_promtool_finds_nothing_but_the_names_that_chasquid_chose(self):
        _, _, text = self.server.quipud.get("/metrics")
        _, said = prometheus.promtool("check", "metrics", text=text)
        forced, others = [], []
        names = {metric(name) for name in vocabulary.ALL} | {metric(name) + "_info" for name in vocabulary.TEXTS}
        for line in said.splitlines():
            name, _, lint = line.partition(" ")
            (forced if name in names and lint in FORCED_LINTS else others).append(line)
        print(f"\npromtool check metrics: {len(others)} complaints, and {len(forced)} on names that chasquid chose:")
        for lint in sorted(FORCED_LINTS):
            print(f"    {sum(line.endswith(lint) for line in forced):3} {lint}")
        self.assertEqual(others, [])

    def test_both_formats_are_given_as_asked_for_plain_and_gzipped(self):
        families = {}
        for accept in ("", "text/plain;version=0.0.4", OPENMETRICS):
            for encoding in ("identity", "gzip"):
                with self.subTest(accept=accept, encoding=encoding):
                    connection = http.client.HTTPConnection(self.server.address, timeout=20)
                    self.addCleanup(connection.close)
                    connection.request("GET", "/metrics", headers={"Accept": accept, "Accept-Encoding": encoding})
                    answer = connection.getresponse()
                    body = answer.read()
                    is_openmetrics = accept == OPENMETRICS
                    content = "application/openmetrics-text; version=1.0.0" if is_openmetrics else "text/plain; version=0.0.4"
                    self.assertEqual(answer.headers["Content-Type"], f"{content}; charset=utf-8")
                    self.assertEqual(answer.headers.get("Content-Encoding", "identity"), encoding)
                    text = (gzip.decompress(body) if encoding == "gzip" else body).decode()
                    self.assertEqual(text.endswith("# EOF\n"), is_openmetrics)
                    named = re.findall(r"^# TYPE (\S+) \S+$", text, re.MULTILINE)
                    families.setdefault(is_openmetrics, named)
                    self.assertEqual(named, families[is_openmetrics])
        self.assertEqual(len(families[True]), len(families[False]))

    # --- Restarts

    def test_a_restart_of_either_daemon_is_neither_spike_nor_dip(self):
        server = self.server
        commands = "chasquid/smtpIn/commandCount"
        before = sum(server.rest()[commands].values())
        trickle = mail_server.Trickle(server.maild.port)
        sent = trickle.sent
        marks = [("undisturbed", server.wait_for_scrapes(1), server.wait_for_scrapes(2))]
        for what, end in (("quipud stopped and started", harness.Quipud.end), ("quipud killed and started", harness.Quipud.kill)):
            server.restart_quipud(end)
            marks.append((what, marks[-1][2], server.wait_for_scrapes(2)))
        trickle.end()
        commands_so_far = trickle.commands()
        server.restart_maild()
        trickle = mail_server.Trickle(server.maild.port)
        marks.append(("maild stopped and started", marks[-1][2], server.wait_for_scrapes(2)))
        trickle.end()
        server.rest()
        sent = sent + [(t, commands_so_far + n) for t, n in trickle.sent]
        total = commands_so_far + trickle.commands()
        for job in ("quipu", "bare"):
            self.check_commands(job, before, sent, total, marks)
            self.check_every_counter(job)

    def check_commands(self, job, before, sent, total, marks):
        """Each sample lies between the one before it and what the client had sent by the next one."""
        name = metric("chasquid/smtpIn/commandCount") + ("_total" if job == "bare" else "")
        sums = {}
        for _, samples in self.query(f'{name}{{job="{job}"}}[5m]'):
            for time, value in samples:
                sums[time] = sums.get(time, 0) + value
        times = [time for time in sorted(sums) if time >= marks[0][1]]
        good = {t for _, samples in self.query(f'up{{job="{job}"}}[5m]') for t, value in samples if value == 1}
        self.assertEqual(set(times), {t for t in good if t >= marks[0][1]}, "each scrape has them")
        for time, after in zip(times, times[1:]):
            self.assertLessEqual(sums[time], sums[after])
            by_then = next((n for t, n in sent if t >= after), total)
            self.assertLessEqual(sums[time] - before, by_then)
        self.assertEqual(sums[times[-1]] - before, total)

        rows = []
        for what, begin, end in marks:
            within = [t for t in times if begin - 1 <= t <= end]
            by_then = [max((n for t, n in sent if t <= time), default=0) for time in (within[0], within[-1])]
            seconds = within[-1] - within[0]
            asked = self.server.prometheus.query(f'sum(rate({name}{{job="{job}"}}[{math.ceil(end - begin)}s]))', time=end)
            steps = [f"{sums[b] - sums[a]:g}" for a, b in zip(within, within[1:])]
            rows.append([what, f"{(by_then[1] - by_then[0]) / seconds:.0f}", f"{asked[0][1]:.0f}", " ".join(steps)])
        table(f"SMTP commands a second, job {job}", ["", "sent", "rate()", "from scrape to scrape"], rows)

    def check_every_counter(self, job):
        """None was ever reset: Prometheus takes each step back for a restart from 0, and so for a spike."""
        counters = [*vocabulary.COUNTERS, *vocabulary.MAPS]
        suffix = "_total" if job == "bare" else ""
        resets = {name: self.query(f'resets({metric(name)}{suffix}{{job="{job}"}}[5m])') for name in counters}
        self.assertEqual([name for name, series in resets.items() if not series], [])
        self.assertEqual({name: s for name, series in resets.items() if (s := [one for one in series if one[1]])}, {})

    # --- Rules

    def test_each_rule_has_a_test_and_the_tests_pass(self):
        code, said = prometheus.promtool("check", "rules", prometheus.RULES)
        self.assertEqual(code, 0, said)
        code, said = prometheus.promtool("test", "rules", RULE_TESTS)
        self.assertEqual(code, 0, said)
        with open(RULE_TESTS, encoding="utf-8") as file:
            tests = file.read()
        # Whoever evaluates them in earnest, with series that exist and series that do not.
        self.server.wait_for_scrapes(2)
        rules = [rule for group in self.server.prometheus.ask("rules")["groups"] for rule in group["rules"]]
        rows = []
        for rule in rules:
            name = rule["name"]
            is_alert = rule["type"] == "alerting"
            tested = len(re.findall(rf"alertname: {name}\b" if is_alert else rf"expr: {name}\n", tests))
            fires = len(re.findall(rf"alertname: {name}\n +eval_time: \S+\n +exp_alerts:", tests))
            with self.subTest(name):
                self.assertEqual((rule["health"], rule.get("lastError", "")), ("ok", ""))
                self.assertGreaterEqual(tested, 1)
                self.assertTrue(fires or not is_alert, "no test in which it fires")
            rows.append([name, rule["type"], tested])
        self.assertGreaterEqual(len(rows), 18)
        table("Rules", ["name", "type", "tests"], rows)

    # --- The board

    def test_every_query_of_the_board_returns_data(self):
        with open(BOARD, encoding="utf-8") as file:
            board = json.load(file)
        self.assertIsNone(board["id"], "an id would replace another board at import")
        variables = {v["name"]: v for v in board["templating"]["list"]}
        self.assertEqual(variables["datasource"]["type"], "datasource")
        queries = [(p["title"], t["expr"]) for p in board["panels"] for t in p.get("targets", [])]
        for panel in board["panels"]:
            for of in [panel, *panel.get("targets", [])]:
                if panel["type"] != "row":
                    self.assertEqual(of["datasource"], {"type": "prometheus", "uid": "${datasource}"}, panel["title"])
        for name in vocabulary.ALL:
            self.assertTrue(any(metric(name) in expr for _, expr in queries), f"{name} is on no panel")

        trickle = mail_server.Trickle(self.server.maild.port)
        self.addCleanup(trickle.is_over.set)
        rows = []
        self.server.wait_for_scrapes(1)
        self.server.other.count()
        self.server.wait_for_scrapes(2)
        for job in ("quipu", "bare"):
            values = {"job": job, "__rate_interval": "10s"}
            for name in ("instance", "family"):
                selector, label = re.fullmatch(r"label_values\((.+), (\w+)\)", variables[name]["query"]["query"]).groups()
                found = self.server.prometheus.ask("series", **{"match[]": self.filled(selector, values)})
                values[name] = "|".join(sorted({series[label] for series in found}))
                self.assertTrue(values[name], name)
            for title, expression in queries:
                with self.subTest(title, job=job, expression=expression):
                    numbers = [value for _, value in self.query(self.filled(expression, values)) if is_any_number(value)]
                    self.assertTrue(numbers, "no data")
                    rows.append([job, title, len(numbers), f"{max(numbers):.4g}"])
        trickle.end()
        self.assertEqual(len(rows), 2 * len(queries))
        table(f"The board: {len(queries)} queries", ["job", "panel", "series", "largest value"], rows)

    @staticmethod
    def filled(expression, values):
        return re.sub(r"\$(\w+)", lambda match: values[match.group(1)], expression)


if __name__ == "__main__":
    unittest.main()

"""Debian's Prometheus, on a port and data of its own, and what it answers."""

import json
import os
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import harness

PACKAGING = os.path.join(harness.SOURCE, "packaging")
RULES = os.path.join(PACKAGING, "prometheus", "quipu-rules.yml")
TARGET_IN_PACKAGING = "127.0.0.1:1099"


def promtool(*args, text=None):
    """(exit code, everything that it said)"""
    done = subprocess.run(
        ["promtool", *args], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout


def configuration(target):
    """The scrape configuration that we ship, with this target, once a second; beside it the plain job "bare", as whoever
    writes three lines of his own has it."""
    with open(os.path.join(PACKAGING, "prometheus", "prometheus.yml"), encoding="utf-8") as file:
        shipped = file.read()
    for what in (TARGET_IN_PACKAGING, "quipu-rules.yml\n\nscrape_configs:"):
        if shipped.count(what) != 1:
            raise AssertionError(f"{what!r} is expected once in prometheus.yml")
    shipped = shipped.replace(TARGET_IN_PACKAGING, target).replace("  - quipu-rules.yml", f"  - {RULES}")
    every_second = "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
    return f'{every_second}{shipped}  - job_name: bare\n    static_configs: [{{targets: ["{target}"]}}]\n'


class Prometheus(harness.Program):
    def __init__(self, folder, target):
        config = os.path.join(folder, "prometheus.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(configuration(target))
        code, said = promtool("check", "config", config)
        if code != 0:
            raise AssertionError(said)
        self.url = f"http://127.0.0.1:{harness.free_port()}"
        super().__init__(
            folder,
            "prometheus",
            [
                "prometheus",
                f"--config.file={config}",
                f"--storage.tsdb.path={os.path.join(folder, 'prometheus')}",
                f"--web.listen-address={self.url.removeprefix('http://')}",
                "--log.level=warn",
            ],
        )
        harness.wait_until(lambda: self.fetch("/-/ready"), "Prometheus is ready")

    def fetch(self, path, **parameters):
        query = f"?{urllib.parse.urlencode(parameters, doseq=True)}" if parameters else ""
        with urllib.request.urlopen(f"{self.url}{path}{query}", timeout=20) as answer:
            return answer.read().decode()

    def ask(self, path, **parameters):
        try:
            return json.loads(self.fetch(f"/api/v1/{path}", **parameters))["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path} {parameters}: {error.read().decode()}") from None

    def query(self, expression, **at):
        """[(labels, value)] now, or at `time`; of a range selector [(labels, [(time, value), ...])]."""
        data = self.ask("query", query=expression, **at)
        if data["resultType"] == "matrix":
            return [(s["metric"], [(t, float(v)) for t, v in s["values"]]) for s in data["result"]]
        return [(s["metric"], float(s["value"][1])) for s in data["result"]]

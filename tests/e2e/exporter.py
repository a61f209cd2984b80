"""What prometheus-expvar-exporter does to a page of variables, as far as a page can break it: it rewrites bytes before it
parses, it panics, it refuses to answer. Each of these is an exception here. In our own words, from how it behaves."""

import json
import re
import tomllib

METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class Panic(Exception):
    """The exporter's process ends, or answers 500: every metric is gone."""


def refuse_constant(word):
    raise Panic(f"{word} is no JSON")


def rewritten(page):
    """Backslash, x and two characters become a question mark, wherever they stand."""
    return re.sub(r"\\x..", "?", page)


def as_number(value, name):
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    if isinstance(value, (int, float)):
        return float(value)
    raise Panic(f"{name} has a member that is no number: {value!r}")


class Exporter:
    def __init__(self, path):
        with open(path, "rb") as config:
            self.config = tomllib.load(config)
        self.targets = {name: part for name, part in self.config.items() if isinstance(part, dict) and "url" in part}

    def metrics(self, target, page):
        """{metric: {label value or None: number}} of that target's page (bytes), and the helps."""
        mapping = self.targets[target]["m"]
        by_variable = {metric["expvar"]: (name, metric) for name, metric in mapping.items()}
        variables = json.loads(rewritten(page.decode("utf-8")), parse_constant=refuse_constant)
        samples, helps = {}, {}
        for variable, value in variables.items():
            name, metric = by_variable.get(variable, (variable.replace("/", "_"), {}))
            label = metric.get("label_name")
            if isinstance(value, dict):
                if label is None:
                    continue
                members = {key: as_number(member, variable) for key, member in value.items()}
            elif isinstance(value, (bool, int, float)):
                members = {None: as_number(value, variable)}
            else:
                continue
            if not METRIC_NAME.fullmatch(name) or (label is not None and not LABEL_NAME.fullmatch(label)):
                raise Panic(f"{name!r} is no name of a metric, or {label!r} none of a label")
            if isinstance(value, dict) != (label is not None) and members:
                raise Panic(f"{variable} has a label in the configuration and none on the page, or the other way round")
            if name in samples:
                raise Panic(f"two variables are called {name}")
            samples[name] = members
            helps[name] = metric.get("help", f'expvar "{variable}"')
        return samples, helps

    def render(self, target, page):
        """As Prometheus scrapes it."""
        samples, helps = self.metrics(target, page)
        lines = []
        for name, members in sorted(samples.items()):
            label = self.targets[target]["m"].get(name, {}).get("label_name")
            lines += [f"# HELP {name} {escaped(helps[name], quote=False)}", f"# TYPE {name} untyped"]
            for value, number in sorted(members.items(), key=str):
                labels = "" if value is None else f'{{{label}="{escaped(value)}"}}'
                lines.append(f"{name}{labels} {number!r}")
        return "\n".join(lines) + "\n"


def escaped(text, quote=True):
    text = text.replace("\\", r"\\").replace("\n", r"\n")
    return text.replace('"', r"\"") if quote else text


SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\n"])*)"\})? (\S+)')


def parse(text):
    """{(metric, label name, label value): number}, as Prometheus reads it."""
    samples = {}
    for line in text.split("\n"):
        if not line or line.startswith("#"):
            continue
        match = SAMPLE.fullmatch(line)
        if not match:
            raise Panic(f"Prometheus cannot read {line!r}")
        name, label, value, number = match.groups()
        if value is not None:
            value = re.sub(r"\\(.)", lambda m: "\n" if m.group(1) == "n" else m.group(1), value)
        if (name, label, value) in samples:
            raise Panic(f"twice: {line!r}")
        samples[name, label, value] = float(number)
    return samples

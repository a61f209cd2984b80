#!/usr/bin/env python3
"""Fills a manual page or an example configuration with the flags of a program, as its --help lists them:

    flags.py TEMPLATE PROGRAM VERSION > PAGE

@FLAGS@ becomes a list in mdoc of "--name=VALUE", @KEYS@ one of "name = VALUE" (without config, help and version),
@DEFAULTS@ commented lines "#name = default"; @VERSION@ the version."""

import re
import subprocess
import sys
import textwrap
from typing import NamedTuple

ONLY_ON_THE_COMMAND_LINE = {"config", "help", "version"}


class Flag(NamedTuple):
    name: str
    placeholder: str  # empty: the flag takes no value
    fallback: str
    help: str


# As quipud writes it, and as Boost does.
OURS = re.compile(r"^  --(\w+)(?:=(\w+))?(?:  \(default (.*)\))?\n((?:        .*\n?)+)", re.MULTILINE)
BOOSTS = re.compile(r"^  --(\w+)(?: (arg))?(?: \(=(.*?)\))?(?: {2,}|\n {10,}| (?=\w))(\S.*(?:\n {10,}.*)*)", re.MULTILINE)


def parse_help(text):
    found = OURS.findall(text) or BOOSTS.findall(text)
    return [
        Flag(name, "VALUE" if placeholder == "arg" else placeholder, fallback, " ".join(lines.split()))
        for name, placeholder, fallback, lines in found
    ]


def roff(text):
    return text.replace("\\", "\\e").replace("-", "\\-")


def whole(flag):
    return flag.help[0].upper() + flag.help[1:] + ("" if flag.help.endswith(".") else ".")


def sentences(flag):
    """The help, as sentences of their own."""
    lines = [roff(line) for line in textwrap.wrap(whole(flag), 110)]
    if flag.fallback:
        lines.append(f"Default: {roff(flag.fallback)}.")
    return "\n".join("\\&" + line if line[0] in ".'" else line for line in lines)


def as_flags(flags):
    def head(flag):
        return f".It Fl \\-{flag.name}" + (f" Ns = Ns Ar {flag.placeholder}" if flag.placeholder else "")

    return "\n".join(f"{head(flag)}\n{sentences(flag)}" for flag in flags)


def as_keys(flags):
    shown = [flag for flag in flags if flag.name not in ONLY_ON_THE_COMMAND_LINE]
    return "\n".join(f".It Ic {flag.name} = Ar {flag.placeholder}\n{sentences(flag)}" for flag in shown)


def as_defaults(flags):
    blocks = []
    for flag in flags:
        if flag.name in ONLY_ON_THE_COMMAND_LINE:
            continue
        text = textwrap.wrap(whole(flag), 116, break_on_hyphens=False)
        blocks.append("".join(f"# {line}\n" for line in text) + f"#{flag.name} = {flag.fallback}".rstrip() + "\n")
    return "\n".join(blocks)


def main(template_path, program, version):
    text = subprocess.run([program, "--help"], check=True, capture_output=True, text=True).stdout
    flags = parse_help(text)
    if len(flags) < 3:
        sys.exit(f"flags.py: {program} --help lists {len(flags)} flags that can be read")
    with open(template_path, encoding="utf-8") as file:
        page = file.read()
    for mark, fill in (("@FLAGS@", as_flags), ("@KEYS@", as_keys), ("@DEFAULTS@", as_defaults)):
        if mark in page:
            page = page.replace(mark, fill(flags))
    sys.stdout.write(page.replace("@VERSION@", version))


if __name__ == "__main__":
    main(*sys.argv[1:])

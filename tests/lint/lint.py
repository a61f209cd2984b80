"""What the lint scripts share: the list of sources, C++ without its comments and strings, and the run itself.

A lint script has a function check(root) that yields findings ("path:line: sentence") and examples that prove it:
BAD inputs must be found, GOOD ones must not. Running the script tests the examples first, then the tree.
"""

import argparse
import os
import re
import sys
import tempfile
import unittest

SKIPPED_FOLDERS = {".git", "build", "__pycache__", "node_modules"}


def sources(root, suffixes=(".cpp", ".hpp", ".h", ".c")):
    """Paths from the root, sorted, of all files with such a suffix; build folders and dot folders left out."""
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders if f not in SKIPPED_FOLDERS and not f.startswith((".", "build-"))]
        for name in files:
            if name.endswith(suffixes):
                found.append(os.path.relpath(os.path.join(folder, name), root))
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


_NOT_CODE = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)'(?:\\.|[^'\\\n])+'""", re.DOTALL
)


def code_only(text):
    """C++ with comments and the insides of literals blanked; every line and column stays where it was."""

    def blank(match):
        if match.group().startswith("/"):
            return re.sub(r"[^\n]", " ", match.group())
        return '"' + re.sub(r"[^\n]", " ", match.group()[1:-1]) + '"'

    return _NOT_CODE.sub(blank, text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


class Example:
    """A small source tree: {path: text}."""

    def __init__(self, name, files, finding=None):
        self.name = name
        self.files = files
        self.finding = finding  # part of the finding that is expected; None: nothing may be found

    def findings(self, check):
        with tempfile.TemporaryDirectory() as root:
            for path, text in self.files.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            return list(check(root))


def bad(name, finding, files):
    return Example(name, files, finding)


def good(name, files):
    return Example(name, files)


def run(check, examples, help_line=""):
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    root = parser.parse_args().root

    class Lint(unittest.TestCase):
        def test_the_tree_is_clean(self):
            self.assertTrue(sources(root), "no sources found: is the root right?")
            found = list(check(root))
            if found:
                self.fail("\n".join(["", *found, help_line]))

    def example_test(example):
        def test(self):
            found = example.findings(check)
            if example.finding is None:
                self.assertEqual(found, [])
            else:
                self.assertTrue(any(example.finding in line for line in found), f"not found: {found}")

        return test

    for example in examples:
        kind = "finds" if example.finding is not None else "allows"
        setattr(Lint, f"test_{kind}_{example.name.replace(' ', '_')}", example_test(example))
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Lint)
    sys.exit(0 if unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful() else 1)

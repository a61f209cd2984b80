"""Adds up what `meson test` ran: count.py LOG... reads meson-logs/testlog.json files and closes with the line
"N passed, N failed". Boost.Test and unittest tell their cases, which are counted each; any other test counts as one.
Exit status 1 where something failed or nothing ran."""

import json
import re
import sys

BOOST = re.compile(r"^\s*(\d+) test cases? out of (\d+) (passed|failed)$", re.MULTILINE)
UNITTEST = re.compile(r"^Ran (\d+) tests? in ", re.MULTILINE)
UNITTEST_FAILED = re.compile(r"^(?:FAILED|OK) \((.*)\)$", re.MULTILINE)


def counts(test):
    """(passed, failed) of one test of meson."""
    is_ok = test["result"] == "OK"
    output = test.get("stdout", "") + "\n" + test.get("stderr", "")
    passed = failed = 0
    cases = BOOST.findall(output)
    ran = UNITTEST.search(output)
    if cases:
        passed = sum(int(n) for n, _, what in cases if what == "passed")
        failed = sum(int(n) for n, _, what in cases if what == "failed")
    elif ran:
        problems = UNITTEST_FAILED.search(output)
        failed = sum(int(n) for n in re.findall(r"(?:failures|errors|skipped)=(\d+)", problems.group(1))) if problems else 0
        passed = max(0, int(ran.group(1)) - failed)
    elif is_ok:
        passed = 1
    if not is_ok and failed == 0:
        failed = 1  # crashed, timed out, or failed outside its cases
    if is_ok and passed == 0:
        failed = max(failed, 1)  # a test that runs nothing is no test
    return passed, failed


def main(logs):
    total_passed = total_failed = 0
    for log in logs:
        with open(log, encoding="utf-8") as lines:
            for line in lines:
                test = json.loads(line)
                passed, failed = counts(test)
                total_passed += passed
                total_failed += failed
                if failed:
                    print(f"failed: {test['name']} ({test['result']}, {failed} of {passed + failed}), see {log}")
    print(f"{total_passed} passed, {total_failed} failed")
    return 0 if total_failed == 0 and total_passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

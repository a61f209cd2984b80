"""Processes of another user. Root lends any user's rights for real; whoever is not root is the stranger himself."""

import os

IS_ROOT = os.geteuid() == 0
NOBODY = 65534


def become_nobody():
    """For Popen(preexec_fn=...): from here on the process is nobody's, and has no rights but his."""
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def as_nobody(work):
    """The bytes that work() returns, run in a child with nobody's rights (for root), or just so (for others)."""
    if not IS_ROOT:
        return work()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            become_nobody()
            os.write(writer, work())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return said


def give_to_nobody(path):
    for folder, _, files in os.walk(path):
        os.chown(folder, NOBODY, NOBODY)
        for name in files:
            os.chown(os.path.join(folder, name), NOBODY, NOBODY)

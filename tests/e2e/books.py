"""What each process of a mail daemon wrote down (maild --count_log), and what quipud may show of it.

A process that ended in good order, or lives, has handed over all that it counted: exactly that must be shown. Of one
that was killed, nothing can be shown that was not gathered for a push; and all must be shown of a push that the kernel
had whole, while a quipud was there that answered a page asked for afterwards: its loop has read the push before that
page was made, and what it knows then is kept before the page leaves."""

import bisect
import collections


class Life:
    """The count log of one process."""

    def __init__(self, path):
        self.keys = []  # of each count, in order
        self.pushes = []  # [begins_at, counts surely in it, counts perhaps in it, sent_at]; None: not that far
        with open(path, encoding="utf-8") as log:
            for line in log:
                if line.startswith("# push "):
                    self.take_push(*line.split()[2:])
                else:
                    name, _, rest = line.rstrip("\n").partition(" ")
                    label, _, n = rest.rpartition(" ")
                    self.keys += [(name, label) if label else name] * int(n)

    def take_push(self, stage, at, *in_doubt):
        if stage == "begins":
            self.pushes.append([float(at), len(self.keys), None, None])
        elif stage == "gathered":
            self.pushes[-1][1] -= int(in_doubt[1])
            self.pushes[-1][2] = len(self.keys)
        else:
            self.pushes[-1][3] = float(at)

    def counted(self):
        return collections.Counter(self.keys)

    def bounds_if_killed(self, runs):
        """(least, most), as Counters."""
        least = 0
        most = 0
        for begins_at, surely, perhaps, sent_at in self.pushes:
            most = max(most, perhaps or 0)
            if sent_at is not None and runs.have_kept(begins_at, sent_at):
                least = max(least, surely)
        return collections.Counter(self.keys[:least]), collections.Counter(self.keys[:most])


class Runs:
    """The runs of quipud, one after the other, and when the last page was asked for that each of them answered, and
    kept. By the same clock as the count logs."""

    def __init__(self):
        self.began = []
        self.last_asked = []

    def begin(self, at):
        """The one before is gone by now."""
        self.began.append(at)
        self.last_asked.append(None)

    @property
    def count(self):
        return len(self.began)

    def answered(self, run, asked_at):
        self.last_asked[run - 1] = asked_at

    def have_kept(self, begins_at, sent_at):
        run = bisect.bisect_right(self.began, begins_at) - 1
        return run >= 0 and self.last_asked[run] is not None and sent_at <= self.last_asked[run]


class Books:
    """All processes together."""

    def __init__(self):
        self.least = collections.Counter()
        self.most = collections.Counter()
        self.lives = 0
        self.killed = 0
        self.known_exactly = 0  # of those killed

    def add_ended(self, path):
        counted = Life(path).counted()
        self.least.update(counted)
        self.most.update(counted)
        self.lives += 1

    def add_killed(self, path, runs):
        least, most = Life(path).bounds_if_killed(runs)
        self.least.update(least)
        self.most.update(most)
        self.lives += 1
        self.killed += 1
        self.known_exactly += least == most

    def lost(self, shown):
        """By key, what had to be shown and is not."""
        return {key: n - shown.get(key, 0) for key, n in self.least.items() if shown.get(key, 0) < n}

    def doubled(self, shown):
        return {key: n - self.most[key] for key, n in shown.items() if n > self.most[key]}

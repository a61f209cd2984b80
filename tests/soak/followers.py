"""Followers of the live tail, all in one process: four read, one pauses and reads on, one never reads."""

import json
import select
import socket
import time

from table import mib

# name, query, how
FOLLOWED = [
    ("everything", "", "reads"),
    ("fam=SMTP.Conn", "?fam=SMTP.Conn", "reads"),
    ("err=1", "?err=1", "reads"),
    ("b=-1", "?b=-1", "reads"),
    ("everything, with pauses", "", "pauses"),
    ("everything, never reads", "", "never"),
]
# A pause ends when so many events have come to the first follower (the ring keeps 5,000 lines, the kernel some), or
# before quipud's patience with one that takes nothing does (30 s).
PAUSE_EVENTS = 10_000
PAUSE_SECONDS = 20
AWAKE_SECONDS = 10  # then it reads on


class Follower:
    def __init__(self, address, name, query, how):
        host, _, port = address.rpartition(":")
        self.name, self.how = name, how
        self.events = self.lost = self.size = 0
        self.is_open = True
        self.rest = b""
        self.socket = socket.socket()
        if how != "reads":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        self.socket.connect((host, int(port)))
        self.socket.sendall(f"GET /debug/traces/stream{query} HTTP/1.1\r\nHost: {address}\r\n\r\n".encode())

    def take(self, seconds=0):
        """Whether something came."""
        self.socket.settimeout(seconds)
        try:
            data = self.socket.recv(262144)
        except (TimeoutError, BlockingIOError):
            return False
        except OSError:
            data = b""
        if not data:
            self.is_open = False
            return False
        self.size += len(data)
        parts = (self.rest + data).split(b"\n\n")
        self.rest = parts.pop()
        for part in parts:
            if part.startswith(b"event: lost"):
                self.lost += json.loads(part.partition(b"data: ")[2].split(b"\n")[0])["lost"]
            elif b"data: " in part:
                self.events += 1
        return True


def work_followers(pipe, address):
    """Answers (name, how, is open, events, lost, bytes, longest pause in events) of each."""
    all_of_them = [Follower(address, *one) for one in FOLLOWED]
    readers = [one for one in all_of_them if one.how == "reads"]
    pausing, never = all_of_them[4:]
    paused_at, due, awake_until, longest = readers[0].events, time.monotonic() + PAUSE_SECONDS, 0, 0
    while not pipe.poll():
        now = time.monotonic()
        missed = readers[0].events - paused_at
        if now >= awake_until and (now >= due or missed >= PAUSE_EVENTS):
            longest = max(longest, missed)
            awake_until = now + AWAKE_SECONDS
            due = awake_until + PAUSE_SECONDS
        if now < awake_until:
            paused_at = readers[0].events
        listening = [*readers, pausing] if now < awake_until else readers
        by_socket = {one.socket: one for one in listening if one.is_open}
        ready, _, _ = select.select([*by_socket, pipe], [], [], 0.5)
        for one in ready:
            if one in by_socket:
                by_socket[one].take()
    # Now the last one reads after all: what the kernel still has, and then the end.
    deadline = time.monotonic() + 30
    while never.is_open and time.monotonic() < deadline:
        never.take(0.5)
    pipe.recv()
    pipe.send([(o.name, o.how, o.is_open, o.events, o.lost, o.size, longest) for o in all_of_them])


def check_tail(table, followed, seconds):
    for name, how, is_open, events, lost, size, longest in followed:
        state = "open" if is_open else "cut off by quipud"
        figures = f"{events} events, {mib(size)}, {lost} told as lost, {state}"
        if how == "reads":
            table.check(f"follower: {name}", figures, is_open and events > 0 and lost == 0, "nothing lost")
        elif how == "pauses" and longest < PAUSE_EVENTS:
            table.note(f"follower: {name}", f"{figures}; {longest} events in a pause, too few to lose some for sure")
        elif how == "pauses":
            table.check(f"follower: {name}", figures, is_open and lost > 0, "told what it lost")
        elif seconds < 90:
            table.note(f"follower: {name}", f"{figures}; too short a run to tell")
        else:
            table.check(f"follower: {name}", figures, not is_open, "cut off")

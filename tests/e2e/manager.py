"""Plays systemd for quipud: holds the listening sockets while quipud comes and goes, hands them over by name, and keeps
what quipud tells it."""

import fcntl
import os
import socket

import harness

FIRST_HANDED = 3  # SD_LISTEN_FDS_START
# The variables name a process, which exists only once it has been forked.
AS_SERVICE = 'export LISTEN_PID=$$ WATCHDOG_PID=$$; exec "$@"'


class Manager:
    def __init__(self, folder, http_host="127.0.0.1"):
        self.folder = folder
        self.ingest_path = os.path.join(folder, "ingest.sock")
        self.ingest = socket.socket(socket.AF_UNIX)
        self.ingest.bind(self.ingest_path)
        self.ingest.listen(4096)
        self.http = socket.create_server((http_host, 0), backlog=4096)
        self.address = f"127.0.0.1:{self.http.getsockname()[1]}"
        self.told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.told.bind(os.path.join(folder, "notify"))
        self.told.setblocking(False)
        self.messages = []

    def close(self):
        for each in (self.ingest, self.http, self.told):
            each.close()

    def start(self, *args, names="ingest:http", watchdog_ms=None, **popen):
        """quipud as its unit would start it."""
        handed = [fcntl.fcntl(each, fcntl.F_DUPFD, 100) for each in (self.ingest, self.http)]

        def hand_over():
            harness.restore_signals()
            for i, fd in enumerate(handed):
                os.dup2(fd, FIRST_HANDED + i)

        env = {**os.environ, "LISTEN_FDS": str(len(handed)), "LISTEN_FDNAMES": names}
        env["NOTIFY_SOCKET"] = os.path.join(self.folder, "notify")
        if watchdog_ms:
            env["WATCHDOG_USEC"] = str(watchdog_ms * 1000)
        program = harness.Program(
            self.folder,
            "quipud",
            ["/bin/sh", "-c", AS_SERVICE, "sh", harness.QUIPUD, *args],
            env={**env, **popen.pop("env", {})},
            preexec_fn=hand_over,
            close_fds=False,
            **popen,
        )
        for fd in handed:
            os.close(fd)
        return program

    def hear(self):
        """All messages so far, each a dict."""
        while True:
            try:
                text = self.told.recv(65536).decode()
            except BlockingIOError:
                return self.messages
            self.messages.append(dict(line.split("=", 1) for line in text.splitlines()))

    def hear_of(self, key, value=None, seconds=20):
        """The next message with that line; what came before it is forgotten."""

        def look():
            for i, message in enumerate(self.hear()):
                if key in message and (value is None or message[key] == value):
                    del self.messages[: i + 1]
                    return message
            return None

        return harness.wait_until(look, f"{key}={value or ''} is told; so far {self.messages}", seconds)

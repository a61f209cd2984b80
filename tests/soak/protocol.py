"""An emitter that speaks the protocol by itself, as PROTOCOL.md has it."""

import os
import socket
import struct
import time

HELLO, TRACE_EVENTS, ANSWER = 1, 5, 6  # FromEmitter
WELCOME, QUERY, REFUSE = 1, 2, 6  # ToEmitter
BEGIN, EVENT, END = 0, 1, 4


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def number(field, n):
    return varint(field << 3) + varint(n) if n else b""


def fixed64(field, n):
    return varint(field << 3 | 1) + struct.pack("<Q", n)


def chunk(field, data):
    if isinstance(data, str):
        data = data.encode()
    return varint(field << 3 | 2) + varint(len(data)) + data


def fields(data):
    """(field, value) of a message: ints, and bytes of what has a length."""
    at = 0

    def take_varint():
        nonlocal at
        n = shift = 0
        while True:
            byte = data[at]
            at += 1
            n |= (byte & 127) << shift
            if byte < 128:
                return n
            shift += 7

    while at < len(data):
        key = take_varint()
        wire = key & 7
        if wire == 0:
            yield key >> 3, take_varint()
        elif wire == 1:
            yield key >> 3, struct.unpack_from("<Q", data, at)[0]
            at += 8
        elif wire == 2:
            size = take_varint()
            yield key >> 3, data[at : at + size]
            at += size
        elif wire == 5:
            yield key >> 3, struct.unpack_from("<I", data, at)[0]
            at += 4
        else:
            raise ValueError(f"wire type {wire}")


class Emitter:
    def __init__(self, path, instance, program="soak", topics=()):
        self.instance = instance
        self.input = b""
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(60)
        self.socket.connect(path)
        hello = number(1, 1) + chunk(2, program) + chunk(3, "1.0") + chunk(4, instance) + number(5, os.getpid())
        hello += fixed64(6, time.time_ns()) + chunk(7, "localhost") + chunk(8, "soak")
        hello += b"".join(chunk(11, topic) for topic in topics)
        hello += fixed64(12, time.time_ns()) + fixed64(13, time.monotonic_ns())
        self.send(HELLO, hello)
        kind, _ = self.receive(20)
        if kind != WELCOME:
            raise AssertionError(f"no Welcome but {kind}")

    def send(self, kind, message):
        payload = chunk(kind, message)
        self.socket.sendall(struct.pack("<I", len(payload)) + payload)

    def receive(self, seconds):
        """(member of ToEmitter, its bytes) or None after that time."""
        deadline = time.monotonic() + seconds
        while True:
            if len(self.input) >= 4:
                size = struct.unpack_from("<I", self.input)[0]
                if len(self.input) >= 4 + size:
                    payload, self.input = self.input[4 : 4 + size], self.input[4 + size :]
                    kind, message = next(fields(payload))
                    if kind == REFUSE:
                        said = dict(fields(message))
                        raise AssertionError(f"refused: {said.get(1)}, {said.get(2, b'').decode()}")
                    return kind, message
            self.socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                data = self.socket.recv(65536)
            except (TimeoutError, BlockingIOError):
                return None
            finally:
                self.socket.settimeout(60)
            if not data:
                raise AssertionError("quipud closed the connection")
            self.input += data

    def drain(self):
        while self.receive(0.001):
            pass

    def trace_id(self, trace):
        return f"{self.instance[:8].hex()}{trace:016x}"


def trace_event(trace, kind, text="", family=""):
    message = number(1, trace) + number(2, kind) + fixed64(3, time.monotonic_ns())
    if text:
        message += chunk(4, text)
    if family:
        message += chunk(5, family)
    return chunk(1, message)

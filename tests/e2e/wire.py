"""Frames of the protocol, made by the official protoc: what a mail daemon written in another language would send."""

import os
import shutil
import socket
import struct
import subprocess

import harness

PROTO = os.path.join(harness.SOURCE, "proto")


def encode(text):
    """FromEmitter in protobuf's text format, as a frame."""
    command = [shutil.which("protoc"), "--encode=quipu.v1.FromEmitter", f"-I{PROTO}", f"{PROTO}/quipu.proto"]
    payload = subprocess.run(command, input=text.encode(), stdout=subprocess.PIPE, check=True).stdout
    return struct.pack("<I", len(payload)) + payload


def hello(instance="0123456789abcdef", program="raw"):
    return encode(f'hello {{ protocol: 1 program: "{program}" instance: "{instance}" }}')


DEFINE = (
    'define { families { id: 1 name: "raw/count" help: "things" } series { id: 1 family: 1 } }'
)


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def deltas(value):
    """Deltas of series 1, without asking protoc each time: field 3 of ids (1) and zigzag deltas (2), packed."""
    amount = varint(value << 1)
    body = b"\x0a\x01\x01\x12" + varint(len(amount)) + amount
    payload = b"\x1a" + varint(len(body)) + body
    return struct.pack("<I", len(payload)) + payload


def connect(path, timeout=20):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(timeout)
    try:
        client.connect(path)
    except OSError:
        client.close()
        raise
    return client


def read_all(client):
    """Everything up to the end of the connection."""
    data = b""
    while True:
        try:
            more = client.recv(65536)
        except ConnectionResetError:
            return data
        if not more:
            return data
        data += more


def read_frame(client):
    head = client.recv(4, socket.MSG_WAITALL)
    return client.recv(struct.unpack("<I", head)[0], socket.MSG_WAITALL)

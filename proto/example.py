"""A mail daemon in Python, as far as its monitor sees it: through ctypes, since the library's C interface is all that a
language needs which loads libraries while it runs.

    python3 example.py [SOCKET [LIBRARY]]

Types are told once: pointers as c_void_p, or ctypes cuts them to 32 bits."""

import ctypes
import sys
import threading

quipu = ctypes.CDLL(sys.argv[2] if len(sys.argv) > 2 else "libquipu.so.0")
for name in ("options_new", "emitter_new", "counter_new", "trace_new"):
    getattr(quipu, f"quipu_{name}").restype = ctypes.c_void_p
for name, *arguments in (
    ("options_set", ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p),
    ("options_free", ctypes.c_void_p),
    ("emitter_new", ctypes.c_void_p),
    ("emitter_free", ctypes.c_void_p),
    ("counter_new", ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p),
    ("counter_add", ctypes.c_void_p, ctypes.c_uint64),
    ("trace_new", ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p),
    ("trace_event", ctypes.c_void_p, ctypes.c_char_p),
    ("trace_finish", ctypes.c_void_p),
):
    getattr(quipu, f"quipu_{name}").argtypes = arguments

options = quipu.quipu_options_new()
quipu.quipu_options_set(options, b"program", b"python")
if len(sys.argv) > 1:
    quipu.quipu_options_set(options, b"socket_path", sys.argv[1].encode())
emitter = quipu.quipu_emitter_new(options)
quipu.quipu_options_free(options)
counter = quipu.quipu_counter_new(emitter, b"python/count", b"things", None)


# From any thread, without a lock.
def count():
    for _ in range(1000):
        quipu.quipu_counter_add(counter, 1)


threads = [threading.Thread(target=count) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
trace = quipu.quipu_trace_new(emitter, b"Python", b"one")
quipu.quipu_trace_event(trace, b"from Python")
quipu.quipu_trace_finish(trace)
quipu.quipu_emitter_free(emitter)  # what is left is pushed

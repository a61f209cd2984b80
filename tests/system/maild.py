"""A mail daemon that stands in for chasquid in the booted system: counts on, through libquipu.so.0, and writes the
number that it has come to into the file that it is given. Told to end, it counts a thousand more first; told by SIGUSR1, it
pauses, or goes on."""

import ctypes
import signal
import sys
import threading

library = ctypes.CDLL("libquipu.so.0")
for name in ("options_new", "emitter_new", "counter_new", "profiler_new"):
    getattr(library, f"quipu_{name}").restype = ctypes.c_void_p
library.quipu_options_set.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
library.quipu_emitter_new.argtypes = [ctypes.c_void_p]
library.quipu_emitter_free.argtypes = [ctypes.c_void_p]
library.quipu_counter_new.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p]
library.quipu_counter_add.argtypes = [ctypes.c_void_p, ctypes.c_uint64]
library.quipu_profiler_new.argtypes = [ctypes.c_void_p]
library.quipu_profiler_free.argtypes = [ctypes.c_void_p]

options = library.quipu_options_new()
library.quipu_options_set(options, b"program", b"stand-in")
emitter = library.quipu_emitter_new(options)
profiler = library.quipu_profiler_new(emitter)
counter = library.quipu_counter_new(emitter, b"standin/mails", b"mails taken", None)
end = threading.Event()
is_paused = False


def pause(*_):
    global is_paused
    is_paused = not is_paused


signal.signal(signal.SIGUSR1, pause)
signal.signal(signal.SIGTERM, lambda *_: end.set())


def add(n):
    global total
    library.quipu_counter_add(counter, n)
    total += n
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write(str(total))


try:
    with open(sys.argv[1], encoding="utf-8") as before:
        total = int(before.read())
except (OSError, ValueError):
    total = 0
while not end.wait(0.001):
    if not is_paused:
        add(1)
add(1000)
library.quipu_profiler_free(profiler)
library.quipu_emitter_free(emitter)

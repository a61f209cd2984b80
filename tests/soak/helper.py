"""A process of its own for each part of the load, since Python threads of one process wait for each other (GIL)."""

import contextlib
import multiprocessing
import os
import signal

FORK = multiprocessing.get_context("fork")


class Helper:
    """A process that runs work(pipe, *args) and sends its result back by the pipe. stop() tells it to finish."""

    def __init__(self, work, *args, nice=0):
        self.pipe, theirs = FORK.Pipe()
        self.process = FORK.Process(target=self.run, args=(work, self.pipe, theirs, args, nice), daemon=True)
        self.process.start()
        theirs.close()

    @staticmethod
    def run(work, ours, theirs, args, nice):
        ours.close()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os.nice(nice)
        with contextlib.suppress(BrokenPipeError, EOFError):
            work(theirs, *args)

    def receive(self, seconds):
        if not self.pipe.poll(seconds):
            raise AssertionError(f"a helper process said nothing within {seconds} s")
        try:
            return self.pipe.recv()
        except EOFError:
            raise AssertionError("a helper process ended too early; see stderr") from None

    def stop(self, seconds=60):
        self.pipe.send("stop")
        result = self.receive(seconds)
        self.process.join(seconds)
        return result

    def kill(self):
        if self.process.is_alive():
            self.process.kill()
        self.process.join()

"""200 SMTP sessions while all pages are read and the live tail is followed, for minutes."""

import time

from base import Soak
from followers import check_tail, work_followers
from load import CHURN_PAGES, SESSIONS, work_clients, work_pages
from measure import SAMPLE_SECONDS, check_flat, memory_of, processor_seconds
from table import distribution, load_average, median, say


def churn(soak: Soak):
    seconds = soak.options.minutes * 60
    table = soak.table
    quipud = soak.quipud("quipud-churn", f"--state_dir={soak.folder}/state")  # so that the worker has work
    maild, port = soak.maild(quipud.ingest)
    say(f"churn: {SESSIONS} SMTP sessions, pages, followers, for {soak.options.minutes:g} minutes")
    followers = soak.helper(work_followers, quipud.address)
    clients = soak.helper(work_clients, port, soak.options.pause, nice=10)
    soak.wait_for_family(quipud, "SMTP.Conn")
    pages = soak.helper(work_pages, quipud.address, soak.options.page_pause)
    start = time.monotonic()
    used = {program: processor_seconds(program.pid) for program in (quipud, maild)}
    samples = {"quipud": [], "maild": []}
    due = start
    while (now := time.monotonic() - start) < seconds:
        for name, program in (("quipud", quipud), ("maild", maild)):
            if not program.is_running():
                raise AssertionError(f"{name} ended with {program.process.returncode}:\n{program.log()[-2000:]}")
            samples[name].append((now, *memory_of(program.pid)))
        soak.empty_maildirs()
        due += SAMPLE_SECONDS
        time.sleep(max(0, min(due, start + seconds) - time.monotonic()))
    used = {program: processor_seconds(program.pid) - before for program, before in used.items()}
    times, failures, late = pages.stop()
    sent, load_seconds, concurrent, books, errors, is_whole = clients.stop(120)
    followed = followers.stop()

    table.head(f"{SESSIONS} concurrent SMTP sessions for {soak.options.minutes:g} minutes, pages read in a loop")
    table.check(
        "SMTP sessions open at a time",
        f"median {median(concurrent)}, lowest {min(concurrent[5:] or concurrent)}",
        median(concurrent) >= SESSIONS * 0.75,
        f"most of {SESSIONS}; the rest are just connecting",
    )
    table.note(
        "mails and connections of mixed kinds",
        f"{sent}, {sent / load_seconds:.0f} a second, {sum(books.values()) / load_seconds:.0f} counts a second",
    )
    shares = [f"{name} {used[program] / seconds:.0%}" for name, program in (("quipud", quipud), ("maild", maild))]
    table.note("processor time, of one core", ", ".join(shares))
    table.note("load average at the end", load_average())
    failed = "; ".join(f"{n} x {what}" for what, n in sorted(errors.items(), key=lambda e: -e[1])[:3])
    table.check("SMTP dialogues that went wrong", f"{sum(errors.values())} {failed}", not errors and is_whole, "0")
    check_books(soak, quipud, books, bool(errors) or not is_whole)
    check_tail(soak.table, followed, seconds)
    table.head("its pages: ms at a client in a process of its own (Python, so no GIL of the load in it)")
    for name, _ in CHURN_PAGES:
        counted = [f"{n} x {what}" for what, n in failures.get(name, {}).items()]
        table.check_page(name, times.get(name, []), counted)
    table.note("(how late the client's own sleep of 1 ms ended)", distribution(late))
    table.head(f"its memory, from smaps_rollup every {SAMPLE_SECONDS} s")
    for name in ("quipud", "maild"):
        check_flat(table, name, samples[name], seconds)
    soak.end("maild", maild)
    soak.end("quipud", quipud)


def check_books(soak: Soak, quipud, books, are_unsure):
    """Every count on /debug/vars is what the clients sent and heard, load or no load."""
    if are_unsure:
        soak.table.note("counts against the clients' books", "not compared, since dialogues went wrong")
        return

    def wrong():
        shown = quipud.vocabulary()
        # How aliases are asked and DSNs made is the unit of e2e/counts_test.py, with books of its own.
        names = ("chasquid/smtpIn/commandCount", "chasquid/smtpIn/responseCodeCount", "chasquid/queue/putCount")
        keys = [k for k in {*books, *shown} if (k[0] if isinstance(k, tuple) else k) in names]
        return {k: (books.get(k, 0), shown.get(k, 0)) for k in keys if books.get(k, 0) != shown.get(k, 0)}

    deadline = time.monotonic() + 10
    while (left := wrong()) and time.monotonic() < deadline:
        time.sleep(0.2)
    soak.table.check(
        "commands, replies, mails on /debug/vars",
        f"all as in the clients' books ({sum(books.values())} counts)" if not left else f"(books, shown): {left}",
        not left,
        "exact",
    )

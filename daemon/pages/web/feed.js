// One stream of events for all tabs that want the same, over any number of tabs.
//
// A browser keeps six connections to a server over HTTP/1.1: a stream for each tab would leave none for pages. So of
// the tabs that follow one URL a single one leads: it holds the lock of that name, has the stream, and hands every event
// on over a BroadcastChannel. When it goes, hides or crashes, the lock passes to the next. Whatever is followed, at most
// `streams` streams are open; a leader that gets no place among them polls instead. Without locks (pages that came
// neither over TLS nor from this machine) everybody polls.
"use strict";

const quipu = {};

(() => {
  const streams = 3;

  const sleep = (ms, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });

  const ended = (signal) =>
    new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener("abort", resolve)));

  // url: of the stream. types: of its events, beside plain ones. poll(last): the same by asking; gives a list of
  // {type, data, id}. on_event({type, data, id}), on_state("live", "polling" or "lost").
  // Gives start() and stop(); a hidden tab stops by itself.
  quipu.follow = ({ url, types = [], poll, poll_ms, on_event, on_state }) => {
    const channel = "BroadcastChannel" in window ? new BroadcastChannel("quipu " + url) : null;
    let last = "";
    let running = null; // an AbortController
    let is_wanted = true;

    const take = (message) => {
      if (message.state) on_state(message.state);
      if (message.event) {
        last = message.event.id;
        on_event(message.event);
      }
    };
    const tell = (message) => {
      take(message);
      if (channel) channel.postMessage(message);
    };
    if (channel) {
      channel.onmessage = (message) => {
        if (running) take(message.data);
      };
    }

    const stream = async (signal) => {
      const source = new EventSource(url);
      for (const type of ["message", ...types]) {
        source.addEventListener(type, (event) => {
          if (!signal.aborted) tell({ state: "live", event: { type, data: event.data, id: event.lastEventId } });
        });
      }
      source.onopen = () => tell({ state: "live" });
      source.onerror = async () => {
        if (signal.aborted) return;
        tell({ state: "lost" });
        // An answer that is no stream ends it for good: quipud may just be starting again.
        if (source.readyState === EventSource.CLOSED) restart();
      };
      await ended(signal);
      source.close();
    };

    const poll_once = async (signal) => {
      try {
        const events = await poll(last);
        if (signal.aborted) return;
        tell({ state: "polling" });
        for (const event of events) tell({ event });
      } catch {
        if (!signal.aborted) tell({ state: "lost" });
      }
    };

    // Runs `work` while holding the lock. false: somebody else has it.
    const with_place = (i, work) =>
      navigator.locks.request("quipu stream " + i, { ifAvailable: true }, async (lock) => {
        if (lock) await work();
        return lock !== null;
      });

    const lead = async (signal) => {
      while (!signal.aborted) {
        let has_streamed = false;
        for (let i = 0; i < streams && !has_streamed && navigator.locks; ++i) {
          has_streamed = await with_place(i, () => stream(signal));
        }
        if (has_streamed || signal.aborted) continue;
        await poll_once(signal);
        await sleep(poll_ms, signal);
      }
    };

    const start = async () => {
      if (running || document.hidden || !is_wanted) return;
      running = new AbortController();
      const { signal } = running;
      if (!navigator.locks || !channel) {
        lead(signal);
        return;
      }
      try {
        await navigator.locks.request("quipu feed " + url, { signal }, () => lead(signal));
      } catch (error) {
        if (error.name !== "AbortError") throw error;
      }
    };

    const pause = () => {
      if (running) running.abort();
      running = null;
    };

    const restart = async () => {
      const mine = running;
      await new Promise((resolve) => setTimeout(resolve, 2000));
      if (running !== mine) return;
      pause();
      start();
    };

    document.addEventListener("visibilitychange", () => (document.hidden ? pause() : start()));
    addEventListener("pagehide", pause);
    addEventListener("pageshow", start);
    start();
    return {
      start: () => {
        is_wanted = true;
        start();
      },
      stop: () => {
        is_wanted = false;
        pause();
      },
    };
  };
})();

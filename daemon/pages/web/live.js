// The live tail of traces. Follows /debug/traces/stream; where too many tabs follow already (a browser keeps six
// connections to a server, and other pages need some), asks every two seconds instead. A hidden tab follows nothing.
"use strict";

(() => {
  const max_rows = 500;
  const max_shown = 300; // characters of a title or a text; the trace's own page has the whole
  const streams = 3; // open at a time, over all tabs
  const poll_ms = 2000;
  const body = document.getElementById("tail");
  const status = document.getElementById("tail-status");
  const pause = document.getElementById("tail-pause");
  const query = location.search.replace(/^\?/, "");
  let source = null;
  let release = null; // gives our place among the streams back
  let timer = 0;
  let last = "";
  let is_paused = false;
  let generation = 0; // of following: what an older one still brings is dropped

  const cell = (row, text, class_name) => {
    const made = row.insertCell();
    made.textContent = text;
    if (class_name) made.className = class_name;
    return made;
  };

  const shortened = (text) => (text.length > max_shown ? text.slice(0, max_shown) + "..." : text);

  const show = (line) => {
    const row = body.insertRow(0);
    if (line.failed) row.className = "failed";
    cell(row, line.time.slice(11, 23), "time");
    cell(row, line.family);
    const title = cell(row, "");
    const link = document.createElement("a");
    link.href = "/debug/traces?trace=" + encodeURIComponent(line.trace);
    link.textContent = shortened(line.title) || "(no title)";
    title.append(link);
    const done = line.kind === "end" || line.kind === "orphaned";
    const text = done ? line.kind + " after " + line.seconds.toFixed(6) + " s " + line.text : line.text;
    cell(row, line.kind === "begin" ? "begin" : shortened(text), "text");
    while (body.rows.length > max_rows) body.deleteRow(-1);
  };

  const lost = (count) => {
    const row = body.insertRow(0);
    row.className = "gap";
    const made = cell(row, count + " lines were not shown: they came faster than this page could take them");
    made.colSpan = 4;
  };

  const say = (text) => {
    if (status.textContent !== text) status.textContent = text;
  };

  const url = (extra) => "/debug/traces/stream" + (query || extra ? "?" : "") + [query, extra].filter(Boolean).join("&");

  const follow_stream = () => {
    source = new EventSource(url(""));
    source.onopen = () => say("live");
    source.onmessage = (event) => {
      last = event.lastEventId;
      show(JSON.parse(event.data));
    };
    source.addEventListener("lost", (event) => lost(JSON.parse(event.data).lost));
    source.onerror = () => say("connection lost, trying again");
  };

  const poll = async (mine) => {
    try {
      const answer = await fetch(url("format=json&after=" + encodeURIComponent(last)));
      const news = await answer.json();
      if (mine !== generation) return;
      if (news.lost > 0 && last) lost(news.lost);
      last = news.last;
      news.lines.forEach(show);
      say("live, asking every 2 s");
    } catch {
      say("connection lost, trying again");
    }
    if (mine === generation) timer = setTimeout(() => poll(mine), poll_ms);
  };

  const take_place = async () => {
    if (!navigator.locks) return false;
    for (let i = 0; i < streams; ++i) {
      const got = await new Promise((resolve) => {
        navigator.locks.request("quipu-stream-" + i, { ifAvailable: true }, (lock) => {
          resolve(lock !== null);
          return lock === null ? undefined : new Promise((free) => (release = free));
        });
      });
      if (got) return true;
    }
    return false;
  };

  const stop = () => {
    ++generation;
    if (source) source.close();
    if (release) release();
    clearTimeout(timer);
    source = release = null;
  };

  const start = async () => {
    const mine = ++generation;
    const has_place = await take_place();
    if (mine !== generation) {
      if (has_place && release) release();
      return;
    }
    if (has_place) follow_stream();
    else poll(mine);
  };

  const update = () => {
    stop();
    pause.textContent = is_paused ? "Go on" : "Pause";
    if (is_paused) say("paused");
    else if (document.hidden) say("asleep while hidden");
    else start();
  };

  pause.hidden = false;
  pause.addEventListener("click", () => {
    is_paused = !is_paused;
    update();
  });
  document.addEventListener("visibilitychange", update);
  update();
})();

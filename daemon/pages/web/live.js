// The live tail of traces: follows /debug/traces/stream.
"use strict";

(() => {
  const max_rows = 500;
  const max_shown = 300; // characters of a title or a text; the trace's own page has the whole
  const body = document.getElementById("tail");
  const status = document.getElementById("tail-status");
  const pause = document.getElementById("tail-pause");
  const query = location.search.replace(/^\?/, "");
  let is_paused = false;

  const cell = (row, text, class_name) => {
    const made = row.insertCell();
    const words = document.createElement("bdi");
    words.textContent = text;
    made.append(words);
    if (class_name) made.className = class_name;
    return made;
  };

  const shortened = (text) => (text.length > max_shown ? text.slice(0, max_shown) + "..." : text);
  const trim = () => {
    while (body.rows.length > max_rows) body.deleteRow(-1);
  };

  const show = (line) => {
    const row = body.insertRow(0);
    if (line.failed) row.className = "failed";
    cell(row, line.time.slice(11, 23), "time");
    cell(row, line.family);
    const title = row.insertCell();
    const link = document.createElement("a");
    const words = document.createElement("bdi");
    link.href = "/debug/traces?trace=" + encodeURIComponent(line.trace);
    words.textContent = shortened(line.title) || "(no title)";
    link.append(words);
    title.append(link);
    const done = line.kind === "end" || line.kind === "orphaned";
    const text = done ? line.kind + " after " + line.seconds.toFixed(6) + " s " + line.text : line.text;
    cell(row, line.kind === "begin" ? "begin" : shortened(text), "text");
    trim();
  };

  const lost = (count) => {
    const row = body.insertRow(0);
    row.className = "gap";
    cell(row, count + " lines were not shown: they came faster than this page could take them").colSpan = 4;
    trim();
  };

  const say = (text, class_name) => {
    if (status.textContent !== text) status.textContent = text;
    status.className = class_name;
  };

  const url = (extra) => "/debug/traces/stream" + (query || extra ? "?" : "") + [query, extra].filter(Boolean).join("&");

  const states = {
    live: ["live", "live"],
    polling: ["live, asking every 2 s", "live"],
    lost: ["connection lost, trying again", "stale"],
  };

  const feed = quipu.follow({
    url: url(""),
    types: ["lost"],
    poll_ms: 2000,
    poll: async (last) => {
      const answer = await fetch(url("format=json&after=" + encodeURIComponent(last)));
      if (!answer.ok) throw new Error("status " + answer.status);
      const news = await answer.json();
      const events = news.lines.map((line) => ({ type: "message", data: JSON.stringify(line), id: news.last }));
      if (news.lost > 0 && last) events.unshift({ type: "lost", data: JSON.stringify(news), id: news.last });
      return events.length ? events : [{ type: "nothing", id: news.last }];
    },
    on_event: (event) => {
      if (event.type === "message") show(JSON.parse(event.data));
      if (event.type === "lost") lost(JSON.parse(event.data).lost);
    },
    on_state: (state) => say(...states[state]),
  });

  pause.hidden = false;
  pause.addEventListener("click", () => {
    is_paused = !is_paused;
    pause.textContent = is_paused ? "Go on" : "Pause";
    if (is_paused) {
      feed.stop();
      say("paused", "");
    } else {
      say("connecting", "");
      feed.start();
    }
  });
})();

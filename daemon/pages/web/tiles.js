// The tiles of the dashboard, once a second; and the sign that says when data is stale. What a tile shows is told by
// its data-spec, as tiles.cpp writes it.
"use strict";

(() => {
  // ?speed=10 makes a second of this page last 100 ms: for the test that a day leaves nothing behind.
  const speed = Math.min(Math.max(Number(new URLSearchParams(location.search).get("speed")) || 1, 1), 20);
  quipu.speed = speed;

  const rate_samples = 60; // seconds that a rate is over
  const spark_ms = 10000 / speed;
  const spark_width = 90;
  const spark_height = 24;

  // --- Numbers, as text.cpp and tiles.cpp write them

  const group = (digits) => digits.replace(/\B(?=(\d{3})+(?!\d))/g, "\u00a0");

  quipu.number_text = (value) => {
    if (!Number.isFinite(value)) return "\u2013";
    const size = Math.abs(value);
    const sign = value < 0 ? "-" : "";
    if (size >= 100 || size === Math.floor(size)) return sign + group(String(Math.round(size)));
    const digits = size < 0.1 ? 10000 : size < 1 ? 1000 : size < 10 ? 100 : 10;
    return sign + String(Math.round(size * digits) / digits);
  };

  quipu.rate_text = (rate) =>
    rate >= 1 ? quipu.number_text(rate) + "\u00a0/s" : quipu.number_text(rate * 60) + "\u00a0/min";

  const duration_text = (seconds) => {
    if (seconds < 1) return Math.round(seconds * 1000) + "\u00a0ms";
    if (seconds < 60) return (seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)) + "\u00a0s";
    if (seconds < 3600) return Math.floor(seconds / 60) + "\u00a0min " + Math.floor(seconds % 60) + "\u00a0s";
    return Math.floor(seconds / 3600) + "\u00a0h " + (Math.floor(seconds / 60) % 60) + "\u00a0min";
  };

  // --- What is known now

  const tiles = [...document.querySelectorAll(".tile[data-spec]")].map((item) => ({
    item,
    spec: JSON.parse(item.dataset.spec),
    value: item.querySelector(".value"),
    total: item.querySelector(".total"),
    path: item.querySelector(".spark path"),
    samples: [], // {time, count}: at most rate_samples + 1
  }));
  const names = [...new Set(tiles.flatMap((tile) => [...tile.spec.parts, ...tile.spec.of].map((part) => part[0])))];
  let values = {};

  const set_text = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  // null: nobody says.
  const each = (parts, use) => {
    for (const [name, prefix] of parts) {
      const value = values[name];
      if (value === undefined || value === null) continue;
      if (typeof value !== "object") use(value);
      else for (const label in value) if (label.startsWith(prefix) && value[label] !== null) use(value[label]);
    }
  };

  const count_of = (parts) => {
    let sum = 0n;
    each(parts, (value) => {
      if (typeof value === "string" ? /^\d+$/.test(value) : Number.isInteger(value)) sum += BigInt(value);
    });
    return sum;
  };

  // Per second, or null while too little is known.
  const rate_of = (tile, time, count) => {
    const { samples } = tile;
    if (samples.length && (time <= samples.at(-1).time || count < samples.at(-1).count)) samples.length = 0;
    samples.push({ time, count });
    if (samples.length > rate_samples + 1) samples.shift();
    const seconds = time - samples[0].time;
    return seconds >= 5 ? Number(count - samples[0].count) / seconds : null;
  };

  const show_tile = (tile, time) => {
    const { spec } = tile;
    if (spec.kind === "gauge") {
      let sum = 0;
      let is_known = false;
      each(spec.parts, (value) => {
        sum += Number(value);
        is_known = true;
      });
      set_text(tile.value, is_known ? quipu.number_text(sum) : "\u2013");
      return;
    }
    const count = count_of(spec.parts);
    if (spec.kind === "count") {
      const rate = rate_of(tile, time, count);
      if (rate !== null) {
        set_text(tile.value, quipu.rate_text(rate));
        tile.item.classList.toggle("trouble", spec.is_trouble && rate > 0);
      }
      set_text(tile.total, group(String(count)) + " in all");
      return;
    }
    const of = count_of(spec.of);
    const rate = rate_of(tile, time, of);
    const share = Math.round((1000 * Number(count)) / Number(of)) / 10;
    set_text(tile.value, of > 0n ? quipu.number_text(share) + "\u00a0%" : "\u2013");
    const rate_said = rate === null ? "" : ", " + quipu.rate_text(rate);
    const said = group(String(count)) + " of " + group(String(of)) + rate_said;
    set_text(tile.total, of > 0n ? said : "none so far");
  };

  const show_traces = (traces) => {
    const open = document.getElementById("tile-connections");
    if (traces.connections !== undefined) set_text(open.querySelector(".value"), quipu.number_text(traces.connections));
    const slow = document.getElementById("tile-slowest");
    const slowest = traces.slowest_open?.family.endsWith(".Listen") ? null : traces.slowest_open; // listeners are no work
    set_text(slow.querySelector(".value"), slowest ? duration_text(slowest.seconds) : "\u2013");
    const title = slowest ? slowest.family + " " + slowest.title : "none is open";
    set_text(slow.querySelector(".total"), title.length > 80 ? title.slice(0, 79) + "\u2026" : title);
    const link = slow.querySelector("a"); // none where that page is switched off
    if (link) link.href = slowest ? slowest.link : "/debug/traces?b=-1";
  };

  // --- Stale

  const sign = document.getElementById("stale");
  let heard = Date.now();
  let state = "live";
  let connected = document.querySelectorAll(".who .dot.good + b bdi").length;

  // Who is connected, and which charts there are, stands in the page as served: fetched anew when that has changed, and
  // now and then, since a new kind of trace gets a chart of its own.
  const sync = async () => {
    if (document.hidden) return;
    const answer = await fetch("/" + location.search);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const specs = (page) => [...page.querySelectorAll(".tile")].map((one) => one.dataset.spec).join();
    const is_first = (page) => page.querySelector(".first") !== null;
    if (specs(fresh) !== specs(document) || is_first(fresh) !== is_first(document)) {
      location.reload(); // other tiles: what is chosen stands in the address
      return;
    }
    for (const part of [".who", "header .status"]) {
      document.querySelector(part).replaceWith(document.adoptNode(fresh.querySelector(part)));
    }
    quipu.sync_charts(fresh);
  };

  const show_stale = () => {
    const age = Date.now() - heard;
    const is_stale = age > (state === "polling" ? 15000 : 6000) || (state === "lost" && age > 2000);
    document.body.classList.toggle("is-stale", is_stale);
    if (is_stale) set_text(sign, "No news from quipud for " + Math.round(age / 1000) + " s: what is shown is old. Trying again.");
    sign.hidden = !is_stale;
  };

  const merge = (news) => {
    if (news.full) values = {};
    for (const name in news.values) {
      const value = news.values[name];
      const is_map = value !== null && typeof value === "object";
      values[name] = is_map ? Object.assign(values[name] && typeof values[name] === "object" ? values[name] : {}, value) : value;
    }
  };

  const take = (news) => {
    heard = Date.now();
    merge(news);
    const time = news.time ?? news.now;
    if (!document.hidden) {
      for (const tile of tiles) show_tile(tile, time);
      if (news.traces) show_traces(news.traces);
    }
    if (news.connected !== undefined && news.connected !== connected) {
      connected = news.connected;
      sync().catch(() => (connected = -1)); // then the next event tries again
      setTimeout(() => sync().catch(() => {}), 3000 / speed); // what it defines comes a moment later
    }
    show_stale();
  };

  const ask = async () => {
    const answer = await fetch("/api/v1/now");
    if (!answer.ok) throw new Error("status " + answer.status);
    return { ...(await answer.json()), full: true };
  };

  // A tab that joins others hears only changes: it asks for the rest.
  const has_values = () => Object.keys(values).length > 0;

  quipu.follow({
    url: "/api/v1/stream?" + names.map((name) => "name=" + encodeURIComponent(name)).join("&"),
    poll_ms: 5000 / speed,
    poll: async () => [{ type: "message", data: JSON.stringify(await ask()), id: "" }],
    on_event: (event) => {
      const news = JSON.parse(event.data);
      if (news.full || has_values()) take(news);
      else ask().then((all) => has_values() || take(all)).catch(() => {});
    },
    on_state: (now) => {
      state = now;
      show_stale();
    },
  });
  setInterval(show_stale, 1000 / speed);
  setInterval(() => sync().catch(() => {}), 60000 / speed);

  // --- Sparklines

  const sums = (parts, series, length) => {
    const out = new Array(length).fill(null);
    for (const [name, prefix] of parts) {
      for (const one of series) {
        if (one.name !== name || !(one.label ?? "").startsWith(prefix)) continue;
        one.values.forEach((value, i) => {
          if (value !== null) out[i] = (out[i] ?? 0) + Number(value);
        });
      }
    }
    return out;
  };

  const spark_path = (points) => {
    const most = points.reduce((a, b) => (b > a ? b : a), 0);
    let out = "";
    let is_drawing = false;
    points.forEach((point, i) => {
      if (point === null) {
        is_drawing = false;
        return;
      }
      const y = most > 0 ? spark_height - 1 - ((spark_height - 2) * point) / most : spark_height - 1;
      out += (is_drawing ? "L" : "M") + (spark_width - points.length + i) + " " + Math.round(y * 10) / 10;
      is_drawing = true;
    });
    return out;
  };

  const refresh_sparks = async () => {
    if (document.hidden) return;
    try {
      const query = names.map((name) => "name=" + encodeURIComponent(name)).join("&");
      const answer = await fetch("/api/v1/history?rate=1&step=10&from=-900&" + query);
      if (!answer.ok) return;
      const { times, series } = await answer.json();
      for (const tile of tiles) {
        const parts = tile.spec.kind === "share" ? tile.spec.of : tile.spec.parts;
        tile.path.setAttribute("d", spark_path(sums(parts, series, times.length).slice(-spark_width)));
      }
    } catch {
      // The stale sign says so already.
    }
  };
  setInterval(refresh_sparks, spark_ms);
})();

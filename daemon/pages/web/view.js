// What the charts of the dashboard show: one stretch of time for all of them, where it comes from, and what is read at
// the pointer. The choice stands in the page's address: ?range=1h or ?from=...&to=..., and an add=... for each chart
// that was added.
"use strict";

(() => {
  const spans = { "15m": 900, "1h": 3600, "2h": 7200, "6h": 21600, "24h": 86400, "7d": 604800, "30d": 2592000 };
  for (const name in spans) spans[name] /= quipu.speed;
  const longest = spans["30d"];
  const shortest = 30;
  const refresh_ms = 5000 / quipu.speed;
  const quantiles = "0.5,0.9,0.99";

  const parameters = new URLSearchParams(location.search);
  const shown = document.getElementById("shown");
  const list = document.getElementById("restarts");
  const said = document.getElementById("said");

  // --- Times, in the zone of this computer

  const two = (n) => String(n).padStart(2, "0");
  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

  quipu.axis_time = (x, granularity) => {
    const date = new Date(Number(x));
    const is_midnight = date.getHours() + date.getMinutes() + date.getSeconds() === 0;
    if (is_midnight || granularity >= Dygraph.Granularity.DAILY) return date.getDate() + "\u00a0" + months[date.getMonth()];
    const text = two(date.getHours()) + ":" + two(date.getMinutes());
    return granularity < Dygraph.Granularity.MINUTELY ? text + ":" + two(date.getSeconds()) : text;
  };

  quipu.clock_text = (time) => {
    const date = new Date(time * 1000);
    const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
    const is_today = date.toDateString() === new Date().toDateString();
    return is_today ? clock : date.getDate() + "\u00a0" + months[date.getMonth()] + " " + clock;
  };

  const zone = new Intl.DateTimeFormat(undefined, { timeZoneName: "short" })
    .formatToParts(new Date())
    .find((part) => part.type === "timeZoneName").value;

  // --- The view

  const view = {
    from: 0, // of what is shown, in seconds
    to: 0,
    live_span: spans[parameters.get("range")] ?? spans["15m"], // 0: it stands still
    cursor: null, // a time of the data, or null
    restarts: [],
  };
  const charts = [];
  let data = { from: 0, to: 0, step: 0, times: [], series: new Map() };
  let skew = 0; // quipud's clock, less this computer's
  let loading = null; // an AbortController
  let is_applying = false;
  let timer = 0;

  const now = () => Date.now() / 1000 + skew;

  if (parameters.has("from") && parameters.has("to")) {
    const from = Number(parameters.get("from"));
    const to = Number(parameters.get("to"));
    if (from > 0 && to > from && to - from <= longest) Object.assign(view, { from, to, live_span: 0 });
  }

  const remember = () => {
    const address = new URLSearchParams();
    if (view.live_span === 0) {
      address.set("from", Math.round(view.from));
      address.set("to", Math.round(view.to));
    } else if (view.live_span !== spans["15m"]) {
      address.set("range", Object.keys(spans).find((name) => spans[name] === view.live_span));
    }
    for (const one of quipu.added()) address.append("add", one);
    if (quipu.speed !== 1) address.set("speed", quipu.speed);
    const query = address.toString();
    history.replaceState(null, "", "/" + (query ? "?" + query : "") + location.hash);
    for (const link of document.querySelectorAll(".ranges a")) {
      if (spans[link.dataset.range] === view.live_span) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  quipu.remember = remember;

  const say_shown = () => {
    const each = data.step >= 60 ? data.step / 60 + " min" : data.step + " s";
    const step = data.step ? `, a point each ${each}${data.step === 1 ? ", rates over 5 s" : ""}` : "";
    const text = view.live_span
      ? `live${step}, times in ${zone}`
      : `${quipu.clock_text(view.from)} to ${quipu.clock_text(view.to)}${step}, times in ${zone}`;
    if (shown.textContent !== text) shown.textContent = text;
  };

  const show_restarts = () => {
    const here = view.restarts.filter((mark) => mark.time >= view.from && mark.time <= view.to).slice(-6);
    const text = here.map((mark) => quipu.clock_text(mark.time) + " " + mark.what);
    if (list.dataset.text === text.join("\n")) return;
    list.dataset.text = text.join("\n");
    list.replaceChildren(
      ...text.map((words) => {
        const item = document.createElement("li");
        item.textContent = words;
        return item;
      }),
    );
    list.hidden = !here.length;
  };

  // --- From quipud

  const query_of = (from, to, step) => {
    const wanted = new Map(); // name to labels; null: all
    for (const chart of charts) {
      for (const { name, label } of chart.spec.sources) {
        if (label === undefined || wanted.get(name) === null) wanted.set(name, null);
        else wanted.set(name, [...new Set([...(wanted.get(name) ?? []), label])]);
      }
    }
    const query = [`rate=1&quantile=${quantiles}&from=${Math.floor(from)}&to=${Math.ceil(to)}`];
    if (step) query.push("step=" + step);
    for (const [name, labels] of wanted) {
      query.push("name=" + encodeURIComponent(name));
      for (const label of labels ?? []) query.push("label=" + encodeURIComponent(label));
    }
    return query.join("&");
  };

  const ask = async (from, to, step, signal) => {
    const answer = await fetch("/api/v1/history?" + query_of(from, to, step), { signal });
    if (!answer.ok) throw new Error(await answer.text());
    const history = await answer.json();
    skew = history.now - Date.now() / 1000;
    return history;
  };

  const key_of = (one) => JSON.stringify([one.name, one.label ?? null, one.quantile ?? null]);

  const take_all = (history) => {
    const numbers = (one) => one.values.map((value) => (value === null ? null : Number(value)));
    data = { step: history.step, times: history.times, series: new Map() };
    for (const one of history.series) data.series.set(key_of(one), { ...one, values: numbers(one) });
    view.restarts = history.restarts;
  };

  // Adds what is newer, and drops what is older than anything that is shown.
  const take_more = (history) => {
    const first = history.times.findIndex((time) => time > (data.times.at(-1) ?? 0));
    view.restarts = [...view.restarts.filter((mark) => mark.time < history.from), ...history.restarts].slice(-500);
    if (first < 0) return;
    const length = data.times.length;
    const added = history.times.slice(first);
    for (const one of history.series) {
      const key = key_of(one);
      if (!data.series.has(key)) data.series.set(key, { ...one, values: new Array(length).fill(null) });
      const { values } = data.series.get(key);
      for (const value of one.values.slice(first)) values.push(value === null ? null : Number(value));
    }
    data.times.push(...added);
    const oldest = view.from - 2 * data.step;
    const old = data.times.findIndex((time) => time >= oldest);
    if (old > 0) data.times.splice(0, old);
    for (const [key, one] of data.series) {
      while (one.values.length < length + added.length) one.values.push(null);
      if (old > 0) one.values.splice(0, old);
      if (one.values.every((value) => value === null)) data.series.delete(key);
    }
  };

  const draw = () => {
    is_applying = true;
    for (const chart of charts) chart.take(data);
    is_applying = false;
    if (view.cursor !== null && !data.times.includes(view.cursor)) view.point(null);
    say_shown();
    show_restarts();
    for (const figure of document.querySelectorAll(".chart[data-loading]")) delete figure.dataset.loading;
    if (!performance.getEntriesByName("drawn").length) performance.mark("drawn");
    requestIdleCallback(draw_further);
  };

  // Charts further down that nobody has seen yet, one after the other: the first view does not wait for them, and they
  // are there when somebody scrolls.
  const draw_further = () => {
    const next = charts.find((chart) => !chart.graph && chart.is_behind);
    if (!next) return;
    next.draw();
    requestIdleCallback(draw_further);
  };

  // Everything anew. Around a view that stands still as much again on either side is there to move to.
  const load = async () => {
    if (loading) loading.abort();
    loading = new AbortController();
    const { signal } = loading;
    if (view.live_span) {
      view.to = now();
      view.from = view.to - view.live_span;
    }
    const margin = view.live_span ? 0 : (view.to - view.from) / 2;
    try {
      const history = await ask(view.from - margin, view.to + margin, 0, signal);
      if (signal.aborted) return;
      take_all(history);
      draw();
    } catch (error) {
      if (error.name !== "AbortError") shown.textContent = "history cannot be had just now, trying again";
    } finally {
      if (!signal.aborted) loading = null;
    }
  };
  quipu.load = load;

  const refresh = async () => {
    if (document.hidden || loading || !view.live_span) return;
    const last = data.times.at(-1);
    view.to = now();
    view.from = view.to - view.live_span;
    // After a long sleep, and where another resolution fits better, there is nothing to add to.
    if (last === undefined || view.to - last > Math.max(600, 20 * data.step)) {
      await load();
      return;
    }
    try {
      const history = await ask(last - data.step, view.to, data.step);
      if (loading || history.step !== data.step) return;
      take_more(history);
      draw();
    } catch {
      // The stale sign says so already.
    }
  };

  // --- Moving

  const apply = (from, to) => {
    const span = Math.min(Math.max(to - from, shortest), longest);
    const end = Math.min((from + to) / 2 + span / 2, now());
    Object.assign(view, { from: end - span, to: end, live_span: 0 });
    is_applying = true;
    for (const chart of charts) chart.window();
    is_applying = false;
    show_restarts();
    remember();
    say_shown();
    clearTimeout(timer);
    timer = setTimeout(load, 250 / quipu.speed);
  };

  view.go_live = (span) => {
    view.live_span = span ?? (spans["15m"]);
    remember();
    load();
  };

  // A chart was zoomed or moved by hand.
  view.moved = (chart, [from_ms, to_ms]) => {
    if (is_applying) return;
    const is_same = Math.abs(from_ms / 1000 - view.from) < 0.01 && Math.abs(to_ms / 1000 - view.to) < 0.01;
    if (!is_same) apply(from_ms / 1000, to_ms / 1000);
  };

  // The nearest time that there is data of; null: none.
  view.point = (time) => {
    let nearest = null;
    if (time !== null) {
      for (const one of data.times) if (nearest === null || Math.abs(one - time) < Math.abs(nearest - time)) nearest = one;
    }
    if (nearest === view.cursor) return;
    view.cursor = nearest;
    for (const chart of charts) chart.show_cursor();
  };

  const zoom = (factor) => {
    const middle = view.cursor ?? (view.from + view.to) / 2;
    apply(middle - (middle - view.from) * factor, middle + (view.to - middle) * factor);
  };
  const pan = (share) => apply(view.from + (view.to - view.from) * share, view.to + (view.to - view.from) * share);

  const steps = {
    back: () => pan(-0.5),
    on: () => pan(0.5),
    in: () => zoom(0.5),
    out: () => zoom(2),
    live: () => view.go_live(),
  };

  view.key = (event, chart) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const step = (event.key === "ArrowLeft" ? -1 : 1) * (event.shiftKey ? 10 : 1);
    const at = view.cursor === null ? chart.row() : data.times.indexOf(view.cursor) + step;
    const keys = {
      ArrowLeft: () => view.point(data.times[Math.min(Math.max(at, 0), data.times.length - 1)]),
      ArrowRight: () => view.point(data.times[Math.min(Math.max(at, 0), data.times.length - 1)]),
      "+": steps.in,
      "=": steps.in,
      "-": steps.out,
      PageUp: steps.back,
      PageDown: steps.on,
      End: steps.live,
      Escape: () => view.point(null),
    };
    if (!keys[event.key] || !data.times.length) return;
    event.preventDefault();
    keys[event.key]();
    if (event.key.startsWith("Arrow")) said.textContent = chart.spoken();
  };

  // --- Begin

  for (const button of document.querySelectorAll(".steps button")) {
    button.addEventListener("click", steps[button.dataset.step]);
  }
  for (const link of document.querySelectorAll(".ranges a")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      view.go_live(spans[link.dataset.range]);
    });
  }
  for (const part of document.querySelectorAll(".ranges, .steps")) part.hidden = false;

  quipu.add_chart = (figure) => charts.push(new quipu.Chart(figure, view));
  quipu.remove_chart = (figure) => {
    const at = charts.findIndex((chart) => chart.figure === figure);
    if (at >= 0) charts.splice(at, 1)[0].graph?.destroy();
    figure.remove();
  };
  // Charts of the page as served now that are not here yet, each in its place.
  quipu.sync_charts = (page) => {
    const here = new Set(charts.map((chart) => chart.figure.dataset.spec));
    let before = null;
    let is_new = false;
    for (const fresh of [...page.querySelectorAll(".chart")]) {
      const known = charts.find((chart) => chart.figure.dataset.spec === fresh.dataset.spec);
      if (!here.has(fresh.dataset.spec) && !fresh.querySelector(".remove")) {
        const figure = document.adoptNode(fresh);
        if (before) before.after(figure);
        else document.querySelector(".charts").prepend(figure);
        quipu.add_chart(figure);
        before = figure;
        is_new = true;
      }
      if (known) before = known.figure;
    }
    if (is_new) load();
  };
  for (const figure of document.querySelectorAll(".chart")) {
    figure.dataset.loading = "";
    quipu.add_chart(figure);
  }
  quipu.on_scheme(draw);
  document.addEventListener("visibilitychange", refresh);
  setInterval(refresh, refresh_ms);
  // For tests.
  quipu.view = view;
  quipu.data = () => data;
  quipu.charts = () => charts;
  load();
})();

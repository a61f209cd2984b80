// The flame graph of /debug/pprof/flame: callers above, callees below, as wide as their share. The tree stands in the
// page, as numbers; names are only ever put in as text.
"use strict";

(() => {
  const data = JSON.parse(document.getElementById("flame-data").textContent);
  const names = data.names;
  const count = data.nodes.length / 3;
  const name = new Array(count);
  const value = new Float64Array(count);
  const depth = new Uint32Array(count);
  const start = new Float64Array(count); // sum of what stands to the left, in the unit of values
  const parent = new Int32Array(count).fill(-1);
  const end = new Uint32Array(count); // first node behind its subtree
  const row_px = 19;
  const least_px = 0.6;
  const colours = 8;
  const holder = document.getElementById("flame-graph");
  const detail = document.getElementById("flame-detail");
  const found = document.getElementById("flame-found");
  const find = document.getElementById("flame-find");
  const hint = detail.textContent;
  const shown = new Map(); // node to its group in the drawing
  let zoomed = 0;
  let current = 0; // has the keyboard
  let hits = null; // by name
  let width = 0;
  let labels = null; // the words of the drawing, often cut: for the eye alone, boxes have names of their own

  const read_tree = () => {
    const open = []; // ancestors of the node that is read
    const used = new Float64Array(count);
    for (let i = 0; i < count; ++i) {
      name[i] = data.nodes[3 * i];
      value[i] = Number(data.nodes[3 * i + 1]);
      depth[i] = data.nodes[3 * i + 2];
      while (open.length > depth[i]) end[open.pop()] = i;
      if (open.length > 0) {
        parent[i] = open[open.length - 1];
        start[i] = start[parent[i]] + used[parent[i]];
        used[parent[i]] += value[i];
      }
      open.push(i);
    }
    while (open.length > 0) end[open.pop()] = count;
  };

  const amount = (n) => {
    if (data.unit !== "nanoseconds") return n.toLocaleString("en") + (data.unit === "count" ? "" : " " + data.unit);
    if (n >= 1e9) return (n / 1e9).toFixed(2) + " s";
    if (n >= 1e6) return (n / 1e6).toFixed(1) + " ms";
    return (n / 1e3).toFixed(0) + " µs";
  };

  const share = (n, of) => (of > 0 ? ((100 * n) / of).toFixed(1) : "0") + " %";

  const describe = (i) => {
    let text = names[name[i]] + ": " + amount(value[i]) + ", " + share(value[i], value[0]) + " of all";
    if (zoomed !== 0 && i >= zoomed) text += ", " + share(value[i], value[zoomed]) + " of what is shown";
    return text;
  };

  const colour_of = (text) => {
    let hash = 0;
    for (const c of text.slice(0, 64)) hash = (hash * 31 + c.codePointAt(0)) >>> 0;
    return "f" + (hash % colours);
  };

  const svg = (tag, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, text] of Object.entries(attributes)) made.setAttribute(key, text);
    return made;
  };

  const is_above = (i) => i < zoomed && end[i] > zoomed;

  const box = (i, x, w, letter_px) => {
    const group = svg("g", { tabindex: i === current ? "0" : "-1", role: "treeitem", "aria-label": describe(i) });
    group.setAttribute("aria-level", depth[i] + 1);
    const is_hit = hits !== null && hits.has(name[i]);
    group.setAttribute("class", colour_of(names[name[i]]) + (is_above(i) ? " above" : "") + (is_hit ? " hit" : ""));
    group.dataset.node = i;
    group.append(svg("rect", { x, y: depth[i] * row_px, width: Math.max(w - 0.5, 0.5), height: row_px - 1, rx: 1.5 }));
    const letters = Math.floor((w - 8) / letter_px);
    if (letters >= 2) {
      const label = svg("text", { x: x + 4, y: depth[i] * row_px + 13 });
      const text = names[name[i]];
      label.textContent = text.length <= letters ? text : text.slice(0, letters - 1) + "…";
      if (is_above(i)) label.setAttribute("class", "above");
      labels.append(label);
    }
    shown.set(i, group);
    return group;
  };

  const draw = () => {
    width = holder.clientWidth;
    if (width === 0) return;
    const letter_px = 6.7; // of the 11 px monospace in style.css
    const scale = value[zoomed] > 0 ? width / value[zoomed] : 0;
    let rows = 1;
    const picture = svg("svg", { width, role: "tree", "aria-label": "Flame graph" });
    shown.clear();
    labels = svg("g", { "aria-hidden": "true" });
    for (let i = 0; i < count; ) {
      if (is_above(i)) {
        picture.append(box(i, 0, width, letter_px));
        ++i;
        continue;
      }
      const w = value[i] * scale;
      if (i < zoomed || i >= end[zoomed] || w < least_px) {
        i = Math.max(end[i], i + 1);
        continue;
      }
      picture.append(box(i, (start[i] - start[zoomed]) * scale, w, letter_px));
      rows = Math.max(rows, depth[i] + 1);
      ++i;
    }
    picture.append(labels);
    picture.setAttribute("height", rows * row_px);
    holder.replaceChildren(picture);
  };

  const focus = (i) => {
    if (!shown.has(i)) return;
    if (shown.has(current)) shown.get(current).setAttribute("tabindex", "-1");
    current = i;
    shown.get(i).setAttribute("tabindex", "0");
    shown.get(i).focus({ preventScroll: false });
    detail.textContent = describe(i);
  };

  const zoom = (i) => {
    zoomed = i;
    current = i;
    draw();
    detail.textContent = describe(i);
  };

  const search = () => {
    const needle = find.value.trim().toLowerCase();
    hits = null;
    found.textContent = "";
    if (needle !== "") {
      hits = new Set();
      names.forEach((text, n) => text.toLowerCase().includes(needle) && hits.add(n));
      let sum = 0;
      for (let i = 0; i < count; ) {
        const is_hit = hits.has(name[i]);
        if (is_hit) sum += value[i]; // what is found below it counts with it
        i = is_hit ? Math.max(end[i], i + 1) : i + 1;
      }
      found.textContent = hits.size + (hits.size === 1 ? " function, " : " functions, ") + share(sum, value[0]) + " of all";
    }
    draw();
  };

  const siblings = (i) => [...shown.keys()].filter((other) => parent[other] === parent[i]).sort((a, b) => a - b);

  const neighbour = (i, step) => {
    const row = siblings(i);
    return row[row.indexOf(i) + step] ?? i;
  };

  const first_child = (i) => [...shown.keys()].filter((other) => parent[other] === i).sort((a, b) => a - b)[0] ?? i;

  const on_key = (event) => {
    const node = event.target.closest ? event.target.closest("[data-node]") : null;
    if (event.key === "Escape") zoom(0);
    else if (!node) return;
    else if (event.key === "Enter" || event.key === " ") zoom(Number(node.dataset.node)), focus(zoomed);
    else if (event.key === "ArrowUp") focus(Math.max(parent[current], 0));
    else if (event.key === "ArrowDown") focus(first_child(current));
    else if (event.key === "ArrowLeft") focus(neighbour(current, -1));
    else if (event.key === "ArrowRight") focus(neighbour(current, 1));
    else return;
    event.preventDefault();
  };

  const node_of = (event) => {
    const group = event.target.closest("[data-node]");
    return group ? Number(group.dataset.node) : null;
  };

  if (count === 0) return;
  read_tree();
  document.getElementById("flame").hidden = false;
  holder.addEventListener("click", (event) => {
    const i = node_of(event);
    if (i !== null) zoom(i);
  });
  holder.addEventListener("mouseover", (event) => {
    const i = node_of(event);
    detail.textContent = i === null ? hint : describe(i);
  });
  holder.addEventListener("keydown", on_key);
  find.addEventListener("input", search);
  document.getElementById("flame-reset").addEventListener("click", () => {
    find.value = "";
    hits = null;
    found.textContent = "";
    zoom(0);
    detail.textContent = hint;
  });
  new ResizeObserver(() => {
    if (holder.clientWidth !== width) draw();
  }).observe(holder);
  draw();
})();

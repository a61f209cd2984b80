// One chart of the dashboard: from the series of the history to lines, their curves and their legend. Which series,
// and how, is told by data-spec, as charts.cpp writes it. view.js says which time is shown.
"use strict";

(() => {
  // Its own legend sets styles in a way that the Content-Security-Policy forbids; ours is a table.
  Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);

  const most_lines = 10; // beyond: added up
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const colors = {
    light: ["#1f6fb4", "#c2550a", "#2a8a3e", "#8a4fbf", "#b0205e", "#0f8a8a", "#7a6a00", "#5a5f66", "#d1495b", "#3f51b5", "#6d4c41"],
    dark: ["#6ab0f3", "#f5964f", "#63c97a", "#c39af0", "#f27fb2", "#4fd0d0", "#d6c44a", "#aab2bb", "#ff8a80", "#9fa8da", "#bcaaa4"],
  };
  // Reply codes have the colours of their class, quantiles grow warmer.
  const code_colors = {
    light: {
      2: ["#1b7a3d", "#5aa02c", "#0f8a8a", "#8aa800"],
      3: ["#1f6fb4", "#5b8def"],
      4: ["#b36b00", "#d99000", "#8a6d3b", "#c2550a"],
      5: ["#b3202a", "#d1495b", "#8e1b5e", "#7f2a1d"],
    },
    dark: {
      2: ["#63c97a", "#a5d86e", "#4fd0d0", "#d3e06a"],
      3: ["#6ab0f3", "#9fc3ff"],
      4: ["#f0b24a", "#ffd180", "#d8b98a", "#f5964f"],
      5: ["#ff8a80", "#f27fb2", "#e57373", "#ffab91"],
    },
  };
  const quantile_colors = { light: ["#1f6fb4", "#c2550a", "#b3202a"], dark: ["#6ab0f3", "#f5964f", "#ff8a80"] };
  const rate_over = 5; // seconds: single mails a second apart are no peaks

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const si = (value) => {
    const size = Math.abs(value);
    if (size >= 1e9) return quipu.number_text(value / 1e9) + "G";
    if (size >= 1e6) return quipu.number_text(value / 1e6) + "M";
    if (size >= 1e4) return quipu.number_text(value / 1e3) + "k";
    return quipu.number_text(value);
  };

  const seconds_text = (value) => {
    if (value === 0) return "0";
    if (value < 0.001) return quipu.number_text(value * 1e6) + "\u00a0\u00b5s";
    if (value < 1) return quipu.number_text(value * 1e3) + "\u00a0ms";
    return quipu.number_text(value) + "\u00a0s";
  };

  // Null where nobody knows anything.
  const add = (columns, length) => {
    if (columns.length === 1) return columns[0];
    const out = new Array(length).fill(null);
    for (const column of columns) {
      for (let i = 0; i < length; ++i) if (column[i] !== null) out[i] = (out[i] ?? 0) + column[i];
    }
    return out;
  };

  // Where points are a second apart: the mean of the last few, as far back as there is no gap.
  const smooth = (column) => {
    let run = [];
    return column.map((value) => {
      if (value === null) {
        run = [];
        return null;
      }
      run.push(value);
      if (run.length > rate_over) run.shift();
      return run.reduce((all, one) => all + one, 0) / run.length;
    });
  };

  const sum = (column) => column.reduce((all, value) => all + Math.abs(value ?? 0), 0);

  // How far from what is seen a chart may be and is drawn.
  const near_px = 300;

  class Chart {
    constructor(figure, view) {
      this.figure = figure;
      this.view = view;
      this.spec = JSON.parse(figure.dataset.spec);
      this.plot = figure.querySelector(".plot");
      this.note = figure.querySelector(".note");
      this.at = figure.querySelector(".at");
      this.legend = figure.querySelector(".legend");
      this.graph = null;
      this.lines = []; // {title, values, color}
      this.color_of = new Map();
      this.is_visible = figure.getBoundingClientRect().top < innerHeight + near_px;
      this.is_behind = false;
      this.plot.hidden = false;
      this.plot.tabIndex = 0;
      this.plot.setAttribute("role", "group");
      this.plot.setAttribute(
        "aria-label",
        `Chart of ${this.spec.title}. Left and right arrows read values, plus and minus zoom, page up and down move.`,
      );
      this.cursor = document.createElement("div");
      this.cursor.className = "cursor";
      this.cursor.hidden = true;
      this.plot.addEventListener("keydown", (event) => view.key(event, this));
      this.plot.addEventListener("touchstart", (event) => this.touch(event), { passive: true });
      this.legend.tHead.rows[0].cells[2].textContent = "most";
      new IntersectionObserver((seen) => {
        this.is_visible = seen.at(-1).isIntersecting;
        if (this.is_visible && this.is_behind) this.draw();
      }, { rootMargin: near_px + "px" }).observe(figure);
      addEventListener("beforeprint", () => this.is_behind && this.draw());
    }

    format(value) {
      if (value === null || value === undefined || Number.isNaN(value)) return "\u2013";
      if (this.spec.as === "rate") return value === 0 ? "0" : quipu.rate_text(value);
      if (this.spec.unit === "s") return seconds_text(value);
      return quipu.number_text(value) + (this.spec.unit ? "\u00a0" + this.spec.unit : "");
    }

    // --- From series to lines

    // data: {times, series: Map of key to {name, label, quantile, values}}
    lines_of(data) {
      const lines = [];
      for (const source of this.spec.sources) {
        const mine = [];
        for (const one of data.series.values()) {
          if (one.name !== source.name) continue;
          const label = one.label ?? "";
          if (source.label !== undefined && label !== source.label) continue;
          if (source.prefix && !label.startsWith(source.prefix)) continue;
          mine.push(one);
        }
        if (source.title) {
          if (mine.length) lines.push({ title: source.title, values: add(mine.map((one) => one.values), data.times.length) });
          continue;
        }
        for (const one of mine) {
          const quantile = one.quantile === undefined ? "" : "p" + Math.round(one.quantile * 1000) / 10;
          lines.push({ title: quantile || one.label || one.name, values: one.values });
        }
      }
      return lines;
    }

    // The busiest, in their old order; what is 0 all the time is only counted.
    take(data) {
      const all = this.lines_of(data);
      if (this.spec.as === "rate" && data.step < rate_over) for (const line of all) line.values = smooth(line.values);
      const weights = new Map(all.map((line) => [line, sum(line.values)]));
      let shown = all.filter((line) => weights.get(line) > 0);
      const silent = all.length - shown.length;
      if (shown.length > most_lines && this.spec.as !== "quantiles") {
        const busiest = new Set([...shown].sort((a, b) => weights.get(b) - weights.get(a)).slice(0, most_lines));
        const rest = shown.filter((line) => !busiest.has(line));
        shown = shown.filter((line) => busiest.has(line));
        shown.push({ title: rest.length + " others", values: add(rest.map((line) => line.values), data.times.length) });
      }
      const is_known = all.some((line) => line.values.some((value) => value !== null));
      // A single flat line says that it is 0, and not that nobody knows.
      if (!shown.length && is_known) shown = [{ title: all.length === 1 ? all[0].title : `all ${all.length}`, values: add(all.map((line) => line.values), data.times.length) }];
      for (const line of shown) line.color = this.color(line.title);
      this.lines = shown;
      const more = silent > 0 && silent < all.length ? `${silent} more: 0 all the time` : "";
      this.note.textContent = is_known ? more : "nothing in this time";
      this.times = data.times;
      this.is_behind = true;
      if (this.is_visible) this.draw();
    }

    color(title) {
      const scheme = dark.matches ? "dark" : "light";
      if (this.spec.as === "quantiles") return quantile_colors[scheme][["p50", "p90", "p99"].indexOf(title)] ?? colors[scheme][0];
      const group = /^[2-5]\d\d$/.test(title) ? title[0] : "";
      const palette = group ? code_colors[scheme][group] : colors[scheme];
      if (this.color_of.size > 200) this.color_of.clear();
      if (!this.color_of.has(title)) {
        const before = [...this.color_of.values()].filter((one) => one.group === group).length;
        this.color_of.set(title, { group, index: before });
      }
      return palette[this.color_of.get(title).index % palette.length];
    }

    // --- Drawing

    draw() {
      this.is_behind = false;
      const { times, lines } = this;
      const file = times.map((time, i) => {
        const row = [time * 1000];
        for (const line of lines) row.push(line.values[i]);
        return row;
      });
      if (!file.length) file.push([this.view.to * 1000, ...lines.map(() => null)]);
      if (!lines.length) file.forEach((row) => row.push(null));
      const options = {
        file,
        labels: ["time", ...(lines.length ? lines.map((line, i) => String(i)) : ["none"])],
        colors: lines.length ? lines.map((line) => line.color) : [css("--quiet")],
        dateWindow: [this.view.from * 1000, this.view.to * 1000],
        axisLineColor: css("--edge"),
        gridLineColor: css("--line"),
      };
      if (this.graph) this.graph.updateOptions(options);
      else this.make(options);
      this.legend_rows();
      this.show_cursor();
    }

    make(options) {
      const { file, ...rest } = options;
      this.graph = new Dygraph(this.plot, file, {
        ...rest,
        legend: "never",
        includeZero: true,
        connectSeparatedPoints: false,
        drawGapEdgePoints: true, // also a single point between gaps
        drawPoints: this.spec.as === "quantiles",
        pointSize: 2,
        strokeWidth: 1.5,
        highlightCircleSize: 2.5,
        xRangePad: 0,
        yRangePad: 4,
        rightGap: 4,
        fillGraph: this.spec.as !== "quantiles",
        fillAlpha: 0.07,
        axes: {
          x: { ticker: Dygraph.dateTicker, axisLabelFormatter: quipu.axis_time, pixelsPerLabel: 70, axisLabelWidth: 60 },
          y: {
            axisLabelFormatter: (value) => (this.spec.unit === "s" ? seconds_text(value) : si(value)),
            axisLabelWidth: 48,
            pixelsPerLabel: 34,
          },
        },
        // Dragging zooms, with the shift key it moves. Fingers scroll the page, which is worth more.
        interactionModel: {
          willDestroyContextMyself: true,
          mousedown: Dygraph.defaultInteractionModel.mousedown,
          dblclick: () => this.view.go_live(),
        },
        highlightCallback: (event, x) => this.view.point(x / 1000),
        unhighlightCallback: () => this.view.point(null),
        drawCallback: (graph, is_initial) => {
          if (!is_initial) this.view.moved(this, graph.xAxisRange());
        },
        underlayCallback: (canvas, area, graph) => this.marks(canvas, area, graph),
      });
      this.graph.doZoomY_ = () => this.graph.clearZoomRect_(); // the vertical axis fits by itself
      this.plot.append(this.cursor);
    }

    window() {
      if (this.graph && this.is_visible) {
        this.graph.updateOptions({ dateWindow: [this.view.from * 1000, this.view.to * 1000] });
      } else {
        this.is_behind = true;
      }
    }

    // Restarts as dashed lines with a mark on top.
    marks(canvas, area, graph) {
      canvas.save();
      canvas.strokeStyle = canvas.fillStyle = css("--warn");
      canvas.setLineDash([3, 3]);
      for (const mark of this.view.restarts) {
        const x = Math.round(graph.toDomXCoord(mark.time * 1000)) + 0.5;
        if (x < area.x || x > area.x + area.w) continue;
        canvas.beginPath();
        canvas.moveTo(x, area.y);
        canvas.lineTo(x, area.y + area.h);
        canvas.stroke();
        canvas.beginPath();
        canvas.moveTo(x - 4, area.y);
        canvas.lineTo(x + 4, area.y);
        canvas.lineTo(x, area.y + 6);
        canvas.fill();
      }
      canvas.restore();
    }

    // --- Values

    // The row of the pointer, or the last one that is known.
    row() {
      if (this.view.cursor !== null) return this.times.indexOf(this.view.cursor);
      for (let i = this.times.length - 1; i >= 0; --i) {
        if (this.times[i] <= this.view.to && this.lines.some((line) => line.values[i] !== null)) return i;
      }
      return -1;
    }

    legend_rows() {
      const body = this.legend.tBodies[0];
      while (body.rows.length > this.lines.length) body.deleteRow(-1);
      const { from, to } = this.view;
      this.lines.forEach((line, n) => {
        let row = body.rows[n];
        if (!row || !row.querySelector(".swatch")) {
          if (row) row.remove();
          row = body.insertRow(n);
          const head = document.createElement("th");
          const swatch = document.createElement("span");
          head.scope = "row";
          swatch.className = "swatch";
          head.append(swatch, document.createElement("bdi"));
          row.append(head);
          row.insertCell().className = "number";
          row.insertCell().className = "number";
        }
        row.querySelector(".swatch").style.background = line.color;
        row.querySelector("bdi").textContent = line.title;
        row.cells[0].title = line.title;
        let most = null;
        line.values.forEach((value, i) => {
          if (value !== null && this.times[i] >= from && this.times[i] <= to && (most === null || value > most)) most = value;
        });
        row.cells[2].textContent = this.format(most);
      });
      this.legend_values();
    }

    legend_values() {
      const i = this.row();
      this.lines.forEach((line, n) => {
        this.legend.tBodies[0].rows[n].cells[1].textContent = this.format(i < 0 ? null : line.values[i]);
      });
      const is_at = this.view.cursor !== null;
      this.at.textContent = is_at ? quipu.clock_text(this.view.cursor) : "";
      this.legend.tHead.rows[0].cells[1].textContent = is_at ? "then" : "now";
    }

    show_cursor() {
      const at = this.view.cursor;
      this.cursor.hidden = at === null || !this.graph;
      if (!this.cursor.hidden) this.cursor.style.left = Math.round(this.graph.toDomXCoord(at * 1000)) + "px";
      if (!this.is_behind) this.legend_values();
    }

    touch(event) {
      if (!this.graph) return;
      const x = event.touches[0].clientX - this.plot.getBoundingClientRect().left;
      this.view.point(this.graph.toDataXCoord(x) / 1000);
    }

    // For those who hear it.
    spoken() {
      const i = this.row();
      if (i < 0) return "no values";
      const said = this.lines.slice(0, 6).map((line) => `${line.title} ${this.format(line.values[i])}`);
      return `${quipu.clock_text(this.times[i])}: ${said.join(", ")}`;
    }
  }

  quipu.Chart = Chart;
  quipu.on_scheme = (redraw) => dark.addEventListener("change", redraw);
})();

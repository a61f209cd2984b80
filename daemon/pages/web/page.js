// What every page gains with JavaScript: tables that sort and filter, ages that go on, local times, links to copy.
"use strict";

(() => {
  // --- Ages: <span class="age" data-time="ISO">, as when.cpp writes them; class "up": how long something runs

  const two = (large, large_unit, small, small_unit) =>
    large + "\u00a0" + large_unit + (small ? " " + small + "\u00a0" + small_unit : "");

  const duration_text = (seconds) => {
    const s = Math.floor(Math.abs(seconds));
    let text = s + "\u00a0s";
    if (s >= 86400) text = two(Math.floor(s / 86400), "d", Math.floor(s / 3600) % 24, "h");
    else if (s >= 3600) text = two(Math.floor(s / 3600), "h", Math.floor(s / 60) % 60, "min");
    else if (s >= 60) text = two(Math.floor(s / 60), "min", s % 60, "s");
    return text;
  };

  const age_text = (seconds) => {
    if (Math.abs(seconds) < 1) return "now";
    return seconds < 0 ? "in " + duration_text(seconds) : duration_text(seconds) + " ago";
  };

  // quipud's clock counts, not this computer's: the footer says what it was when the page was made.
  const made = document.querySelector("footer time");
  const skew = made ? Date.now() - Date.parse(made.dateTime) : 0;

  const update_ages = () => {
    if (document.hidden) return;
    for (const age of document.querySelectorAll(".age[data-time], .up[data-time]")) {
      const seconds = (Date.now() - skew - Date.parse(age.dataset.time)) / 1000;
      const text = age.className === "up" ? duration_text(seconds) : age_text(seconds);
      if (age.textContent !== text) age.textContent = text;
    }
  };

  for (const time of document.querySelectorAll("time[datetime]")) {
    if (!time.title) time.title = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
  }
  setInterval(update_ages, 1000);

  // --- Tables: class "sorts", "filters"

  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

  const key_of = (cell) => {
    if (!cell) return "";
    if (cell.dataset.sort !== undefined) return cell.dataset.sort;
    const time = cell.querySelector("time[datetime]");
    return time ? time.dateTime : cell.textContent.trim().replace(/(\d)[\u00a0\u202f ](?=\d{3})/g, "$1");
  };

  const compare = (a, b) => {
    const x = Number(a);
    const y = Number(b);
    return a !== "" && b !== "" && !Number.isNaN(x) && !Number.isNaN(y) ? x - y : collator.compare(a, b);
  };

  const sort_by = (table, head, column) => {
    const is_up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", is_up ? "ascending" : "descending");
    const rows = [...table.tBodies[0].rows].map((row) => [key_of(row.cells[column]), row]);
    rows.sort((a, b) => (is_up ? compare(a[0], b[0]) : compare(b[0], a[0])));
    table.tBodies[0].append(...rows.map((pair) => pair[1]));
  };

  for (const table of document.querySelectorAll("table.sorts")) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort_by(table, head, column));
      head.append(button);
    });
  }

  for (const table of document.querySelectorAll("table.filters")) {
    if (table.tBodies[0].rows.length < 6) continue;
    const bar = document.createElement("p");
    bar.className = "table-filter";
    const label = document.createElement("label");
    const input = document.createElement("input");
    const count = document.createElement("span");
    input.type = "search";
    input.placeholder = "words in a row";
    count.setAttribute("role", "status");
    label.append("Filter ", input);
    bar.append(label, count);
    (table.closest(".scroll") || table).before(bar);
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      const rows = [...table.tBodies[0].rows];
      let shown = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        if (!row.hidden) ++shown;
      }
      count.textContent = words.length ? shown + " of " + rows.length : "";
    });
  }

  // --- Links to copy: the page in its heading, each section at its own

  const heading = document.querySelector("h1");
  if (heading && navigator.clipboard) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy link";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(location.href);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Not allowed";
      }
      setTimeout(() => (button.textContent = "Copy link"), 2000);
    });
    heading.append(button);
  }
  for (const section of document.querySelectorAll("h2[id]")) {
    const anchor = document.createElement("a");
    anchor.className = "anchor";
    anchor.href = "#" + section.id;
    anchor.textContent = "#";
    anchor.setAttribute("aria-label", "Link to “" + section.textContent.trim() + "”");
    section.append(anchor);
  }
})();

// Charts of any variable: a list to search, and boxes to tick. What is chosen stands in the address as add=..., so the
// page as served has it too.
"use strict";

(() => {
  const most_listed = 1000;
  const form = document.getElementById("add");
  const picker = document.getElementById("picker");
  const find = document.getElementById("picker-find");
  const list = document.getElementById("picker-list");
  const count = document.getElementById("picker-count");
  let timer = 0;
  let asked = 0;

  const chosen = new URLSearchParams(location.search).getAll("add");
  quipu.added = () => chosen;

  // A chart's figure is made by quipud, which knows what suits the variable: from the page with that chart alone.
  const add = async (name) => {
    const answer = await fetch("/?add=" + encodeURIComponent(name));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const figure = document.adoptNode([...page.querySelectorAll(".chart")].at(-1));
    document.querySelector(".charts").append(figure);
    chosen.push(name);
    take_over(figure, name);
    quipu.add_chart(figure);
    quipu.remember();
    await quipu.load();
  };

  const remove = (name) => {
    const at = chosen.indexOf(name);
    if (at < 0) return;
    chosen.splice(at, 1);
    for (const figure of document.querySelectorAll(".chart")) {
      if (figure.dataset.added === name) quipu.remove_chart(figure);
    }
    quipu.remember();
  };

  const take_over = (figure, name) => {
    figure.dataset.added = name;
    figure.querySelector(".remove").addEventListener("click", (event) => {
      event.preventDefault();
      remove(name);
    });
  };

  const name_of = (one) => (one.label_name === undefined ? one.name : one.name + ":" + one.label);

  const item = (name, title, help) => {
    const row = document.createElement("li");
    const label = document.createElement("label");
    const box = document.createElement("input");
    const words = document.createElement("bdi");
    const small = document.createElement("small");
    box.type = "checkbox";
    box.checked = chosen.includes(name);
    box.addEventListener("change", () => (box.checked ? add(name) : remove(name)));
    words.textContent = title;
    small.textContent = help;
    label.append(box, words, small);
    row.append(label);
    return row;
  };

  const show = async () => {
    const mine = ++asked;
    const query = `has_history=1&limit=${most_listed}&q=${encodeURIComponent(find.value)}`;
    let answer;
    try {
      answer = await (await fetch("/api/v1/series?" + query)).json();
    } catch {
      count.textContent = "the list cannot be had just now";
      return;
    }
    if (mine !== asked) return;
    const rows = [];
    let family = "";
    for (const one of answer.series) {
      if (one.label_name !== undefined && one.name !== family) {
        family = one.name;
        rows.push(item(one.name, `${one.name}, each ${one.label_name}`, one.help));
      }
      const title = one.label_name === undefined ? one.name : `${one.name} ${one.label_name} ${one.label}`;
      rows.push(item(name_of(one), title, one.label_name === undefined ? one.help : ""));
    }
    list.replaceChildren(...rows);
    const shown = answer.series.length;
    count.textContent = shown < answer.matching ? `the first ${shown} of ${answer.matching}` : `${answer.matching} found`;
  };

  // The plain form of the page as served becomes the button that opens the list.
  const open = document.createElement("button");
  open.type = "button";
  open.textContent = "Add a chart";
  open.addEventListener("click", () => {
    picker.showModal();
    find.focus();
    show();
  });
  form.replaceChildren(open);
  find.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 150);
  });
  picker.addEventListener("close", () => {
    list.replaceChildren();
    open.focus();
  });

  const figures = [...document.querySelectorAll(".chart")].filter((figure) => figure.querySelector(".remove"));
  figures.forEach((figure, i) => take_over(figure, [...new Set(chosen)][i]));
})();

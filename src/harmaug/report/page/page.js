"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const root = document.documentElement;

document.getElementById("theme").addEventListener("click", () => {
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});

/* Precision-recall: each guard's precision and threshold at the recall under the pointer. */
const LEFT = 54, RIGHT = 388, WIDTH = 400;
for (const panel of document.querySelectorAll("[data-curves]")) {
  const svg = panel.querySelector("svg");
  const cursor = svg.querySelector(".cursor");
  const readout = panel.querySelector(".readout");
  const guards = data[panel.dataset.curves];
  const idle = readout.innerHTML;
  let recall = 0.5;
  svg.setAttribute("tabindex", "0");
  const show = () => {
    const x = LEFT + recall * (RIGHT - LEFT);
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
    cursor.removeAttribute("hidden");
    readout.replaceChildren();
    const head = document.createElement("div");
    head.textContent = `to catch ${(100 * recall).toFixed(0)}% of what is harmful`;
    readout.append(head);
    for (const guard of Object.values(guards)) {
      const at = guard.recall.findIndex((value) => value >= recall - 1e-9);
      const line = document.createElement("div");
      const name = document.createElement("b");
      name.textContent = guard.name;
      const found = at < 0 ? "not reached"
        : `precision ${guard.precision[at].toFixed(3)} at threshold ${guard.threshold[at].toFixed(3)}`;
      line.append(name, " ", found);
      readout.append(line);
    }
  };
  const hide = () => { cursor.setAttribute("hidden", "hidden"); readout.innerHTML = idle; };
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * WIDTH;
    recall = Math.min(1, Math.max(0, (x - LEFT) / (RIGHT - LEFT)));
    show();
  });
  svg.addEventListener("pointerleave", hide);
  svg.addEventListener("focus", show);
  svg.addEventListener("blur", hide);
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -0.02, ArrowRight: 0.02 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    recall = Math.min(1, Math.max(0, recall + step));
    show();
  });
}

/* Another threshold: what each step of the slider flags was counted. Without a harmful row there
   is no precision and no F1: either would be 0 for any guard. */
const slider = document.getElementById("threshold");
const ratio = (part, whole) => (whole > 0 ? (part / whole).toFixed(3) : "–");
const move = () => {
  const threshold = Number(slider.value);
  document.getElementById("threshold-value").textContent = threshold.toFixed(3);
  for (const row of document.querySelectorAll("[data-row]")) {
    const [harmless, harmful] = data[row.dataset.benchmark][row.dataset.row].flagged;
    const step = Math.round(threshold * (harmless.length - 1));
    const [hits, alarms] = [harmful[step], harmless[step]];
    const figures = [
      hits + alarms,
      ratio(hits, harmful[0] && hits + alarms),
      ratio(hits, harmful[0]),
      ratio(2 * hits, harmful[0] && hits + alarms + harmful[0]),
      ratio(alarms, harmless[0]),
    ];
    row.querySelectorAll("td").forEach((cell, at) => { cell.textContent = figures[at]; });
  }
};
if (slider) { slider.addEventListener("input", move); move(); }

/* Samples: searched and sorted with the text still blurred; shown one by one. */
const list = document.querySelector(".samples");
if (list) {
  const PAGE = 12;
  const items = [...list.children];
  const search = document.getElementById("search");
  const which = document.getElementById("which");
  const order = document.getElementById("order");
  const more = document.querySelector(".more");
  const count = document.getElementById("count");
  let shown = PAGE;
  const score = (item) => (item.dataset.score === "" ? -1 : Number(item.dataset.score));
  const update = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = items.filter((item) => {
      const text = item.textContent.toLowerCase();
      const kind = which.value === "all" || item.dataset.kept === which.value;
      return kind && words.every((word) => text.includes(word));
    });
    const sorted = { drawn: found, high: [...found].sort((a, b) => score(b) - score(a)),
      low: [...found].sort((a, b) => score(a) - score(b)) }[order.value];
    list.replaceChildren(...sorted.slice(0, shown));
    count.textContent = `${Math.min(shown, found.length)} of ${found.length} shown`;
    more.hidden = found.length <= shown;
  };
  for (const control of [search, which, order]) {
    control.addEventListener("input", () => { shown = PAGE; update(); });
  }
  more.addEventListener("click", () => { shown += PAGE; update(); });
  const reveal = (item, open) => {
    const veil = item.querySelector(".veil");
    veil.setAttribute("aria-expanded", String(open));
    veil.setAttribute("aria-label", open ? "Hide the text" : "Show the text");
    veil.querySelector("span").setAttribute("aria-hidden", String(!open));
    const responses = item.querySelector(".responses");
    if (responses) responses.hidden = !open;
  };
  for (const item of items) {
    const veil = item.querySelector(".veil");
    veil.addEventListener("click", () => reveal(item, veil.getAttribute("aria-expanded") !== "true"));
  }
  const all = document.getElementById("reveal");
  all.addEventListener("click", () => {
    const open = all.getAttribute("aria-pressed") !== "true";
    all.setAttribute("aria-pressed", String(open));
    all.textContent = open ? "Blur all" : "Show all";
    for (const item of items) reveal(item, open);
  });
  update();
}

addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details")) part.open = true;
});

"use strict";
const say = (words) => { document.getElementById("status").textContent = words; };
const make = (tag, attributes, text) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
};
for (const each of document.querySelectorAll(".scripted")) each.hidden = false;

// Tables that can be sorted: a button in each heading.
const valueOf = (row, column) => {
  const cell = row.cells[column];
  if (!cell || cell.colSpan > 1) return null;
  return cell.dataset.v === undefined ? cell.textContent.trim() : Number(cell.dataset.v);
};
const compare = (first, second) => {
  if (typeof first === "number" && typeof second === "number") return first - second;
  return String(first).localeCompare(String(second), "en", { numeric: true });
};
const sortTable = (table, column, heading) => {
  const falls = heading.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", falls ? "descending" : "ascending");
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => [valueOf(row, column), row]);
  rows.sort(([a], [b]) => {
    if (a === null || b === null) return (a === null) - (b === null); // what has no value stays last
    return falls ? compare(b, a) : compare(a, b);
  });
  body.append(...rows.map(([, row]) => row));
  say(`Sorted by ${heading.textContent.trim()}, ${falls ? "falling" : "rising"}.`);
};
for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = make("button", { type: "button", class: "sort" });
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => sortTable(table, column, heading));
  });
}

// The confusion matrix: an order for its classes, and the clips behind each number.
const matrix = document.getElementById("matrix");
if (matrix) {
  const headings = [...matrix.tHead.rows[0].cells].slice(1);
  const rows = [...matrix.tBodies[0].rows];
  const cells = rows.map((row) => [...row.cells].slice(1));
  const labels = rows.map((row) => row.cells[0].title);
  const orders = { given: labels.map((_, place) => place), ...JSON.parse(matrix.dataset.orders) };
  const chosen = document.getElementById("chosen");
  let shown = orders.given;

  const order = document.getElementById("matrix-order");
  order.addEventListener("change", () => {
    shown = orders[order.value];
    matrix.tHead.rows[0].append(...shown.map((place) => headings[place]));
    for (const row of shown) {
      rows[row].append(...shown.map((place) => cells[row][place]));
      matrix.tBodies[0].append(rows[row]);
    }
    say(`Classes ${order.selectedOptions[0].textContent}.`);
  });

  const buttonAt = (row, column) => cells[row][column].querySelector("button");
  const focusOn = (button) => {
    for (const other of matrix.querySelectorAll("button[tabindex='0']")) other.tabIndex = -1;
    button.tabIndex = 0;
    button.focus();
  };
  const move = (row, column, down, right) => {
    const n = labels.length;
    let [y, x] = [shown.indexOf(row) + down, shown.indexOf(column) + right];
    for (; y >= 0 && y < n && x >= 0 && x < n; y += down, x += right) {
      const button = buttonAt(shown[y], shown[x]);
      if (button) return focusOn(button);
    }
  };
  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

  const player = (link) => {
    const from = document.querySelector(`${link.getAttribute("href")} .heard`);
    if (!from) return null;
    const copy = from.cloneNode(true);
    copy.querySelector("audio").setAttribute("preload", "metadata");
    return copy;
  };
  const entry = (row) => {
    const item = make("li");
    const link = row.cells[0].querySelector("a");
    if (link) item.append(link.cloneNode(true));
    else item.append(row.cells[0].textContent);
    item.append(" ", make("small", {}, `${row.cells[3].textContent} sure`));
    const heard = link && player(link);
    if (heard) item.append(heard);
    return item;
  };
  const close = (button) => {
    chosen.hidden = true;
    button.setAttribute("aria-pressed", "false");
    button.focus();
  };
  const show = (row, column, button) => {
    for (const other of matrix.querySelectorAll("[aria-pressed=true]")) other.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-pressed", "true");
    const clips = [...document.querySelectorAll(`#clips tr[data-l="${row}"][data-p="${column}"]`)];
    const what = row === column ? `${labels[row]}, and taken for it` : `${labels[row]} taken for ${labels[column]}`;
    const list = make("ol");
    list.append(...clips.map(entry));
    const shut = make("button", { type: "button", class: "close" }, "Close");
    shut.addEventListener("click", () => close(button));
    const title = make("h3", {}, `${button.textContent} ${what}`);
    chosen.replaceChildren(shut, title, list);
    if (clips.length < Number(button.textContent)) {
      chosen.append(make("p", { class: "note" }, "This page lists only some of these clips: predictions.csv holds all."));
    }
    chosen.hidden = false;
    chosen.focus();
    say(`${button.textContent} clips: ${what}.`);
  };
  chosen.addEventListener("keydown", (event) => {
    const button = matrix.querySelector("[aria-pressed=true]");
    if (event.key === "Escape" && button) close(button);
  });

  for (const cell of matrix.querySelectorAll("[data-cell]")) {
    const [row, column] = cell.dataset.cell.split(" ").map(Number);
    const button = make("button", { type: "button", tabindex: "-1", "aria-pressed": "false" }, cell.textContent);
    const what = row === column ? `${labels[row]}, right` : `${labels[row]} taken for ${labels[column]}`;
    button.setAttribute("aria-label", `${cell.textContent} ${what}: show the clips`);
    cell.replaceChildren(button);
    button.addEventListener("click", () => { focusOn(button); show(row, column, button); });
    button.addEventListener("keydown", (event) => {
      if (!(event.key in steps)) return;
      event.preventDefault();
      move(row, column, ...steps[event.key]);
    });
  }
  const first = matrix.querySelector("button");
  if (first) first.tabIndex = 0;
}

// A link to a player opens what it is folded into.
const unfold = () => {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
  if (target) target.scrollIntoView();
};
addEventListener("hashchange", unfold);
unfold();

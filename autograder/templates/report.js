"use strict";
// Without this script the page reads the same: tables stay in the order in which they are written.
const OPEN_MOST = 500;
function value(row, column) {
  const cell = row.cells[column];
  if (cell.dataset.value !== undefined) return cell.dataset.value;
  const first = cell.firstChild;
  return (first && first.nodeType === Node.TEXT_NODE ? first.data : cell.textContent).trim();
}
const words = new Intl.Collator(undefined, { numeric: true });
function compare(a, b) {
  if (a === "" || b === "") return (a === "") - (b === "");
  const difference = Number(a) - Number(b);
  return Number.isNaN(difference) ? words.compare(a, b) : difference;
}
function sort(table, head) {
  const ascending = head.getAttribute("aria-sort") !== "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const column = head.cellIndex;
  const rows = Array.from(table.tBodies[0].rows, (row) => [value(row, column), row]);
  // What has no value, as a submission that is not graded, stays at the end either way.
  rows.sort(([a], [b]) => (a === "" || b === "" || ascending ? compare(a, b) : compare(b, a)));
  table.tBodies[0].append(...rows.map(([, row]) => row));
}
for (const table of document.querySelectorAll("table.sortable")) {
  for (const head of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(table, head));
    head.append(button);
  }
}
const finder = document.querySelector("#finder");
if (finder) {
  let texts = null;
  let waiting = 0;
  const find = (wanted) => {
    texts ??= Array.from(document.querySelectorAll("table.people > tbody > tr"), (row) => [row, row.textContent.toLowerCase()]);
    let found = 0;
    for (const [row, text] of texts) {
      const hidden = !text.includes(wanted);
      if (row.hidden !== hidden) row.hidden = hidden;
      found += !hidden;
    }
    finder.querySelector("output").textContent = wanted ? `${found} ${found === 1 ? "row" : "rows"}` : "";
    // Long lists are opened where few of their rows are left.
    if (wanted && found <= OPEN_MOST) for (const details of document.querySelectorAll("details.rows")) details.open = true;
  };
  finder.hidden = false;
  finder.querySelector("input").addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => find(event.target.value.trim().toLowerCase()), 150);
  });
}

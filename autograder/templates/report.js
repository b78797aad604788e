"use strict";
// Without this script the page reads the same: tables stay in the order in which they are written.
function value(row, column) {
  const cell = row.cells[column];
  return cell.dataset.value ?? cell.textContent.trim();
}
function compare(a, b) {
  if (a === "" || b === "") return (a === "") - (b === "");
  const difference = Number(a) - Number(b);
  return Number.isNaN(difference) ? a.localeCompare(b, undefined, { numeric: true }) : difference;
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
  finder.hidden = false;
  finder.querySelector("input").addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    let found = 0;
    for (const row of document.querySelectorAll("table.people > tbody > tr")) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      found += !row.hidden;
    }
    finder.querySelector("output").textContent = wanted ? `${found} ${found === 1 ? "row" : "rows"}` : "";
    if (wanted) for (const details of document.querySelectorAll("details.rows")) details.open = true;
  });
}

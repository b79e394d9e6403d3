// Tables: a click on a heading sorts, a field above filters. A row's sort value is its cell's data-value, else its text.
(() => {
  const value = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.value ?? cell.textContent.trim();
    const number = Number(text.replace("\u2212", "-").replace(/[,%]/g, "").replace(/^[≥<]\s*/, ""));
    return text !== "" && !Number.isNaN(number) ? number : text.toLowerCase();
  };
  const compare = (a, b) => {
    if (typeof a === typeof b) return typeof a === "number" ? a - b : a.localeCompare(b);
    return typeof a === "number" ? -1 : 1;
  };

  const sort = (table, heading) => {
    const up = heading.getAttribute("aria-sort") === (heading.dataset.first ?? "ascending");
    const descending = (heading.dataset.first === "descending") !== up;
    for (const other of table.tHead.rows[0].cells) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const rows = [...table.tBodies[0].rows].map((row) => [value(row, heading.cellIndex), row]);
    const empty = ([key]) => key === "" || key === "\u2013";
    const known = rows.filter((pair) => !empty(pair)).sort(([a], [b]) => compare(a, b) * (descending ? -1 : 1));
    table.tBodies[0].append(...[...known, ...rows.filter(empty)].map(([, row]) => row));
  };

  for (const table of document.querySelectorAll("table.sorts")) {
    for (const heading of table.tHead.rows[0].cells) {
      if (heading.matches("[aria-hidden], .fixed") || !heading.textContent.trim()) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      heading.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => sort(table, heading));
    }
  }

  for (const table of document.querySelectorAll("table.filters")) {
    const box = document.createElement("p");
    const label = document.createElement("label");
    const field = document.createElement("input");
    const said = document.createElement("span");
    box.className = "filter";
    field.type = "search";
    field.placeholder = "Filter rows";
    field.setAttribute("aria-label", `Filter rows: ${table.dataset.name}`);
    said.setAttribute("role", "status");
    label.append(field);
    box.append(label, said);
    table.closest(".scroll").before(box);
    const rows = [...table.tBodies[0].rows];
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.classList.toggle("unmatched", !words.every((word) => text.includes(word)));
      }
      const left = rows.filter((row) => !row.classList.contains("unmatched")).length;
      said.textContent = words.length ? `${left} of ${rows.length} rows` : "";
    });
  }
})();

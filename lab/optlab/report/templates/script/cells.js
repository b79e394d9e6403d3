// Cells of the heat maps: what stands in their titles shows at once beside the pointer, or beside the cell the keyboard is on.
(() => {
  const tip = document.createElement("div");
  tip.id = "tip";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  document.body.append(tip);
  const frame = document.createElementNS(document.querySelector("svg")?.namespaceURI ?? null, "rect");
  frame.setAttribute("class", "here");

  let shown = null;
  const show = (cell) => {
    shown = cell;
    const box = cell.getBoundingClientRect();
    tip.replaceChildren(...cell.dataset.text.split("\n").map((line) => {
      const row = document.createElement("div");
      row.textContent = line;
      return row;
    }));
    tip.hidden = false;
    const left = Math.min(Math.max(8, box.left + box.width / 2 - tip.offsetWidth / 2), innerWidth - tip.offsetWidth - 8);
    const above = box.top - tip.offsetHeight - 8;
    tip.style.left = `${left}px`;
    tip.style.top = `${above > 4 ? above : box.bottom + 8}px`;
    const own = cell.getBBox();
    for (const name of ["x", "y", "width", "height"]) frame.setAttribute(name, own[name]);
    cell.ownerSVGElement.append(frame);
  };
  const hide = () => {
    shown = null;
    tip.hidden = true;
    frame.remove();
  };

  for (const map of document.querySelectorAll("figure.map svg")) {
    const cells = new Map();
    map.setAttribute("role", "group");
    for (const cell of map.querySelectorAll(".cell")) {
      const title = cell.querySelector("title");
      if (!title) continue;
      cell.dataset.text = title.textContent;
      cell.setAttribute("role", "img");
      cell.setAttribute("aria-label", title.textContent.replaceAll("\n", "; "));
      title.remove();
      cell.setAttribute("tabindex", "-1");
      cells.set(cell.dataset.at, cell);
    }
    const first = [...cells.values()].find((cell) => /\nchosen( on \w+)?\n/.test(cell.dataset.text)) ?? cells.values().next().value;
    if (!first) continue;
    first.setAttribute("tabindex", "0");
    const figure = map.parentElement; // an SVG that listens for focus itself becomes a stop of the tab key in Chromium
    figure.addEventListener("keydown", (event) => {
      const steps = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
      const cell = event.target.closest(".cell");
      if (event.key === "Escape") hide();
      if (!cell || !(event.key in steps)) return;
      event.preventDefault();
      const [row, column] = cell.dataset.at.split(",").map(Number);
      const next = cells.get(`${row + steps[event.key][0]},${column + steps[event.key][1]}`);
      if (!next) return;
      cell.setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      next.focus();
    });
    figure.addEventListener("focusin", (event) => { if (event.target.matches(".cell")) show(event.target); });
    figure.addEventListener("focusout", hide);
    figure.addEventListener("pointerover", (event) => {
      const cell = event.target.closest(".cell");
      if (cell?.dataset.text) show(cell);
      else hide();
    });
    figure.addEventListener("pointerleave", hide);
  }
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  addEventListener("scroll", () => { if (shown) show(shown); }, { passive: true, capture: true });
})();

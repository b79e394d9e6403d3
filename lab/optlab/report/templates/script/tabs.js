// Panels side by side as tabs: arrow keys, Home and End move between them, as in the ARIA pattern. Without a script all panels show.
(() => {
  document.querySelectorAll(".tabs").forEach((group, number) => {
    const panels = [...group.querySelectorAll(":scope > .panel")];
    if (panels.length < 2) return;
    const list = document.createElement("div");
    list.className = "tablist";
    list.setAttribute("role", "tablist");
    list.setAttribute("aria-label", group.dataset.name);
    const tabs = panels.map((panel, place) => {
      const tab = document.createElement("button");
      tab.type = "button";
      tab.textContent = panel.dataset.label;
      tab.id = `tab-${number}-${place}`;
      panel.id = `panel-${number}-${place}`;
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", panel.id);
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", tab.id);
      tab.addEventListener("click", () => show(place));
      list.append(tab);
      return tab;
    });
    const show = (chosen) => {
      tabs.forEach((tab, place) => {
        tab.setAttribute("aria-selected", String(place === chosen));
        tab.tabIndex = place === chosen ? 0 : -1;
        panels[place].classList.toggle("away", place !== chosen);
      });
    };
    list.addEventListener("keydown", (event) => {
      const here = tabs.indexOf(document.activeElement);
      const steps = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: tabs.length - 1 };
      if (!(event.key in steps)) return;
      const next = (steps[event.key] + tabs.length) % tabs.length;
      event.preventDefault();
      show(next);
      tabs[next].focus();
    });
    group.prepend(list);
    show(0);
  });
})();

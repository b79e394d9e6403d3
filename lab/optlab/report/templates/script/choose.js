// One problem or one optimizer at a time. Figures of others go away, their lines fade; rows about others go away or fade.
(() => {
  const problem = document.getElementById("problem");
  const optimizer = document.getElementById("optimizer");

  problem?.addEventListener("change", () => {
    for (const part of document.querySelectorAll("[data-problem]")) {
      part.classList.toggle("away", problem.value !== "" && part.dataset.problem !== problem.value);
    }
  });

  optimizer?.addEventListener("change", () => {
    const chosen = optimizer.value;
    for (const part of document.querySelectorAll("[data-contender], [data-of]")) {
      const names = (part.dataset.contender ?? part.dataset.of).split(" ");
      const other = chosen !== "" && !names.includes(chosen);
      part.classList.toggle(part.dataset.of === undefined ? "away" : "faded", other);
    }
  });
})();

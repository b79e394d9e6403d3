// A button beside each text that one takes away. From disk some browsers keep the clipboard shut: then the text is copied by selection.
(() => {
  for (const block of document.querySelectorAll(".copies")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy ${block.dataset.name}`);
    button.addEventListener("click", async () => {
      const target = block.querySelector(".text");
      try {
        await navigator.clipboard.writeText(target.textContent);
      } catch {
        getSelection().selectAllChildren(target);
        document.execCommand("copy");
        getSelection().removeAllRanges();
      }
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1600);
    });
    block.append(button);
  }
})();

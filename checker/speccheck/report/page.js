"use strict";
(() => {
  const rows = [...document.querySelectorAll("tr[data-step]")];
  if (!rows.length) return;
  let at = -1;
  const choose = (position, move) => {
    at = Math.max(0, Math.min(rows.length - 1, position));
    const step = rows[at].dataset.step;
    for (const element of document.querySelectorAll("[data-step]")) {
      element.classList.toggle("chosen", element.dataset.step === step);
    }
    if (move) rows[at].scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "j" || event.key === "ArrowDown") choose(at + 1, true);
    else if (event.key === "k" || event.key === "ArrowUp") choose(at - 1, true);
    else if (event.key === "Home") choose(0, true);
    else if (event.key === "End") choose(rows.length - 1, true);
    else if (event.key === "o" && at >= 0) {
      const details = rows[at].querySelector("details");
      if (details) details.open = !details.open;
    } else return;
    event.preventDefault();
  });
  for (const element of document.querySelectorAll("[data-step]")) {
    element.addEventListener("click", () => {
      choose(rows.findIndex((row) => row.dataset.step === element.dataset.step), false);
    });
  }
  const named = /^#step-(\d+)$/.exec(location.hash);
  if (named) choose(rows.findIndex((row) => row.dataset.step === named[1]), true);
})();

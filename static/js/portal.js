// Small comforts only: every page and form works without this file.
(() => {
  "use strict";
  const root = document.documentElement;
  const MOST_ROWS = 400; // a form has a limit of fields; longer lists are pasted

  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

  const toggleTheme = () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    localStorage.setItem("holdfast-theme", root.dataset.theme);
  };

  // A copy of the last row, emptied, with names for screen readers that count on.
  const addRows = (count) => {
    const list = document.querySelector("[data-rows]");
    const template = document.querySelector("[data-row-template]");
    if (!list || !template) return;
    let first = null;
    if (list.children.length + count > MOST_ROWS) return;
    for (let i = 0; i < count; i += 1) {
      const number = list.querySelectorAll(".row").length + 1;
      const row = template.content.firstElementChild.cloneNode(true);
      row.id = `row-${number}`;
      row.querySelectorAll("[id]").forEach((el) => { el.id = el.id.replace(/0$/, String(number)); });
      row.querySelectorAll("[aria-describedby]").forEach((el) => el.setAttribute("aria-describedby", `answer-${number}`));
      row.querySelectorAll("[aria-label]").forEach((el) => {
        el.setAttribute("aria-label", el.getAttribute("aria-label").replace(/0$/, String(number)));
      });
      list.append(row);
      if (window.htmx) window.htmx.process(row);
      first = first || row;
    }
    first?.querySelector("input")?.focus();
  };

  const useSuggestion = (button) => {
    const input = button.closest(".row")?.querySelector("[name=item]");
    if (!input) return false;
    input.value = button.value.split(":").slice(1).join(":");
    input.dispatchEvent(new Event("change", { bubbles: true }));
    input.focus();
    return true;
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.matches("[data-theme-toggle]")) toggleTheme();
    if (button.matches("[data-add-rows]")) {
      event.preventDefault();
      addRows(Number(button.dataset.addRows));
    }
    if (button.matches("[data-suggestion]") && useSuggestion(button)) event.preventDefault();
  });

  // The answer to a row says which field it is about; the mark follows it.
  document.addEventListener("htmx:afterSwap", (event) => {
    const row = event.target.closest(".row");
    const wrong = row?.querySelector("[data-wrong]")?.dataset.wrong;
    row?.querySelectorAll("input").forEach((el) => {
      if (el.name === wrong) el.setAttribute("aria-invalid", "true");
      else el.removeAttribute("aria-invalid");
    });
  });

  // How long goods are held for this draft still.
  const tick = () => document.querySelectorAll("[data-until]").forEach((el) => {
    const left = Math.ceil((new Date(el.dataset.until) - Date.now()) / 60000);
    el.textContent = left > 0 ? el.dataset.left.replace("%n", left) : el.dataset.over;
  });
  tick();
  setInterval(tick, 5000);

  // A form is sent once; the server's idempotency key would answer a second click the same, but calmly is better.
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-once]")) return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => {
    document.querySelectorAll("[data-once]").forEach((form) => { delete form.dataset.sent; });
    document.querySelector("[data-focus-first]")?.focus();
  });
})();

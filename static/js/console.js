/* Mends of what Unfold delivers: the page's content is its main landmark, each scrolling part is named for what is in
   it, and a field that is searched as one types takes over the label of the select in whose place it stands. */
addEventListener("DOMContentLoaded", () => {
  alignNumbers();
  keepSections();
});
addEventListener("load", () => {
  document.getElementById("main")?.setAttribute("role", "main");
  nameScrollingParts();
  labelSearchingFields();
  new MutationObserver(labelSearchingFields).observe(document.body, { childList: true, subtree: true });
});

/* Which sections of the sidebar a person opened or closed, kept in this browser; the one of this page stays open. */
function keepSections() {
  const key = "holdfast.sections";
  const kept = JSON.parse(localStorage.getItem(key) ?? "{}");
  for (const part of document.querySelectorAll("#nav-sidebar-apps details")) {
    const name = part.dataset.section;
    if (name in kept && !part.querySelector("a.active")) part.open = kept[name];
    part.querySelector("summary").addEventListener("click", () => {
      kept[name] = !part.open; // the click turns it after this
      localStorage.setItem(key, JSON.stringify(kept));
    });
  }
}

function nameScrollingParts() {
  const names = { "#nav-sidebar-apps": "Screens", "#changelist-filter": "Filters" };
  for (const [part, name] of Object.entries(names)) {
    document.querySelector(`${part} .simplebar-content-wrapper`)?.setAttribute("aria-label", name);
  }
}

function labelSearchingFields() {
  for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
    const name = select.labels[0]?.textContent.replace("*", "").trim();
    if (!name || !select.nextElementSibling) continue;
    for (const part of select.nextElementSibling.querySelectorAll("[role=combobox], [role=textbox]")) {
      part.removeAttribute("aria-labelledby");
      part.setAttribute("aria-label", name);
    }
  }
}

/* A column of numbers is read from the right: every cell a number, an amount with its currency, a percentage or nothing.
   What names something (a code, a barcode, a number with leading zeros) stays where names stand. */
function alignNumbers() {
  const number = /^[-−+]?(?!0\d)[\d,]+(\.\d+)?( ?%| [A-Z]{3})?$/;
  const names = /field-\w*?(code|number|identifier|gtin|reference|version|document|name)\b/;
  for (const table of document.querySelectorAll("#result_list, .inline-related table, .hf-table")) {
    const heads = table.tHead?.rows[0]?.cells ?? [];
    const rows = [...table.querySelectorAll("tbody tr")].filter((row) => row.cells.length >= heads.length);
    for (let at = 1; at < heads.length; at++) {
      const cells = rows.map((row) => row.cells[at]);
      const said = cells.map((cell) => cell.textContent.trim()).filter((text) => text && text !== "–");
      if (!said.length || !said.every((text) => number.test(text)) || names.test(cells[0].className)) continue;
      for (const cell of [heads[at], ...cells]) cell.classList.add("is-num");
    }
  }
}

/* Mends of what Unfold delivers: the page's content is its main landmark, each scrolling part is named for what is in
   it, and a field that is searched as one types takes over the label of the select in whose place it stands. */
addEventListener("load", () => {
  document.getElementById("main")?.setAttribute("role", "main");
  nameScrollingParts();
  labelSearchingFields();
  new MutationObserver(labelSearchingFields).observe(document.body, { childList: true, subtree: true });
});

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

/* Fields that are searched as one types get a widget in their select's place; it takes over the select's label. */
addEventListener("load", () => {
  for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
    const name = select.labels[0]?.textContent.replace("*", "").trim();
    const widget = select.nextElementSibling;
    if (!name || !widget) continue;
    for (const part of widget.querySelectorAll("[role=combobox], [role=textbox]")) part.setAttribute("aria-label", name);
  }
});

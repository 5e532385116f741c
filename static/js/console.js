/* Two mends of what Unfold delivers: the page's content is its main landmark, and a field that is searched as one
   types takes over the label of the select in whose place it stands. */
addEventListener("load", () => {
  document.getElementById("main")?.setAttribute("role", "main");
  labelSearchingFields();
  new MutationObserver(labelSearchingFields).observe(document.body, { childList: true, subtree: true });
});

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

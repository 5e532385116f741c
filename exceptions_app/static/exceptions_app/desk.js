// The desk by keyboard: j and k walk the queue, single keys press the buttons of the chosen case. Without this file the
// links and buttons do the same.
"use strict";
(() => {
  const OFF = "holdfast.desk.keys";
  const body = document.getElementById("desk-case-body");
  const said = document.getElementById("desk-said");
  const help = document.getElementById("desk-help");
  const opener = document.getElementById("desk-help-open");
  const keys = document.getElementById("desk-keys");
  const picked = document.getElementById("desk-picked");
  const rows = [...document.querySelectorAll("tr[data-case]")];
  let asked = 0;

  const place = () => rows.findIndex((row) => row.classList.contains("is-chosen"));
  const link = (row) => row.querySelector("a");

  const choose = async (row) => {
    const url = new URL(link(row).href);
    for (const other of rows) {
      other.classList.toggle("is-chosen", other === row);
      if (other === row) link(other).setAttribute("aria-current", "true");
      else link(other).removeAttribute("aria-current");
    }
    row.scrollIntoView({ block: "nearest" });
    history.replaceState(null, "", url);
    const mine = ++asked;
    url.searchParams.set("part", "case");
    const answer = await fetch(url, { credentials: "same-origin" });
    if (mine !== asked) return; // another case was chosen meanwhile
    if (!answer.ok) return location.reload(); // signed out, or no longer allowed: the page says why
    body.innerHTML = await answer.text();
    said.textContent = `${link(row).textContent}, ${place() + 1} of ${rows.length}`;
  };

  const walk = (step) => {
    const at = place();
    const next = rows[at < 0 ? 0 : at + step];
    if (next) choose(next);
  };
  const press = (key) => body.querySelector(`[data-key="${key}"]`)?.click();
  const count = () => {
    const ticked = rows.filter((row) => row.querySelector("input:checked")).length;
    if (picked) picked.textContent = ticked ? `(${ticked})` : "";
  };
  const tick = () => {
    const box = rows[place()]?.querySelector("input[type=checkbox]");
    if (box) box.checked = !box.checked;
    count();
  };
  const acts = {
    j: () => walk(1),
    k: () => walk(-1),
    a: () => body.querySelector('[data-key="a"]')?.focus(),
    m: () => press("m"),
    s: () => press("s"),
    e: () => press("e"),
    o: () => press("o"),
    c: () => document.getElementById("case-note")?.focus(),
    x: tick,
    "?": () => help.showModal(),
    Enter: () => document.getElementById("desk-case-title")?.focus(),
  };

  const isTyping = (target) => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open || !keys.checked) return;
    if (!(event.target instanceof Element) || isTyping(event.target)) return;
    if (event.key === "Enter" && event.target.closest("a, button, summary, input")) return;
    if (!Object.hasOwn(acts, event.key)) return;
    event.preventDefault();
    acts[event.key]();
  });

  keys.checked = localStorage.getItem(OFF) !== "off";
  keys.addEventListener("change", () => localStorage.setItem(OFF, keys.checked ? "on" : "off"));
  opener.hidden = false;
  opener.addEventListener("click", () => help.showModal());
  document.addEventListener("change", count);
})();

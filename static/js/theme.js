// Runs before the first paint, so that a chosen theme does not flash. Without it the system's theme applies.
(() => {
  const chosen = localStorage.getItem("holdfast-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  document.documentElement.dataset.script = "on";
})();

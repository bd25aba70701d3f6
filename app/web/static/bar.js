// The bar that is always in sight: one sheet open at a time, Escape closes it, and nothing hides behind the bar.
// Everything works without this file: folds open and close by themselves.

const bar = () => document.getElementById("bar");

// What hangs over another: a sheet within a sheet belongs to it.
document.addEventListener(
  "toggle",
  (event) => {
    const opened = event.target;
    if (!opened.open || !bar()?.contains(opened)) return;
    for (const other of bar().querySelectorAll("details[open]"))
      if (other !== opened && !other.contains(opened) && !opened.contains(other)) other.open = false;
  },
  true,
);

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing) return;
  const open = [...(bar()?.querySelectorAll("details[open]") || [])].pop();
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

document.addEventListener("click", (event) => {
  if (bar()?.contains(event.target) || event.target.closest("a, button, label, summary")) return;
  for (const open of bar()?.querySelectorAll("details[open]") || []) open.open = false;
});

// How much of the window the bar takes is known here alone.
function measure() {
  const here = bar();
  if (here && getComputedStyle(here).position === "fixed")
    document.documentElement.style.setProperty("--bar", `${here.offsetHeight}px`);
}
if (bar()) {
  if ("ResizeObserver" in window) new ResizeObserver(measure).observe(bar());
  measure();
}
document.addEventListener("htmx:afterSettle", measure);

// What every page has: Ctrl+Enter sends, an error summary takes the focus, forms are not sent twice.
// Everything works without this file; it only makes it quicker. It is loaded once: import nothing from it.

import { say } from "./live.js";

document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  if (!(field instanceof HTMLTextAreaElement) || !("send" in field.dataset)) return;
  const button = field.form.querySelector("button[type=submit]");
  if (button && !button.disabled) button.click();
});

// Sent once: a second press waits for the answer instead of asking again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("hx-post")) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

function greet() {
  const problem = document.getElementById("problem");
  if (problem) problem.focus();
}

// A link of the error summary may point at a field inside a closed fold.
function unfold() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let at = target; at; at = at.parentElement) if (at instanceof HTMLDetailsElement) at.open = true;
  if (target) target.focus({ preventScroll: true });
}
window.addEventListener("hashchange", unfold);

// Parts that htmx put in place of others: say what happened, and bring a refusal before the reader.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt.closest("#tasks, #notes")) return;
  const told = document.querySelector("#told .notice");
  if (told) say(told.textContent.trim().replace(/\s+/g, " "));
  greet();
});

// Paragraphs are edited whole: their fields are as high as their words.
function fit(area) {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + 2}px`;
}
for (const area of document.querySelectorAll("textarea.paragraph")) {
  fit(area);
  area.addEventListener("input", () => fit(area));
}

greet();
unfold();

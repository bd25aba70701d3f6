// What every page has: Ctrl+Enter sends, an error summary takes the focus, a script never empties a part of a page.
// Everything works without this file; it only makes it quicker. It is loaded once: import nothing from it.

import { say } from "./live.js";

document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  if (!(field instanceof HTMLTextAreaElement) || !("send" in field.dataset)) return;
  const button = field.form.querySelector("button[type=submit]");
  if (button && !button.disabled) button.click();
});

// ? shows the keys, unless somebody writes; on a page with findings that help is nearer.
document.addEventListener("keydown", (event) => {
  if (event.key !== "?" || event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  if (document.querySelector("[data-keys=off]")) return;
  if (document.querySelector(".site-nav")) location.assign("/help#keys");
});

// A form that no server takes is not sent: what was typed stays where it is.
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    const most = Number(document.body.dataset.most);
    const size = weight(form);
    if (size <= most) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const told = document.getElementById("told");
    const note = document.createElement("div");
    note.className = "notice notice-warn";
    note.id = "problem";
    note.setAttribute("role", "alert");
    note.tabIndex = -1;
    const title = document.createElement("h2");
    title.textContent = `填写的内容太多，没有提交：发送时有 ${(size / 1e6).toFixed(1)} MB，一次至多 ${most / 1e6} MB。`;
    const advice = document.createElement("p");
    advice.textContent = "您填写的都还在。请把文字分成几篇，再分别提交。";
    note.append(title, advice);
    told.replaceChildren(note);
    note.focus();
  },
  true,
);

// A form with a file goes in parts as they are; any other one percent-encoded.
function weight(form) {
  const data = new FormData(form);
  if (form.enctype !== "multipart/form-data") return new URLSearchParams(data).toString().length;
  const words = [...data.values()].filter((value) => !(value instanceof File));
  return new Blob(words).size;
}

// What asks by itself every so often does not keep a session alive: only what somebody pressed says so.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.triggeringEvent) event.detail.headers["X-By-Person"] = "yes";
});

// A part of a page is replaced only by what is there: an answer without it is told beside, not put in its place.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, elt, selectOverride } = event.detail;
  const part = xhr.getResponseHeader("HX-Reselect") || selectOverride || elt.getAttribute("hx-select");
  if (!part || new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector(part)) return;
  event.detail.shouldSwap = false;
  failed();
});
document.addEventListener("htmx:sendError", failed);

function failed() {
  const told = document.getElementById("told");
  if (!told || told.querySelector(".not-renewed")) return;
  const note = document.createElement("p");
  note.className = "notice notice-warn not-renewed";
  note.textContent = "没有取得最新内容，下面显示的可能已经过时。请检查网络，或者刷新页面。";
  told.append(note);
}

function greet() {
  const problem = document.getElementById("problem");
  if (problem) problem.focus();
}

// A link of the error summary may point at a field inside a closed fold.
function unfold() {
  const target =
    location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
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

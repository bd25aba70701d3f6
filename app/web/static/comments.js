// Selecting words of the text opens the form beside them, filled in; the form works without this file.
// What was typed stays in the form, wherever it is shown.

import { say } from "./live.js";
import { chosen, rangeOf } from "./selection.js";

const article = document.getElementById("article");
const form = document.getElementById("comment-form");
const field = (name) => form.elements.namedItem(name);

// The text nodes of a range, each with the part of it that lies in the range.
function parts(range) {
  const walker = document.createTreeWalker(range.commonAncestorContainer, NodeFilter.SHOW_TEXT);
  const nodes = [];
  for (let node = walker.currentNode; node; node = walker.nextNode())
    if (node.nodeType === Node.TEXT_NODE && range.intersectsNode(node)) nodes.push(node);
  return nodes.map((node) => {
    const part = document.createRange();
    part.setStart(node, node === range.startContainer ? range.startOffset : 0);
    part.setEnd(node, node === range.endContainer ? range.endOffset : node.length);
    return part;
  });
}

// The words that open threads are about are underlined where they stand.
function underline(thread) {
  const place = article.querySelector(`[data-ref="${CSS.escape(thread.dataset.at)}"]`);
  const range = place && rangeOf(place, Number(thread.dataset.start), Number(thread.dataset.end));
  for (const part of range ? parts(range) : []) {
    if (part.collapsed) continue;
    const mark = document.createElement("span");
    mark.className = "noted";
    mark.dataset.thread = thread.id;
    part.surroundContents(mark);
  }
}

function close() {
  form.classList.remove("popover");
  form.style.removeProperty("top");
  form.style.removeProperty("left");
  document.getElementById("comment-fold").append(form);
  document.getElementById("comment-close").hidden = true;
  document.getElementById("comment-words").hidden = true;
}

// Shows the form beside what is selected, or below the last line on a narrow screen.
function open(found) {
  field("place").value = found.place.dataset.ref;
  field("quote").value = found.quote;
  field("nth").value = String(found.nth);
  const words = document.getElementById("comment-words");
  words.textContent = `“${found.quote}”`;
  words.hidden = false;
  document.getElementById("comment-close").hidden = false;
  document.body.append(form);
  form.classList.add("popover");
  const width = form.offsetWidth;
  const left = Math.min(Math.max(found.box.left, 8), document.documentElement.clientWidth - width - 8);
  form.style.left = `${Math.max(left, 8) + window.scrollX}px`;
  form.style.top = `${found.box.bottom + window.scrollY + 8}px`;
  say(`已选“${found.quote}”，可以批注或者提修改建议`);
}

if (article)
  for (const thread of document.querySelectorAll(".thread[data-at]"))
    if (thread.querySelector(".badge-go, .badge-warn")) underline(thread);

if (article && form) {
  const look = () => {
    const found = chosen(document.getSelection(), "#article [data-ref]");
    if (found) open(found);
  };
  article.addEventListener("mouseup", () => setTimeout(look));
  article.addEventListener("keyup", (event) => {
    if (event.key === "Shift" || event.shiftKey) look();
  });
  // With words selected, c goes into the form; without, it is about the whole draft.
  article.addEventListener("keydown", (event) => {
    if (article.dataset.keys !== "on" || event.isComposing || event.keyCode === 229) return;
    if (event.key !== "c" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select")) return;
    event.preventDefault();
    look();
    document.getElementById("comment-fold").open = true;
    field(form.classList.contains("popover") ? "text" : "place").focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !form.classList.contains("popover")) return;
    close();
    article.focus();
  });
  document.addEventListener("mousedown", (event) => {
    if (!form.classList.contains("popover") || form.contains(event.target)) return;
    const typed = field("text").value || field("new_text").value;
    if (!typed) close();
  });
  // Writing what words shall read makes a suggestion of a comment.
  field("new_text").addEventListener("input", () => {
    if (field("new_text").value && !field("kind").value) field("kind").value = "correct";
  });
  document.getElementById("comment-close").addEventListener("click", close);
  article.addEventListener("click", (event) => {
    const mark = event.target.closest(".noted");
    const thread =
      mark && !document.getSelection().toString() && document.getElementById(mark.dataset.thread);
    if (!thread) return;
    for (let fold = thread.closest("details"); fold; fold = fold.parentElement.closest("details"))
      fold.open = true;
    thread.scrollIntoView({ block: "nearest" });
    thread.classList.add("current");
    setTimeout(() => thread.classList.remove("current"), 2000);
  });
}

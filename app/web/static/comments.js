// Selecting words of the text opens the form beside them, filled in; the form works without this file.

import { say } from "./live.js";
import { popover } from "./popover.js";
import { chosen, rangeOf } from "./selection.js";

const PLACES = "#article [data-ref]";
const article = document.getElementById("article");
const form = document.getElementById("comment-form");

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
  const range = place && rangeOf(place, PLACES, Number(thread.dataset.start), Number(thread.dataset.end));
  for (const part of range ? parts(range) : []) {
    if (part.collapsed) continue;
    const mark = document.createElement("span");
    mark.className = "noted";
    mark.dataset.thread = thread.id;
    part.surroundContents(mark);
  }
}

function beginBeside() {
  const field = (name) => form.elements.namedItem(name);
  const beside = popover(form, {
    words: document.getElementById("comment-words"),
    close: document.getElementById("comment-close"),
    typed: () => field("text").value || field("new_text").value,
    back: () => article.focus(),
  });

  const look = () => {
    const found = chosen(document.getSelection(), PLACES);
    if (!found) return;
    field("place").value = found.place.dataset.ref;
    field("quote").value = found.quote;
    field("nth").value = String(found.nth);
    beside.open(found.quote, found.box);
    say(`已选“${found.quote}”，可以批注或者提修改建议`);
  };

  article.addEventListener("mouseup", () => setTimeout(look));
  article.addEventListener("keyup", (event) => {
    if (event.key === "Shift" || event.shiftKey) look();
  });
  // With words selected, c goes into the form; without, the form is about the whole draft.
  article.addEventListener("keydown", (event) => {
    if (article.dataset.keys !== "on" || event.isComposing || event.keyCode === 229) return;
    if (event.key !== "c" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select")) return;
    event.preventDefault();
    look();
    document.getElementById("comment-fold").open = true;
    field(beside.isOpen() ? "text" : "place").focus();
  });
  // Writing what words shall read makes a suggestion of a comment.
  field("new_text").addEventListener("input", () => {
    if (field("new_text").value && !field("kind").value) field("kind").value = "correct";
  });
}

if (article) {
  for (const thread of document.querySelectorAll(".thread[data-at]"))
    if (thread.querySelector(".badge-go, .badge-warn")) underline(thread);
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
  if (form) beginBeside();
}

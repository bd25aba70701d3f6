// The laid-out proof is what is marked: words that are selected in its frame open the form beside them, and
// marks are drawn over it and told in its margin. The frame runs nothing of its own; the form works without this.

import { say } from "./live.js";
import { popover } from "./popover.js";
import { chosen, rangeOf, wordsOf } from "./selection.js";

const BLOCKS = "h1,h2,h3,h4,h5,h6,p,li,td,th,caption,figcaption";
const PLACES = "[data-place]";
const EVERY = 200; // milliseconds
const frame = document.querySelector("#proof-sheet iframe");
const form = document.getElementById("mark-form");

const lines = () =>
  [...document.querySelectorAll("#lines [data-place]")].map((line) => ({
    place: line.dataset.place,
    text: line.textContent,
  }));

// Fields and words of pictures need not stand in a layout; a paragraph that is not found ends the search.
const mayLack = (place) => !place.startsWith("blocks/") || /\/(alt|caption|credit)$/.test(place);

// Says of each block of the proof which place of the text it is. What the layout added is none.
function placed(sheet) {
  const texts = lines();
  let next = 0;
  for (const block of sheet.querySelectorAll(BLOCKS)) {
    const words = wordsOf(block, BLOCKS);
    if (!words) continue;
    for (let at = next; at < texts.length; at += 1) {
      if (texts[at].text === words) {
        block.dataset.place = texts[at].place;
        next = at + 1;
        break;
      }
      if (!mayLack(texts[at].place)) break;
    }
  }
}

const sheetOf = () => frame.contentDocument;

// The frame is as high as what stands on its sheet: one thing scrolls. Not as high as its body, which may be as
// high as the frame.
function fit() {
  const all = sheetOf().createRange();
  all.selectNodeContents(sheetOf().body);
  const height = Math.ceil(all.getBoundingClientRect().bottom + sheetOf().documentElement.scrollTop) + 24;
  if (height > 100) frame.style.height = `${height}px`;
}

function box(layer, rect, kind) {
  const drawn = document.createElement("span");
  drawn.className = `drawn drawn-${kind}`;
  drawn.style.left = `${rect.left}px`;
  drawn.style.top = `${rect.top}px`;
  drawn.style.width = `${Math.max(rect.width, 2)}px`;
  drawn.style.height = `${rect.height}px`;
  layer.append(drawn);
}

// Draws the marks that stand on this proof, and their words in the margin, none over another.
function draw() {
  const layer = document.getElementById("drawn");
  const margin = document.getElementById("margin");
  layer.replaceChildren();
  margin.replaceChildren();
  let free = 0;
  for (const mark of document.querySelectorAll("#marks [data-at]")) {
    const place = sheetOf().querySelector(`[data-place="${CSS.escape(mark.dataset.at)}"]`);
    const range = place && rangeOf(place, PLACES, Number(mark.dataset.start), Number(mark.dataset.end));
    if (!range) continue;
    const rects = [...range.getClientRects()];
    for (const rect of rects) box(layer, rect, mark.dataset.kind);
    if (!rects.length) continue;
    const note = document.createElement("p");
    note.textContent = mark.dataset.words;
    margin.append(note);
    const top = Math.max(rects[0].top, free);
    note.style.top = `${top}px`;
    free = top + note.offsetHeight + 4;
  }
}

function markOnSheet() {
  const field = (name) => form.elements.namedItem(name);
  const beside = popover(form, {
    words: document.getElementById("mark-words"),
    close: document.getElementById("mark-close"),
    typed: () => field("new_text").value,
    back: () => frame.focus(),
  });

  const look = (selection, inFrame) => {
    const found = chosen(selection, PLACES);
    if (!found) return;
    field("place").value = found.place.dataset.place;
    field("quote").value = found.quote;
    field("nth").value = String(found.nth);
    const off = inFrame ? frame.getBoundingClientRect() : { left: 0, top: 0 };
    beside.open(found.quote, { left: found.box.left + off.left, bottom: found.box.bottom + off.top });
    say(`已选“${found.quote}”`);
    // Words that are selected are mostly to read otherwise: the correction can be typed at once.
    field("new_text").focus({ preventScroll: true });
  };

  document.getElementById("lines").addEventListener("keyup", () => look(document.getSelection(), false));
  document.getElementById("lines").addEventListener("mouseup", () => look(document.getSelection(), false));

  form.addEventListener("htmx:afterRequest", (event) => {
    if (!event.detail.successful || document.getElementById("problem")) return;
    for (const name of ["quote", "new_text"]) field(name).value = "";
    field("nth").value = "1";
    const wasOpen = beside.isOpen();
    beside.shut();
    if (wasOpen) frame.focus();
    else field("quote").focus();
  });
  return look;
}

// Nothing may listen inside the frame: what is selected there, and how high it is, is looked at from outside.
function refit(known) {
  const now = sheetOf().body.scrollHeight;
  if (now === known) return known;
  fit();
  draw();
  return sheetOf().body.scrollHeight;
}

const spotOf = (selection) => {
  if (!selection?.rangeCount || selection.isCollapsed) return "";
  const range = selection.getRangeAt(0);
  return `${range.startOffset} ${range.endOffset} ${selection}`;
};

// Words count as selected once they have stayed so from one look to the next.
function watch(look) {
  let [seen, last, height] = ["", "", 0];
  setInterval(() => {
    if (document.hidden || !sheetOf()?.body) return;
    height = refit(height);
    const spot = spotOf(sheetOf().getSelection());
    if (spot === seen && spot !== last) {
      last = spot;
      if (spot) look?.(sheetOf().getSelection(), true);
    }
    seen = spot;
  }, EVERY);
}

function begin() {
  if (!sheetOf()?.body) return;
  placed(sheetOf());
  fit();
  draw();
  watch(form ? markOnSheet() : null);
  window.addEventListener("resize", () => {
    fit();
    draw();
  });
  document.addEventListener("htmx:afterSettle", draw);
}

if (frame) {
  if (sheetOf()?.readyState === "complete" && sheetOf().body.childElementCount) begin();
  else frame.addEventListener("load", begin, { once: true });
}

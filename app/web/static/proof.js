// Selecting words in the text of a proof fills the mark's form; the form works without it.
// The server counts positions: here only the words and which of their occurrences are read off.

import { say } from "./live.js";

const lines = document.getElementById("lines");
const form = document.getElementById("mark-form");

if (lines && form) {
  const field = (name) => form.elements.namedItem(name);

  const choose = () => {
    const selection = document.getSelection();
    if (!selection || selection.isCollapsed) return;
    const range = selection.getRangeAt(0);
    const line = range.startContainer.parentElement?.closest("[data-place]");
    if (!line || !lines.contains(line) || !line.contains(range.endContainer)) return;
    const quote = range.toString();
    if (!quote) return;
    const before = document.createRange();
    before.selectNodeContents(line);
    before.setEnd(range.startContainer, range.startOffset);
    // Occurrences are counted as the server does: from each one's first character on, overlapping ones too.
    const text = line.textContent,
      start = before.toString().length;
    let nth = 0;
    for (
      let found = text.indexOf(quote);
      found !== -1 && found <= start;
      found = text.indexOf(quote, found + 1)
    )
      nth += 1;
    field("place").value = line.dataset.place;
    field("quote").value = quote;
    field("nth").value = String(Math.max(nth, 1));
    say(`已选“${quote}”`);
  };

  form.addEventListener("htmx:afterRequest", (event) => {
    if (!event.detail.successful || document.getElementById("problem")) return;
    for (const name of ["quote", "new_text"]) field(name).value = "";
    field("nth").value = "1";
    field("quote").focus();
  });

  lines.addEventListener("mouseup", choose);
  lines.addEventListener("keyup", choose);
}

// The words that are selected in a text: in which place, and which of their occurrences there.
// The server counts positions; what a page adds to a text (an address after a link) is not counted.

const ADDED = ".doc-link-to";

// Text nodes of a place, in order, without what the page added.
function* pieces(place) {
  const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (!node.parentElement.closest(ADDED)) yield node;
}

export const wordsOf = (place) => [...pieces(place)].map((node) => node.data).join("");

// Returns where `node` and `offset` are in the words of a place, in UTF-16 units.
function position(place, node, offset) {
  const range = document.createRange();
  range.setStart(place, 0);
  range.setEnd(node, offset);
  let at = 0;
  for (const piece of pieces(place)) {
    if (piece === node) return at + offset;
    if (range.comparePoint(piece, piece.length) > 0) return at;
    at += piece.length;
  }
  return at;
}

// Returns place, words, number of the occurrence and rectangle of what is selected within one of `places`.
export function chosen(selection, places) {
  if (!selection || selection.isCollapsed || !selection.rangeCount) return null;
  const range = selection.getRangeAt(0);
  const from = range.startContainer;
  const place = (from.nodeType === Node.ELEMENT_NODE ? from : from.parentElement).closest(places);
  if (!place) return null;
  const text = wordsOf(place);
  const start = position(place, range.startContainer, range.startOffset);
  const end = place.contains(range.endContainer)
    ? position(place, range.endContainer, range.endOffset)
    : text.length;
  const quote = text.slice(start, end);
  if (!quote.trim()) return null;
  // Occurrences are counted as the server does: from each one's first character on, overlapping ones too.
  let nth = 0;
  for (let at = text.indexOf(quote); at !== -1 && at <= start; at = text.indexOf(quote, at + 1)) nth += 1;
  return { place, quote, nth: Math.max(nth, 1), box: range.getBoundingClientRect() };
}

// Returns the range of `start:end` of a place; null where its words end before.
export function rangeOf(place, start, end) {
  const range = document.createRange();
  let at = 0;
  let begun = false;
  for (const piece of pieces(place)) {
    if (!begun && start < at + piece.length) {
      range.setStart(piece, start - at);
      begun = true;
    }
    if (begun && end <= at + piece.length) {
      range.setEnd(piece, end - at);
      return range;
    }
    at += piece.length;
  }
  return null;
}

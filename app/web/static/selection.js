// The words that are selected in a text: in which place, and which of their occurrences there.
// The server counts positions; what a page adds to a text (an address after a link, its number) is not counted.

const ADDED = ".doc-link-to, small";

// The pieces of a place's words in order: text nodes, and line breaks as the character that they stand for.
function* pieces(place, places) {
  const walker = place.ownerDocument.createTreeWalker(place, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const holder = node.parentElement;
    if (holder.closest(ADDED) || holder.closest(places) !== place) continue;
    if (node.nodeType === Node.TEXT_NODE) yield { node, text: node.data };
    else if (node.tagName === "BR") yield { node, text: "\n" };
  }
}

export const wordsOf = (place, places) => [...pieces(place, places)].map((piece) => piece.text).join("");

// Returns where `node` and `offset` are in the words of a place, in UTF-16 units.
function position(place, places, node, offset) {
  const range = place.ownerDocument.createRange();
  range.setStart(place, 0);
  range.setEnd(node, offset);
  let at = 0;
  for (const piece of pieces(place, places)) {
    if (piece.node === node) return at + offset;
    if (range.comparePoint(piece.node, 0) > 0) return at;
    at += piece.text.length;
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
  const text = wordsOf(place, places);
  const start = position(place, places, range.startContainer, range.startOffset);
  const within = place.contains(range.endContainer);
  const end = within ? position(place, places, range.endContainer, range.endOffset) : text.length;
  const quote = text.slice(start, end);
  if (!quote.trim()) return null;
  // Occurrences are counted as the server does: from each one's first character on, overlapping ones too.
  let nth = 0;
  for (let at = text.indexOf(quote); at !== -1 && at <= start; at = text.indexOf(quote, at + 1)) nth += 1;
  return { place, quote, nth: Math.max(nth, 1), box: range.getBoundingClientRect() };
}

// Returns the range of `start:end` of a place; null where its words end before.
export function rangeOf(place, places, start, end) {
  const range = place.ownerDocument.createRange();
  let at = 0;
  let begun = false;
  for (const { node, text } of pieces(place, places)) {
    const next = at + text.length;
    const inText = node.nodeType === Node.TEXT_NODE;
    if (!begun && (start < next || (start === next && start === end))) {
      if (inText) range.setStart(node, start - at);
      else range.setStartBefore(node);
      begun = true;
    }
    if (begun && end <= next) {
      if (inText) range.setEnd(node, end - at);
      else range.setEndAfter(node);
      return range;
    }
    at = next;
  }
  return null;
}

// What is shown in the text and is no part of it: signs of lists, heads of tables, and findings beside their paragraph.

import { Plugin, PluginKey } from "prosemirror-state";
import { TableMap } from "prosemirror-tables";
import { Decoration, DecorationSet } from "prosemirror-view";
import { positionIn } from "./mapping.js";
import { signs } from "./numbers.js";

function dressed(doc) {
  const all = [];
  signs(doc, (node, pos, sign) => {
    all.push(Decoration.node(pos, pos + node.nodeSize, { "data-sign": sign }));
  });
  doc.forEach((node, pos) => {
    if (node.type.name !== "table") return;
    const grid = node.child(1),
      start = pos + 1 + node.child(0).nodeSize + 1;
    if (!node.child(0).content.size)
      all.push(Decoration.node(pos + 1, pos + 1 + node.child(0).nodeSize, { class: "empty-caption" }));
    const map = TableMap.get(grid);
    for (const at of new Set(map.map))
      if (map.findCell(at).top < grid.attrs.head)
        all.push(Decoration.node(start + at, start + at + grid.nodeAt(at).nodeSize, { class: "head" }));
  });
  return DecorationSet.create(doc, all);
}

export const dress = new Plugin({
  state: {
    init: (_, { doc }) => dressed(doc),
    apply: (tr, now) => (tr.docChanged ? dressed(tr.doc) : now),
  },
  props: {
    decorations(state) {
      return this.getState(state);
    },
  },
});

// Where a text of a block begins in the document, as a function of code points; null for one that is no text of it.
function placed({ node, pos }, path) {
  const [part, row, column] = path;
  if (node.isTextblock) return (points) => positionIn(node, pos, points);
  if (node.type.name !== "table") return null;
  if (part === "caption") return (points) => positionIn(node.child(0), pos + 1, points);
  const grid = node.child(1),
    map = TableMap.get(grid),
    start = pos + 1 + node.child(0).nodeSize + 1;
  const at = map.map[Number(row) * map.width + Number(column)];
  if (at === undefined) return null;
  return (points) => inLines(grid.nodeAt(at), start + at, points);
}

function inLines(cell, pos, points) {
  let left = points,
    found = pos + 2;
  cell.forEach((line, offset) => {
    const long = [...line.textBetween(0, line.content.size, "", "\n")].length;
    if (left >= 0) found = positionIn(line, pos + 1 + offset, Math.min(left, long));
    left -= long + 1;
  });
  return found;
}

const key = new PluginKey("findings");
const words = (doc, from, to) => doc.textBetween(from, to, "\n", "\n");

function rangeOf(doc, block, list, data) {
  const place = placed(block, list.dataset.place.split("/").slice(2));
  if (!place || data.words === undefined) return null;
  const [from, to] = [place(Number(data.start)), place(Number(data.end))];
  return from < to && words(doc, from, to) === data.words ? { from, to } : null;
}

// The decorations for lists of findings, one list a place, beside the blocks that were sent.
function found(doc, kept, lists) {
  const all = [];
  for (const list of lists) {
    const block = kept[Number(list.dataset.place.split("/")[1])];
    if (!block) continue;
    for (const item of list.querySelectorAll("[data-severity]")) {
      const range = rangeOf(doc, block, list, item.dataset);
      if (range)
        all.push(Decoration.inline(range.from, range.to, { class: `hit hit-${item.dataset.severity}` }));
    }
    const end = block.pos + block.node.nodeSize;
    const dom = document.importNode(list, true);
    dom.hidden = false;
    dom.contentEditable = "false";
    for (const button of dom.querySelectorAll("[data-fix]")) button.hidden = false;
    all.push(
      Decoration.widget(end, dom, {
        side: -1,
        stopEvent: () => true,
        ignoreSelection: true,
        key: dom.outerHTML,
      }),
    );
  }
  return DecorationSet.create(doc, all);
}

export const findings = new Plugin({
  key,
  state: {
    init: () => DecorationSet.empty,
    apply(tr, now) {
      const told = tr.getMeta(key);
      return told ? found(tr.doc, told.kept, told.lists) : now.map(tr.mapping, tr.doc);
    },
  },
  props: {
    decorations(state) {
      return this.getState(state);
    },
  },
});

// Shows lists of findings; `kept` are the blocks as they were checked.
export function tell(view, kept, lists) {
  view.dispatch(view.state.tr.setMeta(key, { kept, lists }).setMeta("addToHistory", false));
}

// Writes a suggestion in the place of the words that it is for; false where those have changed.
export function follow(view, block, list, data) {
  const range = rangeOf(view.state.doc, block, list, data);
  if (!range) return false;
  const { schema, tr, doc } = view.state;
  const marks = doc.resolve(range.from).marksAcross(doc.resolve(range.to)) || [];
  if (data.fix) tr.replaceWith(range.from, range.to, schema.text(data.fix, marks));
  else tr.delete(range.from, range.to);
  view.dispatch(tr.scrollIntoView());
  return true;
}

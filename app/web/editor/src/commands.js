// What one does to a text, each as a command of ProseMirror: asked without `dispatch`, it says whether it can be done.

import { splitBlockAs, toggleMark } from "prosemirror-commands";
import { Selection, TextSelection } from "prosemirror-state";
import {
  addColumnAfter,
  addColumnBefore,
  addRowAfter,
  addRowBefore,
  deleteColumn,
  deleteRow,
  isInTable,
  selectedRect,
} from "prosemirror-tables";
import { DEEPEST_LIST } from "./kinds.js";
import { toNode } from "./mapping.js";
import { schema } from "./schema.js";

const { nodes, marks } = schema;

// The top blocks that a selection touches, with their places.
export function blocksOf({ doc, selection }) {
  const { $from, from, to, empty } = selection;
  if (empty) return $from.depth ? [{ node: $from.node(1), pos: $from.before(1) }] : [];
  const chosen = [];
  doc.forEach((node, pos) => {
    if (from < pos + node.nodeSize && to > pos) chosen.push({ node, pos });
  });
  return chosen;
}

const changing = (choose, change) => (state, dispatch) => {
  const chosen = blocksOf(state).filter(({ node }) => choose(node));
  if (!chosen.length) return false;
  if (dispatch) {
    const { tr } = state;
    for (const { node, pos } of chosen) change(tr, node, pos);
    dispatch(tr.scrollIntoView());
  }
  return true;
};

const isItem = (node) => node.type === nodes.list_item;
const has = (name) => (node) => node.isTextblock && name in node.attrs;

// Makes the blocks of the selection paragraphs, headings, items or quotes; what both kinds have stays.
export const become = (name, attrs = {}) =>
  changing(
    (node) => node.isTextblock,
    (tr, node, pos) => {
      const { align, held } = node.attrs;
      const kept = node.type.name === name ? node.attrs : { align, held };
      tr.setNodeMarkup(pos, nodes[name], { ...kept, ...attrs });
    },
  );

const set = (choose, name, value) =>
  changing(choose, (tr, node, pos) =>
    tr.setNodeAttribute(pos, name, typeof value === "function" ? value(node.attrs[name]) : value),
  );

export const align = (value) => set(has("align"), "align", value);
export const numbering = (value) => set(isItem, "numbering", value);
export const continues = set(isItem, "continues", (now) => !now);
export const numberFrom = (value) => set(isItem, "number", value);
export const deeper = set(
  (node) => isItem(node) && node.attrs.depth < DEEPEST_LIST,
  "depth",
  (depth) => depth + 1,
);
export const higher = set(
  (node) => isItem(node) && node.attrs.depth > 0,
  "depth",
  (depth) => depth - 1,
);

export const toggle = (name) => {
  const other = { superscript: marks.subscript, subscript: marks.superscript }[name];
  const plain = toggleMark(marks[name]);
  return (state, dispatch) =>
    plain(
      state,
      dispatch &&
        ((tr) => {
          if (other)
            for (const { $from, $to } of state.selection.ranges) tr.removeMark($from.pos, $to.pos, other);
          dispatch(tr);
        }),
    );
};

export function clear(state, dispatch) {
  const { ranges, empty } = state.selection;
  if (empty) return false;
  if (dispatch) {
    const { tr } = state;
    for (const { $from, $to } of ranges) tr.removeMark($from.pos, $to.pos);
    dispatch(tr);
  }
  return true;
}

// The link at the cursor: its address, and from where to where it goes; null without one.
export function linkAt(state) {
  const { $from, from, to, empty } = state.selection;
  const { parent } = $from;
  if (!parent.isTextblock) return null;
  const found = [];
  parent.forEach((node, offset) => {
    const mark = marks.link.isInSet(node.marks);
    const start = $from.start() + offset;
    const last = found[found.length - 1];
    if (!mark) return;
    if (last?.to === start && last.href === mark.attrs.href) last.to = start + node.nodeSize;
    else found.push({ from: start, to: start + node.nodeSize, href: mark.attrs.href });
  });
  return (
    found.find((link) => (empty ? link.from <= from && from <= link.to : link.from < to && from < link.to)) ||
    null
  );
}

export const ADDRESS = /^(?:https?:\/\/[^/?#\s\\][^\s\\]*|(?:mailto|tel):[^\s\\]+)$/i;

export const setLink = (href) => (state, dispatch) => {
  const there = linkAt(state);
  const { selection } = state;
  const [from, to] = selection.empty && there ? [there.from, there.to] : [selection.from, selection.to];
  const { tr } = state;
  if (from === to) {
    if (!href || !selection.$from.parent.type.allowsMarkType(marks.link)) return false;
    tr.replaceSelectionWith(schema.text(href, [marks.link.create({ href })]), false);
  } else {
    tr.removeMark(from, to, marks.link);
    if (href) tr.addMark(from, to, marks.link.create({ href }));
  }
  if (dispatch) dispatch(tr.scrollIntoView());
  return true;
};

export function lineBreak(state, dispatch) {
  if (!state.selection.$from.parent.isTextblock) return false;
  if (dispatch) dispatch(state.tr.replaceSelectionWith(nodes.break.create(), true).scrollIntoView());
  return true;
}

// Enter: a cell and a caption are left as they are in one piece; an empty item ends its list.
export function enter(state, dispatch) {
  const { $from, empty } = state.selection;
  const { parent } = $from;
  if (parent.type === nodes.cell_text) return lineBreak(state, dispatch);
  if (parent.type === nodes.table_caption) return true;
  if (parent.type === nodes.list_item && empty && !parent.content.size)
    return parent.attrs.depth ? higher(state, dispatch) : become("paragraph")(state, dispatch);
  return splitBlockAs((node, atEnd) => {
    const attrs = { align: node.attrs.align ?? null };
    if (node.type === nodes.list_item)
      return { type: nodes.list_item, attrs: { ...node.attrs, held: null, number: null, continues: false } };
    if (node.type === nodes.quote) return { type: nodes.quote, attrs };
    return atEnd
      ? { type: nodes.paragraph, attrs: {} }
      : { type: node.type, attrs: { ...node.attrs, held: null } };
  })(state, dispatch);
}

// Backspace at the beginning of an item, a heading or a quote makes it a paragraph first.
export function undress(state, dispatch) {
  const { $from, empty } = state.selection;
  if (!empty || $from.parentOffset || $from.depth !== 1 || $from.parent.type === nodes.paragraph)
    return false;
  return become("paragraph")(state, dispatch);
}

const placeAfter = ({ selection }) => (selection.$from.depth ? selection.$from.after(1) : selection.to);

// Puts a block after the one at the cursor, or in the place of an empty paragraph there.
export const put = (make) => (state, dispatch) => {
  const { $from } = state.selection;
  const node = make();
  const isEmpty = $from.depth === 1 && $from.parent.type === nodes.paragraph && !$from.parent.content.size;
  if (dispatch) {
    const at = isEmpty ? $from.before(1) : placeAfter(state);
    const tr = isEmpty ? state.tr.replaceWith(at, at + 2, node) : state.tr.insert(at, node);
    dispatch(tr.setSelection(Selection.near(tr.doc.resolve(at + 1))).scrollIntoView());
  }
  return true;
};

export const divider = put(() => nodes.divider.create());
export const table = put(() => toNode({ kind: "table", rows: Array(3).fill(["", "", ""]), caption: "" }));
export const image = (sha256, alt = "") => put(() => nodes.image.create({ sha256, alt }));

const beside = (after) => (state, dispatch) => {
  const { $from, from, to } = state.selection;
  const at = $from.depth ? (after ? $from.after(1) : $from.before(1)) : after ? to : from;
  if (dispatch) {
    const tr = state.tr.insert(at, nodes.paragraph.create());
    dispatch(tr.setSelection(TextSelection.create(tr.doc, at + 1)).scrollIntoView());
  }
  return true;
};
export const before = beside(false);
export const after = beside(true);

function extent(chosen) {
  const last = chosen[chosen.length - 1];
  return { start: chosen[0].pos, end: last.pos + last.node.nodeSize };
}

// Moves what is chosen past its neighbour, and the selection with it.
const moving = (neighbour, swap) => (state, dispatch) => {
  const chosen = blocksOf(state);
  const other = chosen.length && neighbour(state.doc, extent(chosen));
  if (!other) return false;
  if (dispatch) {
    const { anchor, head } = state.selection;
    const { tr } = state;
    const by = swap(tr, extent(chosen), other);
    const moved = TextSelection.between(tr.doc.resolve(anchor + by), tr.doc.resolve(head + by));
    dispatch(tr.setSelection(moved).scrollIntoView());
  }
  return true;
};
export const up = moving(
  (doc, { start }) => doc.resolve(start).nodeBefore,
  (tr, { start, end }, other) => {
    tr.delete(start - other.nodeSize, start).insert(end - other.nodeSize, other);
    return -other.nodeSize;
  },
);
export const down = moving(
  (doc, { end }) => doc.resolve(end).nodeAfter,
  (tr, { start, end }, other) => {
    tr.delete(end, end + other.nodeSize).insert(start, other);
    return other.nodeSize;
  },
);

export function remove(state, dispatch) {
  const chosen = blocksOf(state);
  if (!chosen.length) return false;
  if (dispatch) {
    const last = chosen[chosen.length - 1];
    const [from, to] = [chosen[0].pos, last.pos + last.node.nodeSize];
    const all = chosen.length === state.doc.childCount;
    const tr = all ? state.tr.replaceWith(from, to, nodes.paragraph.create()) : state.tr.delete(from, to);
    dispatch(
      tr.setSelection(Selection.near(tr.doc.resolve(Math.min(from, tr.doc.content.size)))).scrollIntoView(),
    );
  }
  return true;
}

// A command that changes the rows of a table, and what becomes of the number of its head rows.
const rows = (command, headAfter) => (state, dispatch) => {
  if (!isInTable(state)) return false;
  if (!dispatch) return command(state);
  const rect = selectedRect(state);
  const { head } = rect.table.attrs;
  return command(state, (tr) => {
    const now = headAfter(rect, head);
    if (now !== head) tr.setNodeAttribute(rect.tableStart - 1, "head", now);
    dispatch(tr.scrollIntoView());
  });
};
export const rowBefore = rows(addRowBefore, ({ top }, head) => (top < head ? head + 1 : head));
export const rowAfter = rows(addRowAfter, ({ bottom }, head) => (bottom < head ? head + 1 : head));
export const dropRow = rows(
  deleteRow,
  ({ top, bottom }, head) => head - Math.max(0, Math.min(bottom, head) - top),
);
export const columnBefore = addColumnBefore;
export const columnAfter = addColumnAfter;
export const dropColumn = deleteColumn;

export const headUntil = (state) => {
  const rect = selectedRect(state);
  return rect.table.attrs.head === rect.bottom;
};
// The rows from the first to the one at the cursor are the head; once more, and there is none.
export function head(state, dispatch) {
  if (!isInTable(state)) return false;
  if (dispatch) {
    const rect = selectedRect(state);
    const now = headUntil(state) ? 0 : rect.bottom;
    dispatch(state.tr.setNodeAttribute(rect.tableStart - 1, "head", now));
  }
  return true;
}

export const inTable = (state) => {
  const { $from } = state.selection;
  return $from.depth > 0 && $from.node(1).type === nodes.table;
};
export function dropTable(state, dispatch) {
  return inTable(state) && remove(state, dispatch);
}

const NUMBER = /^\[(\d{1,6})\]/;
const isRaised = (node) => node.isText && marks.superscript.isInSet(node.marks);

// Where the footnotes of a text are: their numbers with the places of mark and note, those that there are.
function footnotes(doc) {
  const all = new Map();
  const of = (number) => all.get(number) || all.set(number, {}).get(number);
  doc.descendants((node, pos) => {
    const number = NUMBER.exec(node.isTextblock ? node.textContent : node.text || "");
    if (!number) return;
    if (isRaised(node)) of(Number(number[1])).mark ??= pos;
    else if (node.isTextblock && !isRaised(node.firstChild)) of(Number(number[1])).note ??= pos;
  });
  return all;
}

// Raises the next number at the cursor, and writes its note at the end, where one then is.
export function footnote(state, dispatch) {
  const { $to } = state.selection;
  if (!$to.parent.isTextblock || !$to.parent.type.allowsMarkType(marks.superscript)) return false;
  if (dispatch) {
    const number = Math.max(0, ...footnotes(state.doc).keys()) + 1;
    const tr = state.tr.insert($to.pos, schema.text(`[${number}]`, [marks.superscript.create()]));
    const last = tr.doc.lastChild;
    const isSpare = last.type === nodes.paragraph && !last.content.size && tr.doc.childCount > 1;
    const at = tr.doc.content.size - (isSpare ? last.nodeSize : 0);
    tr.insert(at, nodes.paragraph.create(null, schema.text(`[${number}] `)));
    tr.setSelection(TextSelection.create(tr.doc, at + 1 + `[${number}] `.length));
    dispatch(tr.scrollIntoView());
  }
  return true;
}

// From the mark of a footnote to its note, and back.
export function otherEnd(state, dispatch) {
  const { $from } = state.selection;
  for (const { mark, note } of footnotes(state.doc).values()) {
    if (mark === undefined || note === undefined) continue;
    const size = state.doc.nodeAt(mark).nodeSize;
    const isAtMark = mark <= $from.pos && $from.pos <= mark + size;
    const isAtNote = note < $from.pos && $from.pos < note + state.doc.nodeAt(note).nodeSize;
    if (!isAtMark && !isAtNote) continue;
    if (dispatch) {
      const at = isAtMark ? note + state.doc.nodeAt(note).nodeSize - 1 : mark + size;
      dispatch(
        state.tr.setSelection(TextSelection.create(state.doc, at)).setStoredMarks([]).scrollIntoView(),
      );
    }
    return true;
  }
  return false;
}

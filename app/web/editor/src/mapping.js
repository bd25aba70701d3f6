// Blocks of a `Document` become nodes, and nodes become blocks. Positions of spans are code points, those of nodes UTF-16.

import { TableMap } from "prosemirror-tables";
import { BLOCKS, complete, isKnown } from "./kinds.js";
import { schema } from "./schema.js";

const nodes = schema.nodes;

// Two readings side by side are two, also when they say the same: each knows where it began.
const ATTRS = {
  link: ({ href }) => ({ href }),
  ruby: ({ reading, start }) => ({ reading, began: start }),
};
const markOf = (span) => schema.marks[span.kind].create(ATTRS[span.kind]?.(span));

function spanOf(mark, start) {
  const { href = null, reading } = mark.attrs;
  return { kind: mark.type.name, start, href, ...(reading ? { reading } : {}) };
}

// A text with its spans as text nodes and breaks, each under the marks that lie over it.
export function inline(text, spans = []) {
  const letters = [...text];
  const cuts = new Set([0, letters.length]);
  for (const span of spans) cuts.add(span.start).add(span.end);
  letters.forEach((letter, at) => {
    if (letter === "\n") cuts.add(at).add(at + 1);
  });
  const edges = [...cuts].filter((at) => at <= letters.length).sort((a, b) => a - b);
  return edges.slice(0, -1).map((start, index) => {
    const over = spans.filter((span) => span.start <= start && edges[index + 1] <= span.end);
    const marks = over.reduce((set, span) => markOf(span).addToSet(set), []);
    const words = letters.slice(start, edges[index + 1]).join("");
    return words === "\n" ? nodes.break.create(null, null, marks) : schema.text(words, marks);
  });
}

const order = (a, b) =>
  a.start - b.start ||
  a.end - b.end ||
  (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0) ||
  ((a.href || "") < (b.href || "") ? -1 : 1);

// The text of inline content with its spans, in the order in which the intake writes them.
export function written(content) {
  const opened = new Map(),
    spans = [];
  let text = "",
    at = 0;
  const close = (over) => {
    for (const [key, span] of opened)
      if (!over.has(key)) {
        spans.push({ ...span, end: at });
        opened.delete(key);
      }
  };
  content.forEach((node) => {
    const over = new Map(node.marks.map((mark) => [`${mark.type.name} ${JSON.stringify(mark.attrs)}`, mark]));
    close(over);
    for (const [key, mark] of over) if (!opened.has(key)) opened.set(key, spanOf(mark, at));
    const words = node.isText ? node.text : "\n";
    text += words;
    at += [...words].length;
  });
  close(new Map());
  return { text, spans: spans.sort(order) };
}

function gridOf(block) {
  const covered = new Set(),
    areas = new Map();
  for (const merge of block.merges) {
    const { row, column, rows = 1, columns = 1 } = merge;
    areas.set(`${row}/${column}`, { rowspan: rows, colspan: columns });
    for (let down = row; down < row + rows; down++)
      for (let across = column; across < column + columns; across++)
        if (down !== row || across !== column) covered.add(`${down}/${across}`);
  }
  const marked = new Map();
  for (const span of block.spans) {
    const place = `${span.row}/${span.column}`;
    marked.set(place, [...(marked.get(place) || []), span]);
  }
  const rows = block.rows.map((cells, row) =>
    nodes.table_row.create(
      null,
      cells
        .map((text, column) => ({ text, place: `${row}/${column}` }))
        .filter((cell) => !covered.has(cell.place))
        .map(({ text, place }) =>
          nodes.table_cell.create(
            areas.get(place) || null,
            nodes.cell_text.create(null, inline(text, marked.get(place))),
          ),
        ),
    ),
  );
  return nodes.table_grid.create({ head: block.head_rows }, rows);
}

// One block as a node; what the editor does not know becomes a box that holds it.
export function toNode(block, held = null) {
  if (!isKnown(block)) return nodes.opaque.create({ json: JSON.stringify(block), held });
  const { kind, text, spans, ...attrs } = complete(block);
  if (kind === "table") {
    const given = complete(block);
    const caption = nodes.table_caption.create(null, inline(given.caption));
    return nodes.table.create({ held }, [caption, gridOf(given)]);
  }
  return nodes[kind].create({ ...attrs, held }, text === undefined ? null : inline(text, spans));
}

const joined = (cell) => {
  const lines = [];
  cell.forEach((line) => {
    lines.push(written(line.content));
  });
  let at = 0;
  const spans = [];
  for (const line of lines) {
    for (const span of line.spans) spans.push({ ...span, start: span.start + at, end: span.end + at });
    at += [...line.text].length + 1;
  }
  return { text: lines.map((line) => line.text).join("\n"), spans: spans.sort(order) };
};

function tableOf(node) {
  const grid = node.child(1),
    map = TableMap.get(grid);
  const rows = Array.from({ length: map.height }, () => Array(map.width).fill(""));
  const merges = [],
    spans = [];
  for (const at of new Set(map.map)) {
    const area = map.findCell(at),
      [row, column] = [area.top, area.left];
    const cell = joined(grid.nodeAt(at));
    rows[row][column] = cell.text;
    for (const span of cell.spans) spans.push({ ...span, row, column });
    const [height, width] = [area.bottom - row, area.right - column];
    if (height > 1 || width > 1) merges.push({ row, column, rows: height, columns: width });
  }
  const caption = written(node.child(0).content).text;
  return { kind: "table", rows, caption, head_rows: Math.min(grid.attrs.head, map.height), merges, spans };
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
//: Fields that came after the first documents are not written where they say what goes without saying.
const LATER = ["align", "number", "numbering", "continues", "head_rows", "merges"];

function bare(block) {
  const left = { ...block };
  for (const name of LATER) if (name in left && same(left[name], BLOCKS[block.kind][name])) delete left[name];
  if (block.kind === "table" && !left.spans.length) delete left.spans;
  return left;
}

// One node as a block, written anew.
export function toBlock(node) {
  const kind = node.type.name;
  if (kind === "opaque") return JSON.parse(node.attrs.json);
  if (kind === "table") return bare(tableOf(node));
  const { held: _, ...attrs } = node.attrs;
  return bare({ kind, ...attrs, ...(node.isTextblock ? written(node.content) : {}) });
}

// A text in the editor: its node, and what each block was when it came.
export function load(blocks) {
  const loaded = blocks.map((block, index) => toNode(block, index));
  return { doc: nodes.doc.create(null, ended(loaded)), loaded, blocks };
}

const ended = (loaded) =>
  loaded.length && loaded[loaded.length - 1].isTextblock ? loaded : [...loaded, nodes.paragraph.create()];

const isBlank = (node) => node.isTextblock && !node.textContent.trim();

// The blocks of a text with the place of each node: what nobody touched as it came; empty paragraphs that
// somebody left are none.
export function save(doc, from) {
  const kept = [];
  doc.forEach((node, pos) => {
    const { held } = node.attrs;
    const untouched = held !== null && from.loaded[held]?.eq(node);
    if (untouched) kept.push({ block: from.blocks[held], node, pos });
    else if (!isBlank(node)) kept.push({ block: toBlock(node), node, pos });
  });
  return kept;
}

// Where a position of a block's text lies: code points become a place in the document.
export function positionIn(node, pos, points) {
  let left = points,
    found = null;
  node.forEach((child, offset) => {
    if (found !== null) return;
    const size = child.isText ? [...child.text].length : 1;
    if (left <= size) {
      const units = child.isText ? [...child.text].slice(0, left).join("").length : left;
      found = pos + 1 + offset + units;
    }
    left -= size;
  });
  return found === null ? pos + 1 + node.content.size : found;
}

// What the product's `Document` holds, as the editor knows it: each kind of block with its fields, and what a field says
// when it is not written. A block or a span that is not exactly one of these is held as it is and never taken apart.
// `tests/web/test_editor_schema.py` holds this table to `app/domain/document/model.py`.

const TEXT = { text: "", spans: [], align: null };

export const BLOCKS = {
  paragraph: TEXT,
  heading: { ...TEXT, level: 1 },
  list_item: { ...TEXT, ordered: false, depth: 0, number: null, numbering: "decimal", continues: false },
  quote: TEXT,
  table: { rows: null, caption: "", head_rows: 1, merges: [], spans: [] },
  image: { sha256: null, alt: "", caption: "", credit: "" },
  video: { sha256: null, caption: "" },
  divider: {},
};

export const ALIGNMENTS = ["center", "right"];
export const NUMBERINGS = ["decimal", "lower_alpha", "upper_alpha", "lower_roman", "upper_roman", "chinese"];
export const SPAN = ["kind", "start", "end", "href", "reading"];
export const CELL_SPAN = [...SPAN, "row", "column"];
export const MERGE = ["row", "column", "rows", "columns"];
export const MARKS = [
  "bold",
  "italic",
  "underline",
  "link",
  "strike",
  "superscript",
  "subscript",
  "emphasis",
  "ruby",
];
export const DEEPEST_LIST = 8;

const within = (given, names) => Object.keys(given).every((name) => names.includes(name));

// Tells whether a block is wholly of what the editor can show and change.
export function isKnown(block) {
  const fields = BLOCKS[block?.kind];
  if (!fields || !within(block, ["kind", ...Object.keys(fields)])) return false;
  if (block.align && !ALIGNMENTS.includes(block.align)) return false;
  if (block.numbering && !NUMBERINGS.includes(block.numbering)) return false;
  const known = block.kind === "table" ? CELL_SPAN : SPAN;
  if (!(block.spans || []).every((span) => MARKS.includes(span.kind) && within(span, known))) return false;
  return (block.merges || []).every((merge) => within(merge, MERGE));
}

// Returns a block with the fields that are not written, because they say what goes without saying.
export const complete = (block) => ({ ...BLOCKS[block.kind], ...block });

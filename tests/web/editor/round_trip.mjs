// Reads lists of blocks from standard input; writes for each what the committed editor makes of it untouched,
// and what it writes anew of each block. Needs node alone.

import { readFileSync } from "node:fs";
import * as editor from "../../../app/web/static/built/editor.js";

const { texts } = JSON.parse(readFileSync(0, "utf8"));
const answers = texts.map((blocks) => {
  const from = editor.load(blocks);
  from.doc.check();
  return {
    untouched: editor.save(from.doc, from).map((kept) => kept.block),
    anew: from.loaded.map((node) => editor.toBlock(node)),
    opaque: from.loaded.filter((node) => node.type.name === "opaque").length,
  };
});
const { BLOCKS, MARKS, SPAN, CELL_SPAN, MERGE, ALIGNMENTS, NUMBERINGS } = editor;
const tables = { BLOCKS, MARKS, SPAN, CELL_SPAN, MERGE, ALIGNMENTS, NUMBERINGS };
process.stdout.write(JSON.stringify({ answers, tables }));

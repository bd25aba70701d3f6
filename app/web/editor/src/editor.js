export { ALIGNMENTS, BLOCKS, CELL_SPAN, MARKS, MERGE, NUMBERINGS, SPAN } from "./kinds.js";
export { load, save, toBlock, toNode } from "./mapping.js";
export { schema } from "./schema.js";

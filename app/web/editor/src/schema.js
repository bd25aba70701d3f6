// The schema of the editor *is* the product's `Document`: one node a kind of block, one mark a kind of span.
// Every top block has `held`: which of the loaded blocks it was, so that what nobody touched is given back as it came.

import { Schema } from "prosemirror-model";
import { NUMBERINGS } from "./kinds.js";

const data = (dom, name) => dom.getAttribute(`data-${name}`);
const whole = (text) => (text === null || text === "" ? null : Number(text));
const alignOf = (dom) => data(dom, "align");
const aligned = (attrs) => (attrs.align ? { "data-align": attrs.align } : {});
const held = { held: { default: null } };

const text = {
  group: "block",
  content: "inline*",
  attrs: { ...held, align: { default: null } },
};

const levels = [1, 2, 3, 4, 5, 6];

export const schema = new Schema({
  nodes: {
    doc: { content: "block+" },
    paragraph: {
      ...text,
      parseDOM: [{ tag: "p", getAttrs: (dom) => ({ align: alignOf(dom) }) }],
      toDOM: (node) => ["p", aligned(node.attrs), 0],
    },
    heading: {
      ...text,
      defining: true,
      attrs: { ...text.attrs, level: { default: 1 } },
      // Level 1 of a document stands below the page's own heading.
      parseDOM: levels.map((level) => ({
        tag: `h${level}`,
        getAttrs: (dom) => ({ align: alignOf(dom), level: whole(data(dom, "level")) || level }),
      })),
      toDOM: (node) => [
        `h${Math.min(node.attrs.level + 1, 6)}`,
        { ...aligned(node.attrs), "data-level": node.attrs.level },
        0,
      ],
    },
    list_item: {
      ...text,
      defining: true,
      attrs: {
        ...text.attrs,
        ordered: { default: false },
        depth: { default: 0 },
        number: { default: null },
        numbering: { default: "decimal" },
        continues: { default: false },
      },
      parseDOM: [
        {
          tag: "div[data-item]",
          getAttrs: (dom) => ({
            align: alignOf(dom),
            ordered: data(dom, "ordered") === "yes",
            depth: whole(data(dom, "depth")) || 0,
            number: whole(data(dom, "number")),
            numbering: NUMBERINGS.includes(data(dom, "numbering")) ? data(dom, "numbering") : "decimal",
            continues: data(dom, "continues") === "yes",
          }),
        },
      ],
      toDOM: ({ attrs }) => [
        "div",
        {
          ...aligned(attrs),
          "data-item": "yes",
          "data-ordered": attrs.ordered ? "yes" : "no",
          "data-depth": attrs.depth,
          "data-number": attrs.number === null ? "" : attrs.number,
          "data-numbering": attrs.numbering,
          "data-continues": attrs.continues ? "yes" : "no",
        },
        0,
      ],
    },
    quote: {
      ...text,
      defining: true,
      parseDOM: [{ tag: "blockquote", getAttrs: (dom) => ({ align: alignOf(dom) }) }],
      toDOM: (node) => ["blockquote", aligned(node.attrs), 0],
    },
    table: {
      group: "block",
      content: "table_caption table_grid",
      isolating: true,
      attrs: held,
      parseDOM: [{ tag: "div[data-table]" }],
      toDOM: () => ["div", { "data-table": "yes" }, 0],
    },
    table_caption: {
      content: "(text | break)*",
      marks: "",
      isolating: true,
      parseDOM: [{ tag: "p[data-caption]", priority: 60 }],
      toDOM: () => ["p", { "data-caption": "yes" }, 0],
    },
    table_grid: {
      content: "table_row+",
      tableRole: "table",
      isolating: true,
      attrs: { head: { default: 1 } },
      parseDOM: [{ tag: "table", getAttrs: (dom) => ({ head: whole(data(dom, "head")) ?? 1 }) }],
      toDOM: (node) => ["table", { "data-head": node.attrs.head }, ["tbody", 0]],
    },
    table_row: {
      content: "table_cell*",
      tableRole: "row",
      parseDOM: [{ tag: "tr" }],
      toDOM: () => ["tr", 0],
    },
    table_cell: {
      content: "cell_text+",
      tableRole: "cell",
      isolating: true,
      attrs: { colspan: { default: 1 }, rowspan: { default: 1 }, colwidth: { default: null } },
      parseDOM: ["td", "th"].map((tag) => ({
        tag,
        getAttrs: (dom) => ({ colspan: dom.colSpan || 1, rowspan: dom.rowSpan || 1 }),
      })),
      toDOM: ({ attrs }) => ["td", { colspan: attrs.colspan, rowspan: attrs.rowspan }, 0],
    },
    cell_text: {
      content: "inline*",
      parseDOM: [{ tag: "p[data-cell]", priority: 60 }],
      toDOM: () => ["p", { "data-cell": "yes" }, 0],
    },
    image: {
      group: "block",
      atom: true,
      attrs: {
        ...held,
        sha256: {},
        alt: { default: "" },
        caption: { default: "" },
        credit: { default: "" },
      },
      parseDOM: [
        {
          tag: "figure[data-image]",
          getAttrs: (dom) => ({
            sha256: data(dom, "image"),
            alt: data(dom, "alt") || "",
            caption: data(dom, "caption") || "",
            credit: data(dom, "credit") || "",
          }),
        },
      ],
      toDOM: ({ attrs }) => [
        "figure",
        {
          "data-image": attrs.sha256,
          "data-alt": attrs.alt,
          "data-caption": attrs.caption,
          "data-credit": attrs.credit,
        },
      ],
    },
    video: {
      group: "block",
      atom: true,
      attrs: { ...held, sha256: {}, caption: { default: "" } },
      parseDOM: [
        {
          tag: "figure[data-video]",
          getAttrs: (dom) => ({ sha256: data(dom, "video"), caption: data(dom, "caption") || "" }),
        },
      ],
      toDOM: ({ attrs }) => ["figure", { "data-video": attrs.sha256, "data-caption": attrs.caption }],
    },
    divider: {
      group: "block",
      attrs: held,
      parseDOM: [{ tag: "hr" }],
      toDOM: () => ["hr"],
    },
    // What a newer version of the product wrote: shown as a box, moved and deleted whole, saved as it is.
    opaque: {
      group: "block",
      atom: true,
      attrs: { ...held, json: {} },
      parseDOM: [{ tag: "div[data-opaque]", getAttrs: (dom) => ({ json: data(dom, "opaque") }) }],
      toDOM: ({ attrs }) => ["div", { "data-opaque": attrs.json }],
    },
    text: { group: "inline" },
    break: {
      group: "inline",
      inline: true,
      selectable: false,
      leafText: () => "\n",
      parseDOM: [{ tag: "br" }],
      toDOM: () => ["br"],
    },
  },
  marks: {
    // Spans may lie over each other in every way, also two links: none excludes another.
    link: {
      attrs: { href: {} },
      inclusive: false,
      excludes: "",
      parseDOM: [{ tag: "a[data-href]", getAttrs: (dom) => ({ href: data(dom, "href") }) }],
      toDOM: (mark) => ["a", { "data-href": mark.attrs.href, title: mark.attrs.href }, 0],
    },
    // A reading above words (注音).
    ruby: {
      attrs: { reading: {}, began: { default: 0 } },
      inclusive: false,
      parseDOM: [
        {
          tag: "span[data-reading]",
          getAttrs: (dom) => ({ reading: data(dom, "reading"), began: whole(data(dom, "began")) || 0 }),
        },
      ],
      toDOM: ({ attrs }) => ["span", { "data-reading": attrs.reading, "data-began": attrs.began }, 0],
    },
    bold: { parseDOM: [{ tag: "strong" }, { tag: "b" }], toDOM: () => ["strong", 0] },
    italic: { parseDOM: [{ tag: "em:not([data-dots])" }, { tag: "i" }], toDOM: () => ["i", 0] },
    underline: { parseDOM: [{ tag: "u" }], toDOM: () => ["u", 0] },
    strike: { parseDOM: [{ tag: "s" }, { tag: "del" }], toDOM: () => ["s", 0] },
    superscript: { parseDOM: [{ tag: "sup" }], toDOM: () => ["sup", 0] },
    subscript: { parseDOM: [{ tag: "sub" }], toDOM: () => ["sub", 0] },
    emphasis: { parseDOM: [{ tag: "em[data-dots]" }], toDOM: () => ["em", { "data-dots": "yes" }, 0] },
  },
});

// The toolbar: every command with its button, what is on said by `aria-pressed`, arrows go along it.

import { redo, redoDepth, undo, undoDepth } from "prosemirror-history";
import { isInTable, mergeCells, splitCell } from "prosemirror-tables";
import * as commands from "./commands.js";
import { schema } from "./schema.js";

const { toggle } = commands;

export const COMMANDS = {
  undo,
  redo,
  left: commands.align(null),
  center: commands.align("center"),
  right: commands.align("right"),
  bold: toggle("bold"),
  italic: toggle("italic"),
  underline: toggle("underline"),
  strike: toggle("strike"),
  superscript: toggle("superscript"),
  subscript: toggle("subscript"),
  emphasis: toggle("emphasis"),
  clear: commands.clear,
  table: commands.table,
  footnote: commands.footnote,
  divider: commands.divider,
  break: commands.lineBreak,
  before: commands.before,
  after: commands.after,
  up: commands.up,
  down: commands.down,
  remove: commands.remove,
  deeper: commands.deeper,
  higher: commands.higher,
  continues: commands.continues,
  row_before: commands.rowBefore,
  row_after: commands.rowAfter,
  column_before: commands.columnBefore,
  column_after: commands.columnAfter,
  delete_row: commands.dropRow,
  delete_column: commands.dropColumn,
  merge: mergeCells,
  split: splitCell,
  head: commands.head,
  delete_table: commands.dropTable,
};

function hasMark(state, type) {
  const { from, to, $from, empty } = state.selection;
  if (empty) return Boolean(type.isInSet(state.storedMarks || $from.marks()));
  return state.doc.rangeHasMark(from, to, type);
}

const first = (state) => commands.blocksOf(state)[0]?.node;

function isOn(name, state) {
  if (name === "link") return Boolean(commands.linkAt(state));
  if (schema.marks[name]) return hasMark(state, schema.marks[name]);
  const node = first(state);
  if (name === "continues") return Boolean(node?.attrs.continues);
  if (name === "head") return isInTable(state) && commands.headUntil(state);
  const align = node && "align" in node.attrs ? node.attrs.align || "left" : "";
  return align === name;
}

function kindOf(node) {
  if (!node) return "other";
  const name = node.type.name;
  if (name === "heading") return `heading ${node.attrs.level}`;
  if (name === "list_item") return node.attrs.ordered ? "numbers" : "bullets";
  return name === "paragraph" || name === "quote" ? name : "other";
}

function chosen(value) {
  const [name, level] = value.split(" ");
  if (name === "heading") return commands.become("heading", { level: Number(level) });
  if (name === "bullets" || name === "numbers")
    return commands.become("list_item", { ordered: name === "numbers" });
  return commands.become(name);
}

export class Tools {
  constructor(root, view, own) {
    this.root = root;
    this.view = view;
    this.own = own;
    this.kind = root.querySelector("[data-kind]");
    this.numbering = root.querySelector("[data-numbering]");
    this.number = root.querySelector("[data-number]");
    this.buttons = [...root.querySelectorAll("[data-do]")];
    this.listen();
    this.update(view.state);
  }

  run(command) {
    command(this.view.state, this.view.dispatch, this.view);
    this.view.focus();
  }

  listen() {
    this.root.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (!button || button.getAttribute("aria-disabled") === "true") return;
      const own = this.own[button.dataset.do];
      if (own) own();
      else this.run(COMMANDS[button.dataset.do]);
    });
    // A press keeps the selection of the text.
    this.root.addEventListener("mousedown", (event) => {
      if (event.target.closest("[data-do]")) event.preventDefault();
    });
    this.kind.addEventListener("change", () => this.run(chosen(this.kind.value)));
    this.numbering.addEventListener("change", () => this.run(commands.numbering(this.numbering.value)));
    this.number.addEventListener("change", () => {
      const { value } = this.number;
      this.run(commands.numberFrom(value === "" ? null : Math.round(Number(value))));
    });
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.root.addEventListener("focusin", (event) => this.stop(event.target));
  }

  stops() {
    return [...this.root.querySelectorAll("button, select, input")].filter((one) => !one.closest("[hidden]"));
  }

  // One stop of the Tab key; the arrows go on from there.
  stop(at) {
    for (const one of this.root.querySelectorAll("button, select, input")) one.tabIndex = one === at ? 0 : -1;
  }

  key(event) {
    if (event.key === "Escape") this.view.focus();
    const isField = event.target.matches("input, select");
    const by = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === "Enter" && isField) event.preventDefault();
    if (!by || (event.target.matches("input") && event.key !== "Home" && event.key !== "End")) return;
    const stops = this.stops();
    const now = stops.indexOf(event.target);
    const next = Number.isFinite(by)
      ? (now + by + stops.length) % stops.length
      : by < 0
        ? 0
        : stops.length - 1;
    event.preventDefault();
    stops[next].focus();
  }

  enter() {
    const stops = this.stops();
    (stops.find((one) => one.tabIndex === 0) || stops[0]).focus();
  }

  update(state) {
    for (const button of this.buttons) {
      const name = button.dataset.do;
      if (button.hasAttribute("aria-pressed")) button.setAttribute("aria-pressed", String(isOn(name, state)));
      // A stop that is off stays reachable, so that the keys along the bar do not jump.
      button.setAttribute("aria-disabled", String(!this.can(name, state)));
    }
    const node = first(state);
    this.kind.value = kindOf(node);
    const isList = node?.type === schema.nodes.list_item;
    this.show("list", isList);
    this.show("table", commands.inTable(state));
    if (isList) this.numbering.value = node.attrs.numbering;
    if (isList && document.activeElement !== this.number) this.number.value = node.attrs.number ?? "";
    this.numbering.disabled = this.number.disabled = !(isList && node.attrs.ordered);
    if (!this.stops().some((one) => one.tabIndex === 0)) this.stop(this.stops()[0]);
  }

  can(name, state) {
    if (name === "undo") return undoDepth(state) > 0;
    if (name === "redo") return redoDepth(state) > 0;
    return this.own[name] ? true : COMMANDS[name](state);
  }

  show(name, there) {
    this.root.querySelector(`[data-in=${name}]`).hidden = !there;
  }
}

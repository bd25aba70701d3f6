// Keys of the editor. While an input method composes, ProseMirror asks none of them.

import {
  chainCommands,
  createParagraphNear,
  deleteSelection,
  joinBackward,
  joinForward,
  selectAll,
  selectNodeBackward,
  selectNodeForward,
} from "prosemirror-commands";
import { redo, undo } from "prosemirror-history";
import { inputRules, textblockTypeInputRule, undoInputRule } from "prosemirror-inputrules";
import { keymap } from "prosemirror-keymap";
import { Plugin } from "prosemirror-state";
import { goToNextCell } from "prosemirror-tables";
import * as commands from "./commands.js";
import { schema } from "./schema.js";

const { toggle } = commands;
const { nodes } = schema;

let leaving = false;
const unlessLeaving = (command) => (state, dispatch) => !leaving && command(state, dispatch);

// After Escape the Tab key leaves the text wherever the cursor is.
export const escaping = new Plugin({
  props: {
    handleKeyDown(_view, event) {
      if (event.key !== "Tab" && event.key !== "Shift") leaving = event.key === "Escape";
      return false;
    },
  },
});

export const keys = ({ toTools, link }) =>
  keymap({
    "Mod-z": undo,
    "Mod-y": redo,
    "Mod-Shift-z": redo,
    "Mod-b": toggle("bold"),
    "Mod-i": toggle("italic"),
    "Mod-u": toggle("underline"),
    "Mod-Shift-x": toggle("strike"),
    "Mod-.": toggle("superscript"),
    "Mod-,": toggle("subscript"),
    "Mod-Shift-e": toggle("emphasis"),
    "Mod-Space": commands.clear,
    "Mod-k": link,
    "Mod-Alt-f": chainCommands(commands.otherEnd, commands.footnote),
    "Mod-Alt-0": commands.become("paragraph"),
    "Mod-Alt-1": commands.become("heading", { level: 1 }),
    "Mod-Alt-2": commands.become("heading", { level: 2 }),
    "Mod-Alt-3": commands.become("heading", { level: 3 }),
    "Mod-Shift-7": commands.become("list_item", { ordered: true }),
    "Mod-Shift-8": commands.become("list_item", { ordered: false }),
    "Mod-]": commands.deeper,
    "Mod-[": commands.higher,
    "Mod-Enter": commands.after,
    "Mod-Shift-Enter": commands.before,
    "Alt-Shift-ArrowUp": commands.up,
    "Alt-Shift-ArrowDown": commands.down,
    "Alt-F10": toTools,
    // In a table Tab goes from cell to cell; beyond the last, and everywhere else, it leaves the text.
    Tab: unlessLeaving(goToNextCell(1)),
    "Shift-Tab": unlessLeaving(goToNextCell(-1)),
    Enter: chainCommands(commands.enter, createParagraphNear),
    "Shift-Enter": commands.lineBreak,
    Backspace: chainCommands(
      undoInputRule,
      deleteSelection,
      commands.undress,
      joinBackward,
      selectNodeBackward,
    ),
    Delete: chainCommands(deleteSelection, joinForward, selectNodeForward),
    "Mod-a": selectAll,
  });

// What becomes a heading, an item or a quote as it is typed. Numbers stay words: 1. and 一、 belong to the text.
export const typed = inputRules({
  rules: [
    textblockTypeInputRule(/^(#{1,6})\s$/, nodes.heading, (match) => ({ level: match[1].length })),
    textblockTypeInputRule(/^[-*]\s$/, nodes.list_item),
    textblockTypeInputRule(/^>\s$/, nodes.quote),
  ],
});

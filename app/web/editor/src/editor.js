// The rich-text editor of the edit page. Without scripts the texts stand in the form one by one; this file puts the
// editor in their place, and what it holds into one field of the same form. Everything else is the form's.

import { baseKeymap } from "prosemirror-commands";
import { history } from "prosemirror-history";
import { keymap } from "prosemirror-keymap";
import { EditorState, Plugin, Selection } from "prosemirror-state";
import { tableEditing } from "prosemirror-tables";
import { EditorView } from "prosemirror-view";
import { addressField } from "./address.js";
import { escaping, keys, typed } from "./keys.js";
import { load, save } from "./mapping.js";
import { dress, findings, follow, tell } from "./marked.js";
import { pasted, takeFiles } from "./pasted.js";
import { say } from "./say.js";
import { schema } from "./schema.js";
import { Tools } from "./tools.js";
import { nodeViews } from "./views.js";
import { Working } from "./working.js";

export { ALIGNMENTS, BLOCKS, CELL_SPAN, MARKS, MERGE, NUMBERINGS, SPAN } from "./kinds.js";
export { load, save, toBlock, toNode } from "./mapping.js";
export { schema } from "./schema.js";

const PAUSE = 250;

// One can always write below the last picture or table; an empty paragraph is not saved.
const ended = new Plugin({
  appendTransaction(_transactions, _before, state) {
    const { lastChild, content } = state.doc;
    return lastChild.isTextblock ? null : state.tr.insert(content.size, schema.nodes.paragraph.create());
  },
});

class Editor {
  constructor(form, field) {
    this.form = form;
    this.field = field;
    this.waiting = 0;
    this.told = field.value;
    this.from = load(JSON.parse(field.value));
    this.plain = JSON.stringify(JSON.parse(field.defaultValue));
    const link = addressField(() => this.view);
    this.view = new EditorView(document.getElementById("writing"), {
      state: EditorState.create({ doc: this.from.doc, plugins: this.plugins(link) }),
      nodeViews,
      attributes: {
        role: "textbox",
        "aria-multiline": "true",
        "aria-label": "正文",
        "aria-describedby": "editor-hint",
        spellcheck: "false",
      },
    });
    this.tools = new Tools(document.getElementById("tools"), this.view, { link, picture: this.pictures() });
    this.checked = { doc: this.view.state.doc, kept: this.blocks() };
    this.listen();
    this.begin();
    this.working = new Working(form, () => this.put(false));
  }

  plugins(link) {
    const toTools = () => {
      this.tools.enter();
      return true;
    };
    const told = {
      update: (view, before) => {
        this.tools?.update(view.state);
        if (!before.doc.eq(view.state.doc)) this.changed();
      },
    };
    return [
      escaping,
      keys({ toTools, link }),
      typed,
      keymap(baseKeymap),
      history(),
      tableEditing(),
      dress,
      findings,
      ...pasted,
      ended,
      new Plugin({ view: () => told }),
    ];
  }

  blocks() {
    return save(this.view.state.doc, this.from);
  }

  changed() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.put(true), PAUSE);
  }

  // Puts the text into its field; the page is told unless it asks itself. Whoever only reads the field (the working copy)
  // leaves what the page is yet to be told.
  put(telling) {
    const now = JSON.stringify(this.blocks().map((kept) => kept.block));
    const value = now === this.plain ? this.field.defaultValue : now;
    this.field.value = value;
    if (!telling || value === this.told) return;
    this.heard();
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // The page knows what is in the field now.
  heard() {
    clearTimeout(this.waiting);
    this.told = this.field.value;
  }

  listen() {
    const { form } = this;
    form.addEventListener("submit", () => this.put(false));
    form.addEventListener("checking", () => {
      this.put(false);
      this.heard();
      this.checked = { doc: this.view.state.doc, kept: this.blocks() };
    });
    form.addEventListener("checked", (event) => {
      if (this.checked.doc.eq(this.view.state.doc)) this.find(event.detail);
    });
    this.view.dom.addEventListener("click", (event) => {
      const button = event.target.closest("[data-fix]");
      if (button) this.follow(button);
    });
    // Findings are listed above with where they are.
    document.addEventListener("click", (event) => {
      const place = /^#f-text:blocks\/(\d+)/.exec(event.target.closest("a")?.getAttribute("href") || "");
      if (!place) return;
      event.preventDefault();
      this.show(Number(place[1]));
    });
  }

  // The button opens the choice of files; what is chosen goes the way of what is dropped.
  pictures() {
    const choice = document.getElementById("pictures");
    choice.addEventListener("change", () => {
      takeFiles(this.view, [...choice.files]);
      choice.value = "";
    });
    for (const name of ["input", "change"]) choice.addEventListener(name, (event) => event.stopPropagation());
    return () => choice.click();
  }

  find(page) {
    const lists = [...page.querySelectorAll("ul.beside")].filter(
      (list) => list.dataset.place.startsWith("blocks/") && list.querySelector("li"),
    );
    tell(this.view, this.checked.kept, lists);
  }

  follow(button) {
    const list = button.closest("ul.beside");
    const at = this.view.state.doc.resolve(this.view.posAtDOM(list, 0));
    const node = at.depth ? null : at.nodeBefore;
    const block = node && { node, pos: at.pos - node.nodeSize };
    if (!block || !follow(this.view, block, list, button.dataset)) return say("这里的字已经改过，没有改动。");
    this.view.focus();
  }

  show(index) {
    const kept = this.blocks()[index];
    if (!kept) return;
    const at = Selection.near(this.view.state.doc.resolve(kept.pos + 1));
    this.view.focus();
    this.view.dispatch(this.view.state.tr.setSelection(at).scrollIntoView());
  }

  begin() {
    const isAsItWas = this.field.value === this.field.defaultValue && !("own" in this.form.dataset);
    if (isAsItWas) this.find(document.getElementById("plain"));
    else this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function start(field) {
  const form = field.closest("form"),
    plain = document.getElementById("plain"),
    root = document.getElementById("editor");
  let editor = null;
  const swap = (rich) => {
    plain.hidden = plain.disabled = rich;
    root.hidden = !rich;
    if (rich) field.name = field.dataset.named;
    else field.removeAttribute("name");
  };
  swap(true);
  // What this tab has kept is put into the fields before the editor reads them.
  document.addEventListener("DOMContentLoaded", () => {
    try {
      editor = new Editor(form, field);
    } catch (fault) {
      swap(false);
      throw fault;
    }
  });
  for (const name of ["pagehide", "beforeunload"]) window.addEventListener(name, () => editor?.put(false));
}

if (typeof document !== "undefined") {
  const field = document.getElementById("f-blocks");
  if (field) start(field);
}

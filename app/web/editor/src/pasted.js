// What is pasted from elsewhere, and files that are dropped, go to the server, which reads them as it reads files: the
// blocks come back, with what was left out. What is copied in the editor itself stays here.

import { Fragment, Slice } from "prosemirror-model";
import { Plugin, PluginKey } from "prosemirror-state";
import { Decoration, DecorationSet } from "prosemirror-view";
import { inTable } from "./commands.js";
import { toNode } from "./mapping.js";
import { say } from "./say.js";
import { schema } from "./schema.js";
import { ask } from "./server.js";

const { nodes } = schema;
const key = new PluginKey("coming");
const MOST_BYTES = 20000000;

// Where something is to come in that is still being read; the place moves with what is written meanwhile.
const coming = new Plugin({
  key,
  state: {
    init: () => DecorationSet.empty,
    apply(tr, before) {
      const now = before.map(tr.mapping, tr.doc);
      const told = tr.getMeta(key);
      if (told?.add) return now.add(tr.doc, [told.add]);
      if (told?.gone) return now.remove(now.find(null, null, (spec) => spec.id === told.gone));
      return now;
    },
  },
  props: {
    decorations(state) {
      return this.getState(state);
    },
  },
});

function wait(view, pos, words) {
  const id = {};
  const note = document.createElement("span");
  note.className = "coming";
  note.textContent = words;
  view.dispatch(view.state.tr.setMeta(key, { add: Decoration.widget(pos, note, { id, side: 1 }) }));
  say(words);
  return id;
}

function arrived(view, id) {
  const there = key.getState(view.state).find(null, null, (spec) => spec.id === id)[0];
  view.dispatch(view.state.tr.setMeta(key, { gone: id }));
  return there ? there.from : view.state.doc.content.size;
}

// Text with its marks and breaks, for a cell or a caption; what is no text is counted.
function flat(content, plain) {
  const lines = [];
  let lost = 0;
  const add = (node) => {
    if (node.isTextblock) lines.push(node.content);
    else if (node.isLeaf && !node.isInline) lost += 1;
    else node.forEach(add);
  };
  if (content.firstChild?.isInline) lines.push(content);
  else content.forEach(add);
  const pieces = [];
  lines.forEach((line, index) => {
    if (index) pieces.push(nodes.break.create());
    line.forEach((node) => {
      pieces.push(plain ? node.mark([]) : node);
    });
  });
  return { content: Fragment.from(pieces), lost };
}

const isPara = (node) => node?.type === nodes.paragraph;

// Puts blocks where the place is: words of the first and the last paragraph join those that stand there.
function insert(view, from, to, content) {
  const { tr, doc } = view.state;
  const $at = doc.resolve(from);
  if ($at.parent.isTextblock && $at.depth > 1) {
    const { content: line, lost } = flat(content, $at.parent.type === nodes.table_caption);
    view.dispatch(tr.replace(from, to, new Slice(line, 0, 0)).scrollIntoView());
    return lost;
  }
  const inside = $at.parent.isTextblock;
  const open = inside && isPara(content.firstChild) ? 1 : 0;
  const close = inside && isPara(content.lastChild) && (content.childCount > 1 || open) ? 1 : 0;
  view.dispatch(tr.replace(from, to, new Slice(content, open, close)).scrollIntoView());
  return 0;
}

function told(entries, source) {
  const box = document.getElementById("brought"),
    title = document.createElement("p"),
    list = document.createElement("ul"),
    close = document.createElement("button");
  title.textContent = `${source}里下列内容没有照原样进入正文：`;
  for (const entry of entries) {
    const item = document.createElement("li");
    const many = entry.count > 1 ? `（${entry.count} 处）` : "";
    item.textContent = `${entry.name}${many}：${entry.what ? `“${entry.what}”——` : ""}${entry.why}`;
    list.append(item);
  }
  close.type = "button";
  close.className = "tight";
  close.textContent = "知道了";
  close.addEventListener("click", () => {
    box.hidden = true;
  });
  box.replaceChildren(title, list, close);
  box.hidden = false;
}

function refused(words, source) {
  told([{ name: source, what: "", why: words, count: 1 }], source);
}

async function bring(view, from, to, { path, fields, source }) {
  if (from < to) view.dispatch(view.state.tr.delete(from, to));
  const id = wait(view, from, `正在读取${source}…`);
  const answer = await ask(view.dom.closest("form"), path, fields);
  const at = arrived(view, id);
  if (answer.refused) return refused(answer.refused, source);
  const content = Fragment.from(answer.blocks.map((block) => toNode(block)));
  const lost = insert(view, at, at, content);
  const entries = [...answer.left_out];
  if (lost)
    entries.push({ name: "图片、视频、分隔线", what: "", why: "单元格和表题里只能放文字", count: lost });
  if (entries.length) told(entries, source);
  else document.getElementById("brought").hidden = true;
  say(`${source}已放入正文。`);
  view.focus();
}

export function takeFiles(view, files, at) {
  const { from, to } = at === undefined ? view.state.selection : { from: at, to: at };
  for (const file of files) {
    const source = `文件“${file.name || "图片"}”`;
    const size = (file.size / 1000000).toFixed(1);
    if (file.size > MOST_BYTES) refused(`有 ${size} MB，超过 20 MB 的上限，没有放入。请压缩后再放。`, source);
    else bring(view, from, to, { path: "/edit/files", fields: { file }, source });
  }
}

function plainText(view, words) {
  const { from, to } = view.state.selection;
  const lines = words.replace(/\r\n?/g, "\n").split("\n");
  const kept = lines.filter((line) => line.trim());
  const content = Fragment.from(kept.map((line) => nodes.paragraph.create(null, schema.text(line))));
  if (kept.length) insert(view, from, to, content);
}

// Word puts a picture of the words beside the words: files count where there are no words.
function paste(view, event) {
  const data = event.clipboardData;
  if (!data || event.target instanceof HTMLInputElement) return false;
  const html = data.getData("text/html");
  if (html.includes("data-pm-slice")) return false;
  event.preventDefault();
  const words = data.getData("text/plain");
  const files = [...data.files];
  if (files.length && !words.trim()) takeFiles(view, files);
  else if (html) {
    const { from, to } = view.state.selection;
    bring(view, from, to, { path: "/edit/paste", fields: { html }, source: "粘贴的内容" });
  } else plainText(view, words);
  return true;
}

function drop(view, event) {
  const data = event.dataTransfer;
  if (!data || view.dragging) return false;
  const files = [...data.files],
    html = data.getData("text/html");
  if (!files.length && !html) return false;
  event.preventDefault();
  const at =
    view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos ?? view.state.doc.content.size;
  if (files.length) takeFiles(view, files, at);
  else bring(view, at, at, { path: "/edit/paste", fields: { html }, source: "拖入的内容" });
  return true;
}

const handling = new Plugin({
  props: {
    // Before ProseMirror reads the HTML itself: it may carry styles that no page of ours applies.
    handleDOMEvents: { paste, drop },
    // What was copied here: in a cell or a caption it is text.
    transformPasted(slice, view) {
      const { $from } = view.state.selection;
      const isCells = slice.content.firstChild?.type.spec.tableRole;
      if (!inTable(view.state) || isCells || !$from.parent.isTextblock) return slice;
      return new Slice(flat(slice.content, $from.parent.type === nodes.table_caption).content, 0, 0);
    },
  },
});

export const pasted = [coming, handling];

// How blocks look that are no text: pictures and films with fields for their words, and what is only held.

const LABELS = { alt: "替代文字（看不见图的人听到的）", caption: "图注", credit: "图片来源、作者" };

function field(view, getPos, node, name, title) {
  const label = document.createElement("label"),
    input = document.createElement("input");
  label.textContent = title;
  input.type = "text";
  input.autocomplete = "off";
  input.value = node.attrs[name];
  input.dataset.field = name;
  input.addEventListener("input", () => {
    view.dispatch(view.state.tr.setNodeAttribute(getPos(), name, input.value));
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  label.append(input);
  return label;
}

// A figure with what is shown and one field for each of its words.
class Figure {
  constructor(node, view, getPos, shown, titles) {
    this.type = node.type;
    this.node = node;
    this.dom = document.createElement("figure");
    this.dom.className = "held";
    this.dom.contentEditable = "false";
    const fields = Object.entries(titles).map(([name, title]) => field(view, getPos, node, name, title));
    this.dom.append(shown, ...fields);
  }

  update(node) {
    if (node.type !== this.type || node.attrs.sha256 !== this.node.attrs.sha256) return false;
    this.node = node;
    for (const input of this.dom.querySelectorAll("input")) {
      const now = node.attrs[input.dataset.field];
      if (input.value !== now) input.value = now;
    }
    return true;
  }

  stopEvent(event) {
    return event.target instanceof HTMLInputElement;
  }

  ignoreMutation() {
    return true;
  }
}

function picture(node, view, getPos) {
  const image = document.createElement("img");
  image.src = `/api/v1/assets/${node.attrs.sha256}`;
  image.alt = node.attrs.alt || "没有替代文字的图片";
  return new Figure(node, view, getPos, image, LABELS);
}

function film(node, view, getPos) {
  const words = document.createElement("p");
  words.textContent = "视频";
  return new Figure(node, view, getPos, words, { caption: "说明" });
}

function box(node) {
  const dom = document.createElement("div"),
    words = document.createElement("p");
  dom.className = "held";
  dom.contentEditable = "false";
  words.textContent = "这里有编辑器还不能改的内容，保存时原样保留；可以整块移动或者删去。";
  const { kind = "", text = "" } = JSON.parse(node.attrs.json);
  const said = document.createElement("p");
  said.textContent = `${kind} ${text}`.trim();
  dom.append(words, said);
  return { dom, ignoreMutation: () => true };
}

export const nodeViews = { image: picture, video: film, opaque: box };

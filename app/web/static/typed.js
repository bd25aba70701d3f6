// What was typed is not lost: it is kept in this tab until it was sent, and a page says so before it is left.
// Kept per person and page in sessionStorage, which ends with the tab; signing out, or somebody else, empties it.
// Everything is sent without this file; what a refusal or the end of a session does is the server's.

import { say } from "./live.js";

const OURS = "typed:",
  SENT = "typed-sent";
const owner = document.body.dataset.owner || "";
// What a form says of the state it was read at; the same form says something else when it is read again.
const READ_AT = ["csrf", "form_page", "form_by", "digest", "version", "revision", "onto", "merged", "policy"];
const MOST_BYTES = 16000000;

const store = (() => {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
})();
const stored = () => (store ? Object.keys(store).filter((key) => key.startsWith(OURS)) : []);

function forget(key) {
  if (store) store.removeItem(key);
}

const isForm = (form) =>
  form.method === "post" && !form.action.endsWith("/sign-out") && !form.action.includes("/sign-in");
const all = () => [...document.forms].filter(isForm);
const typedFields = (form) =>
  [...form.elements].filter(
    (field) =>
      field.name &&
      !["hidden", "password", "file", "submit", "button", "reset", "fieldset"].includes(field.type) &&
      !field.readOnly,
  );

function key(form) {
  const said = [...form.querySelectorAll("input[type=hidden]")].filter(
    (field) => !READ_AT.includes(field.name),
  );
  const page = form.elements.namedItem("form_page");
  const parts = said.map((field) => `${field.name}=${field.value}`).join("&");
  return `${OURS}${owner}:${page ? page.value : location.pathname}:${form.getAttribute("action")}:${parts}`;
}

function changed(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field instanceof HTMLSelectElement) {
    const first = [...field.options].some((option) => option.defaultSelected) || field.multiple ? -1 : 0;
    return [...field.options].some(
      (option, index) => option.selected !== (option.defaultSelected || index === first),
    );
  }
  return field.value !== field.defaultValue;
}

const unsaved = (form) => "unsaved" in form.dataset || typedFields(form).some(changed);

function state(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked;
  if (field instanceof HTMLSelectElement) return [...field.selectedOptions].map((option) => option.value);
  return field.value;
}

function put(field, value) {
  if (typeof value === "boolean") field.checked = value;
  else if (Array.isArray(value))
    for (const option of field.options) option.selected = value.includes(option.value);
  else field.value = value;
}

// The fields of a form by name and place among those of the same name.
function named(form) {
  const seen = {},
    found = {};
  for (const field of typedFields(form)) {
    seen[field.name] = (seen[field.name] || 0) + 1;
    found[`${field.name} ${seen[field.name]}`] = field;
  }
  return found;
}

function keep(form) {
  if (!store || !owner) return;
  if (!unsaved(form)) return forget(key(form));
  const fields = Object.fromEntries(Object.entries(named(form)).map(([name, field]) => [name, state(field)]));
  const read = form.elements.namedItem("version"),
    on = form.elements.namedItem("revision");
  try {
    store.setItem(
      key(form),
      JSON.stringify({ fields, version: read ? read.value : "", revision: on ? on.value : "" }),
    );
  } catch {
    // No room left: the page still warns before it is left.
  }
}

// Puts what was kept into the fields that differ from it; tells whether any did.
function bring(form, fields) {
  const there = named(form);
  let brought = false;
  for (const [name, value] of Object.entries(fields)) {
    if (!there[name] || JSON.stringify(state(there[name])) === JSON.stringify(value)) continue;
    put(there[name], value);
    brought = true;
  }
  return brought;
}

function restore(form) {
  if (!store || !owner || "unsaved" in form.dataset || "restored" in form.dataset) return;
  const held = store.getItem(key(form));
  if (!held) return;
  const { fields, version, revision } = JSON.parse(held);
  const brought = bring(form, fields);
  form.dataset.restored = "yes";
  if (!brought && !unsaved(form)) return;
  // It was written upon what was read then: what others did since is shown when it is sent.
  for (const [name, value] of [
    ["version", version],
    ["revision", revision],
  ]) {
    const field = form.elements.namedItem(name);
    if (field && value) field.value = value;
  }
  for (let at = form; at; at = at.parentElement) if (at instanceof HTMLDetailsElement) at.open = true;
  tell(form);
}

function tell(form) {
  const note = document.createElement("p"),
    drop = document.createElement("button");
  note.className = "notice restored";
  note.textContent = "已恢复您在这里填写、还没有提交的内容。";
  drop.type = "button";
  drop.className = "tight";
  drop.textContent = "不要了，恢复原样";
  drop.addEventListener("click", () => {
    forget(key(form));
    location.reload();
  });
  note.append(" ", drop);
  form.prepend(note);
  say("已恢复您在这里填写、还没有提交的内容。");
}

// Long texts are never cut: the field says how much is too much, and so does the server.
function measure(field) {
  const most = Number(field.dataset.limit),
    long = [...field.value.trim()].length;
  let note = field.parentElement.querySelector(".over");
  if (long <= most) return note?.remove();
  if (!note) {
    note = document.createElement("p");
    note.className = "field-error over";
    field.after(note);
  }
  note.textContent = `太长：现有 ${long} 个字符，至多 ${most} 个。`;
}

function attend() {
  for (const form of all()) {
    restore(form);
    if ("unsaved" in form.dataset) keep(form);
  }
  for (const field of document.querySelectorAll("[data-limit]")) measure(field);
}

let waiting = 0;
function changedBy(event) {
  const form = event.target.form;
  if (event.target.dataset?.limit) measure(event.target);
  if (!form || !isForm(form)) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => keep(form), 250);
}
document.addEventListener("input", changedBy);
document.addEventListener("change", changedBy);

function tooLarge(form) {
  const long = typedFields(form).reduce((sum, field) => sum + (field.value || "").length, 0);
  return (
    long > MOST_BYTES / 12 && new Blob([new URLSearchParams(new FormData(form)).toString()]).size > MOST_BYTES
  );
}

// Sent once: a second press waits for the answer instead of asking again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.action.endsWith("/sign-out")) for (const name of stored()) forget(name);
  if (isForm(form) && tooLarge(form)) {
    event.preventDefault();
    window.alert("内容太长，没有提交：一次至多约 500 万字节。请分成几篇，或者删去一部分。");
    return;
  }
  if (form.hasAttribute("hx-post")) return;
  if (form.dataset.sent) return event.preventDefault();
  clearTimeout(waiting);
  if (isForm(form)) {
    keep(form);
    if (store && owner) store.setItem(SENT, key(form));
  }
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
  say("正在提交，请稍候。");
});

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
});

window.addEventListener("pagehide", () => {
  for (const form of all()) if (!form.dataset.sent) keep(form);
});

const left = () => all().filter((form) => !form.dataset.sent && unsaved(form));
window.addEventListener("beforeunload", (event) => {
  if (!left().length) return;
  event.preventDefault();
  event.returnValue = "";
});

// A part of the page that is put in anew takes its forms with it.
document.addEventListener("htmx:beforeRequest", (event) => {
  const { target, elt, requestConfig } = event.detail;
  const lost = left().filter((form) => target.contains(form) && !form.contains(elt));
  if (!lost.length) return;
  for (const form of lost) keep(form);
  const asked = requestConfig?.triggeringEvent;
  if (!asked || !window.confirm("这一部分里有还没有提交的内容。要离开吗？")) event.preventDefault();
});
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  for (const form of left()) if (event.detail.target.contains(form)) keep(form);
});
document.addEventListener("htmx:afterSettle", attend);
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt;
  if (form instanceof HTMLFormElement && event.detail.successful) forget(key(form));
});

// What was sent was taken when the next page has nothing left of it.
if (store && owner) {
  for (const name of stored()) if (!name.startsWith(`${OURS}${owner}:`)) forget(name);
  const sent = store.getItem(SENT);
  if (sent && !document.querySelector("form[data-unsaved], #kept, #refused, #ended, #problem")) forget(sent);
  forget(SENT);
}
// The answer to a form stands under the form's address; the page has its own, and that can be read again.
if (document.body.dataset.page)
  history.replaceState(history.state, "", document.body.dataset.page + location.hash);
attend();

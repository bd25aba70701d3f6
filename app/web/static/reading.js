// Walking through the findings: by key while the article has the focus, by button always.
// One tab stop for all marks in the text and one for the list beside it (roving tabindex).

import { say } from "./live.js";

const article = document.getElementById("article");
let items = [];
let at = -1;

const numbers = () => items.map((item) => item.dataset.finding);
const summary = (item) => item.querySelector("summary");
const marks = (number) =>
  [...article.querySelectorAll(".hit")].filter((mark) => mark.dataset.hits.split(" ").includes(number));

function rove() {
  const here = Math.max(at, 0);
  for (const mark of article.querySelectorAll(".hit")) mark.tabIndex = -1;
  items.forEach((item, index) => {
    summary(item).tabIndex = index === here ? 0 : -1;
  });
  const first = items.length ? marks(numbers()[here])[0] : null;
  if (first) first.tabIndex = 0;
}

function show(index, focus) {
  if (!items.length) return;
  at = (index + items.length) % items.length;
  const item = items[at];
  for (const one of items) {
    one.classList.toggle("current", one === item);
    one.firstElementChild.open = one === item;
    if (one === item) one.closest(".of-rule > details").open = true;
  }
  for (const mark of article.querySelectorAll(".hit-current")) mark.classList.remove("hit-current");
  const found = marks(numbers()[at]);
  for (const mark of found) mark.classList.add("hit-current");
  rove();
  if (found.length && focus !== "mark") found[0].scrollIntoView({ block: "center" });
  const side = item.closest(".side");
  if (getComputedStyle(side).position === "sticky") side.scrollTop = item.offsetTop - side.clientHeight / 3;
  if (focus === "text" && found.length) found[0].focus({ preventScroll: true });
  if (focus === "list") summary(item).focus();
  // biome-ignore lint/performance/useDomNodeTextContent: only what is shown is said.
  say(`第${at + 1}处，共${items.length}处。${summary(item).innerText.replace(/\s+/g, " ")}`);
}

const step = (by, focus) => show(at < 0 ? (by > 0 ? 0 : items.length - 1) : at + by, focus);

function help() {
  const box = document.getElementById("keys-help");
  if (!box) return;
  box.hidden = !box.hidden;
  document.querySelector("[data-help]").setAttribute("aria-expanded", String(!box.hidden));
}

// The list beside the text is put in anew when it is filtered.
function attach() {
  const list = document.querySelector(".findings");
  items = list ? [...list.querySelectorAll("[data-finding]")] : [];
  // The list is by rule; one walks through the text.
  items.sort((one, other) => one.dataset.finding - other.dataset.finding);
  at = -1;
  rove();
  for (const button of document.querySelectorAll("[data-step], [data-help]")) button.hidden = false;
}

article.addEventListener("keydown", (event) => {
  if (article.dataset.keys !== "on" || event.isComposing || event.keyCode === 229) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select"))
    return;
  if (event.key === "j" || event.key === "n") step(1, "text");
  else if (event.key === "k" || event.key === "p") step(-1, "text");
  else if (event.key === "?") help();
  else return;
  event.preventDefault();
});

article.addEventListener("click", (event) => {
  const mark = event.target.closest(".hit");
  if (!mark) return;
  const index = items.findIndex((item) => mark.dataset.hits.split(" ").includes(item.dataset.finding));
  if (index < 0) return;
  event.preventDefault();
  show(index, "mark");
});

document.addEventListener("keydown", (event) => {
  if (!event.target.matches(".findings [data-finding] > details > summary")) return;
  if (event.key === "ArrowDown") step(1, "list");
  else if (event.key === "ArrowUp") step(-1, "list");
  else return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-goto]");
  const button = event.target.closest("[data-step]");
  const head = event.target.closest(".findings [data-finding] > details > summary");
  if (link) show(numbers().indexOf(link.dataset.goto), "text");
  else if (button) step(Number(button.dataset.step), "");
  else if (event.target.closest("[data-help]")) help();
  else if (head && !head.parentElement.open) show(items.indexOf(head.parentElement.parentElement), "");
  else return;
  event.preventDefault();
});

document.addEventListener("htmx:afterSettle", attach);
attach();

// Walking through the findings: by key while the article has the focus, by button always.
// One tab stop for all marks in the text and one for the list beside it (roving tabindex).

import { say } from "./live.js";

const article = document.getElementById("article");
const list = document.querySelector(".findings");

if (article && list) {
  const items = [...list.querySelectorAll("[data-finding]")];
  const numbers = items.map((item) => item.dataset.finding);
  let at = -1;

  const marks = (number) => [...article.querySelectorAll(".hit")].filter((mark) => mark.dataset.hits.split(" ").includes(number));
  const summary = (item) => item.querySelector("summary");

  const rove = () => {
    const here = at < 0 ? 0 : at;
    for (const mark of article.querySelectorAll(".hit")) mark.tabIndex = -1;
    items.forEach((item, index) => { summary(item).tabIndex = index === here ? 0 : -1; });
    const [first] = marks(numbers[here]);
    if (first) first.tabIndex = 0;
  };

  const show = (index, focus) => {
    if (!items.length) return;
    at = (index + items.length) % items.length;
    const item = items[at];
    for (const one of items) { one.classList.toggle("current", one === item); if (one !== item) one.firstElementChild.open = false; }
    for (const mark of article.querySelectorAll(".hit-current")) mark.classList.remove("hit-current");
    const found = marks(numbers[at]);
    for (const mark of found) mark.classList.add("hit-current");
    item.firstElementChild.open = true;
    rove();
    if (found.length) found[0].scrollIntoView({ block: "center" });
    const side = item.closest(".side");
    if (side && getComputedStyle(side).position === "sticky") side.scrollTop = item.offsetTop - side.clientHeight / 3;
    if (focus === "text" && found.length) found[0].focus({ preventScroll: true });
    if (focus === "list") summary(item).focus();
    say(`第${at + 1}处，共${items.length}处。${summary(item).innerText.replace(/\s+/g, " ")}`);
  };

  const step = (by, focus) => show(at < 0 ? (by > 0 ? 0 : items.length - 1) : at + by, focus);

  article.addEventListener("keydown", (event) => {
    if (article.dataset.keys !== "on" || event.isComposing || event.keyCode === 229) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select")) return;
    if (event.key === "j" || event.key === "n") step(1, "text");
    else if (event.key === "k" || event.key === "p") step(-1, "text");
    else if (event.key === "?") help();
    else return;
    event.preventDefault();
  });

  article.addEventListener("click", (event) => {
    const mark = event.target.closest(".hit");
    if (!mark) return;
    event.preventDefault();
    show(numbers.indexOf(mark.dataset.hits.split(" ").find((number) => numbers.includes(number))), "");
  });

  list.addEventListener("keydown", (event) => {
    if (event.target.tagName !== "SUMMARY") return;
    if (event.key === "ArrowDown") step(1, "list");
    else if (event.key === "ArrowUp") step(-1, "list");
    else return;
    event.preventDefault();
  });

  list.addEventListener("click", (event) => {
    const link = event.target.closest("[data-goto]");
    if (link) {
      event.preventDefault();
      show(numbers.indexOf(link.dataset.goto), "text");
      return;
    }
    const head = event.target.closest("summary");
    const item = head && head.parentElement.parentElement;
    if (item && items.includes(item) && !head.parentElement.open) {
      event.preventDefault();
      show(items.indexOf(item), "");
    }
  });

  for (const button of document.querySelectorAll("[data-step]")) {
    button.hidden = false;
    button.addEventListener("click", () => step(Number(button.dataset.step), ""));
  }
  rove();
}

const helper = document.querySelector("[data-help]");
function help() {
  const box = document.getElementById("keys-help");
  box.hidden = !box.hidden;
  helper.setAttribute("aria-expanded", String(!box.hidden));
}
if (helper) {
  helper.hidden = false;
  helper.addEventListener("click", help);
}

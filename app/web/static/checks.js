// The rules while one writes: a moment after the last key the form is checked, and what is found put beside its field.
// What is shown is always said to be of the present words, or not checked. Without this file the page shows the findings
// of the text as it was opened.

import { say } from "./live.js";

const form = document.querySelector("form[data-checks]");
const PAUSE = 700,
  LATE = 4000;
let waiting = 0,
  late = 0,
  asking = null,
  told = "";

const status = document.getElementById("check-status");

function tell(words, stale) {
  status.textContent = words;
  status.classList.toggle("not-checked", stale);
  form.classList.toggle("stale-checks", stale);
}

// Sent without files: what they say is checked when they are taken in.
function fields() {
  form.dispatchEvent(new Event("checking"));
  const sent = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") sent.append(name, value);
  return sent;
}

async function ask() {
  if (asking) asking.abort();
  const mine = new AbortController();
  asking = mine;
  clearTimeout(late);
  late = setTimeout(() => tell("未检查：检查比平时慢，写好的不受影响。", true), LATE);
  try {
    const answer = await fetch(form.dataset.checks, {
      method: "POST",
      body: fields(),
      headers: { Accept: "text/html", "X-By-Person": "yes" },
      signal: mine.signal,
    });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = answer.ok && page.getElementById("checks-now");
    if (asking !== mine) return;
    if (!now) throw new Error("not checked");
    put(now);
    tell("已检查，下面是对现在这些字的意见。", false);
  } catch (fault) {
    if (fault.name === "AbortError" || asking !== mine) return;
    tell("未检查：没有取得检查结果。继续写不受影响，保存后会再检查。", true);
  } finally {
    if (asking === mine) clearTimeout(late);
  }
}

function put(now) {
  const summary = now.querySelector("#check-summary");
  const words = summary.textContent.trim().replace(/\s+/g, " ");
  document.getElementById("check-summary").replaceWith(document.importNode(summary, true));
  for (const list of form.querySelectorAll("ul.beside")) {
    if (list.closest("#editor")) continue;
    const found = [...now.querySelectorAll("ul.beside")].find(
      (one) => one.dataset.place === list.dataset.place,
    );
    list.replaceChildren(...(found ? [...found.children].map((one) => document.importNode(one, true)) : []));
    list.hidden = !found;
  }
  offer();
  // The editor shows its own.
  form.dispatchEvent(new CustomEvent("checked", { detail: now }));
  if (words !== told) say(words);
  told = words;
}

function offer() {
  for (const button of form.querySelectorAll("[data-fix]")) button.hidden = false;
}

// Positions are code points.
form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fix]");
  if (!button || button.closest("#editor")) return;
  const { place } = button.closest("ul.beside").dataset;
  const field = document.getElementById(`f-${place}`) || document.getElementById(`f-text:${place}`);
  const letters = [...field.value],
    start = Number(button.dataset.start),
    end = Number(button.dataset.end);
  if (letters.slice(start, end).join("") !== button.dataset.words) {
    say("这里的字已经改过，没有改动。");
    return;
  }
  const at = letters.slice(0, start).join("").length;
  field.focus();
  field.setRangeText(button.dataset.fix, at, at + button.dataset.words.length, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

form.addEventListener("input", (event) => {
  if (event.target.type === "file" || event.target.name === "comment") return;
  tell("未检查：有改动，停笔后检查。", true);
  clearTimeout(waiting);
  waiting = setTimeout(ask, PAUSE);
});

offer();
// What the browser or this tab brought back differs from what the server checked.
window.addEventListener("pageshow", () => {
  if ([...form.querySelectorAll("textarea, input")].some((one) => one.value !== one.defaultValue)) ask();
});

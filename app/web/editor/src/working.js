// What is written is kept on the server for its writer alone, a moment after the last key; and who else writes here is
// told. Neither is needed: without an answer the page says so, and everything stays in the form.

import { say } from "./say.js";
import { ask } from "./server.js";

const PAUSE = 2000,
  LONGEST = 15000,
  BEAT = 20000;
const KEPT = ["title", "subtitle", "summary", "byline", "source", "source_url", "blocks", "comment"];

export class Working {
  constructor(form, put) {
    this.form = form;
    this.put = put;
    this.status = document.getElementById("copy-status");
    this.offer = document.getElementById("copy-offer");
    this.version = Number(form.dataset.copy || 0);
    this.waiting = 0;
    this.since = 0;
    this.sending = false;
    this.told = "";
    // What this tab has kept goes on from the copy; what it offers is then older.
    if (this.offer && "restored" in form.dataset) this.offer.hidden = true;
    form.addEventListener("input", (event) => this.changed(event));
    this.beat();
    setInterval(() => document.visibilityState === "visible" && this.beat(), BEAT);
    window.addEventListener("pagehide", () => this.leave());
  }

  changed(event) {
    if (event.target.type === "file") return;
    if (this.offer && !this.offer.hidden) return this.tell("没有自动保存：请先在上面选择接着写，或者不要。");
    if (!this.since) this.since = Date.now();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(
      () => this.keep(),
      Math.max(0, Math.min(PAUSE, this.since + LONGEST - Date.now())),
    );
  }

  fields() {
    this.put();
    const fields = {};
    for (const name of [...KEPT, "revision", "onto"]) {
      const field = this.form.elements.namedItem(name);
      if (field?.value !== undefined) fields[name] = field.value;
    }
    return { ...fields, copy: String(this.version) };
  }

  async keep() {
    if (this.sending) {
      this.waiting = setTimeout(() => this.keep(), PAUSE);
      return;
    }
    this.sending = true;
    this.since = 0;
    const answer = await ask(this.form, "/edit/copy", this.fields());
    this.sending = false;
    if (answer.refused) return this.tell(`没有自动保存：${answer.refused}`, true);
    this.version = answer.version;
    this.tell(`已自动保存在您名下（${answer.at}），别人看不到；保存修改后才成为新的修订。`);
  }

  tell(words, aloud = false) {
    this.status.textContent = words;
    this.status.classList.toggle("not-checked", words.startsWith("没有"));
    if (aloud) say(words);
  }

  async beat() {
    const answer = await ask(this.form, "/edit/presence", {}, { quiet: true });
    if (!answer.refused) this.others(answer);
  }

  others({ others, revision, by }) {
    const opened = Number(
      this.form.elements.namedItem("onto")?.value || this.form.elements.namedItem("revision").value,
    );
    const words = [];
    if (others.length) words.push(`${others.join("、")}也开着这一页，可能正在改。`);
    if (revision > opened && by)
      words.push(`${by}已保存修订 ${revision}；您保存时，两边的改动会合在一起给您看。`);
    const now = words.join(" ");
    const note = document.getElementById("others-here");
    note.textContent = now;
    note.hidden = !now;
    if (now && now !== this.told) say(now);
    this.told = now;
  }

  leave() {
    const gone = new FormData();
    gone.append("csrf", this.form.elements.namedItem("csrf").value);
    gone.append("gone", "yes");
    navigator.sendBeacon(this.form.getAttribute("action").replace(/\/edit$/, "/edit/presence"), gone);
  }
}

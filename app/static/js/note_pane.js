/** The note beside the summary: a column on a wide screen, a full-screen dialog on a phone. */

import { getNote } from "./api.js";
import { CodePoints } from "./codepoints.js";
import { moment } from "./dates.js";
import { count, el } from "./dom.js";
import { notice, problemNotice } from "./notice.js";
import { tagOf } from "./timeline.js";
import { marked, visible } from "./visible_text.js";

const NARROW = window.matchMedia("(max-width: 63.99rem)");

export class NotePane {
  #notes = new Map();
  #opening = 0;
  #opener = null;

  /** `onStep(button)` opens another citation; `onShow(noteId|null)` hears which note is open. */
  constructor(dialog, { types, order, onStep, onShow }) {
    Object.assign(this, { dialog, types, order, onStep, onShow });
    for (const part of ["kind", "when", "where", "step", "previous", "next", "close", "body", "text", "said"]) {
      this[part] = dialog.querySelector(`.note-${part}`);
    }
    this.close.addEventListener("click", () => this.dismiss());
    this.previous.addEventListener("click", () => this.#step("previous"));
    this.next.addEventListener("click", () => this.#step("next"));
    dialog.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.dismiss();
    });
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    window.addEventListener("popstate", () => this.#hide());
    NARROW.addEventListener("change", () => this.#relayout());
  }

  /** Show a whole note; `header` needs note_id, note_type and charted_at. */
  openNote(header, opener) {
    this.#open({ header, opener, citation: null, statement: null });
  }

  /** Show the words a citation button stands for. */
  openCitation(button) {
    const { citation, statement } = this.order.byButton.get(button);
    this.#open({ header: citation, opener: button, citation, statement });
  }

  async #open(what) {
    const { header, opener, citation } = what;
    const mine = (this.#opening += 1);
    this.#opener?.classList.remove("is-open");
    this.#opener = opener;
    opener.classList.add("is-open");
    this.#head(what);
    this.#present();
    this.onShow(header.note_id);
    try {
      if (!this.#notes.has(header.note_id)) {
        this.text.replaceChildren(el("p", { class: "quiet", text: "Opening the note…" }));
        this.#notes.set(header.note_id, await getNote(header.note_id));
      }
      if (mine === this.#opening) this.#render(this.#notes.get(header.note_id), citation);
    } catch (problem) {
      if (mine === this.#opening) this.text.replaceChildren(problemNotice(problem, () => this.#open(what)));
    }
  }

  #head({ header, opener, citation, statement }) {
    const type = this.types.of(header.note_type);
    this.kind.replaceChildren(tagOf(type), type.name);
    this.when.textContent = moment(header.charted_at);
    this.where.replaceChildren(...visible(citation?.section ?? ""));
    this.said.replaceChildren(...(statement && statement.status !== "quoted" ? visible(statement.text) : []));
    const { n, total, previous, next } = this.order.place(opener);
    this.step.hidden = !citation;
    this.step.querySelector(".note-place").textContent = citation ? `Citation ${n} of ${total}` : "";
    this.previous.disabled = !previous;
    this.next.disabled = !next;
  }

  #render(note, citation) {
    const points = new CodePoints(note.text);
    const span = (c, current) => ({ start: points.toUtf16(c.start), end: points.toUtf16(c.end), current });
    const fits = (c) => points.slice(c.start, c.end) === c.quote;
    const spans = this.order.others(note.note_id, citation).filter(fits).map((c) => span(c, false));
    const stale = citation && !fits(citation);
    if (citation && !stale) spans.push(span(citation, true));
    const body = el("div", { class: "note-words" }, marked(note.text, spans));
    this.text.replaceChildren(...(stale ? [this.#stale(citation)] : []), body);
    const mark = body.querySelector("mark.is-current");
    // Only the note scrolls, never the page around it.
    this.body.scrollTop = mark ? mark.offsetTop - this.body.clientHeight / 3 : 0;
    this.body.focus({ preventScroll: true });
    this.body.setAttribute("aria-label", `Text of the note, ${count(points.length, "character")}`);
  }

  #stale(citation) {
    return notice(`This note has changed since the summary was made. The words cited then were: “${citation.quote}”`, { kind: "warn" });
  }

  #step(direction) {
    const button = this.order.place(this.#opener)[direction];
    if (button) this.onStep(button);
  }

  #present() {
    if (this.dialog.open) return;
    if (NARROW.matches) {
      this.dialog.showModal();
      history.pushState({ note: true }, "");
    } else {
      this.dialog.show();
    }
  }

  /** Close; on a phone through the history, so that the device's own back button does the same. */
  dismiss() {
    if (history.state?.note) history.back();
    else this.#hide();
  }

  #hide() {
    if (!this.dialog.open) return;
    this.#opening += 1;
    this.dialog.close();
    this.#opener?.classList.remove("is-open");
    if (this.#opener?.isConnected) this.#opener.focus();
    this.onShow(null);
  }

  #relayout() {
    if (!this.dialog.open) return;
    this.dialog.close();
    if (history.state?.note && !NARROW.matches) history.replaceState(null, "");
    this.#present();
  }
}

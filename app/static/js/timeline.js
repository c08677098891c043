/** The patient's notes by year and encounter, newest first, filtered by type. */

import { month, shortDay, span, year } from "./dates.js";
import { density } from "./density.js";
import { count, el } from "./dom.js";

const CITED = "\u0000cited";

export class Timeline {
  #notes = [];
  #types = null;
  #hidden = new Set();
  #citedOnly = false;
  #cited = new Map();
  #unused = new Map();
  #open = null;

  /** `root` holds .timeline-filters, .timeline-density, .timeline-status and .timeline-list. */
  constructor(root, { onOpen }) {
    this.filters = root.querySelector(".timeline-filters");
    this.strip = root.querySelector(".timeline-density");
    this.status = root.querySelector(".timeline-status");
    this.list = root.querySelector(".timeline-list");
    this.onOpen = onOpen;
  }

  /** `notes` are headers, oldest first; `types` a NoteTypes. */
  show(notes, types) {
    this.#notes = notes;
    this.#types = types;
    this.#draw();
  }

  /** Mark which notes a summary cites (id to count) and which it did not use (id to reason). */
  markUse(cited, unused) {
    this.#cited = cited;
    this.#unused = unused;
    if (!cited.size) this.#citedOnly = false;
    this.#draw();
  }

  markOpen(noteId) {
    this.#open = noteId;
    for (const button of this.list.querySelectorAll(".note-row")) this.#setCurrent(button);
  }

  #draw() {
    this.#drawFilters();
    const shown = this.#notes.filter((n) => !this.#hidden.has(n.note_type) && (!this.#citedOnly || this.#cited.has(n.note_id)));
    const strip = density(shown, this.#cited, (note) => this.#reveal(note));
    this.strip.replaceChildren(...(strip ? [strip] : []));
    this.list.replaceChildren(...years(shown).map((y) => this.#year(y)));
    this.status.textContent = shown.length === this.#notes.length ? "" : `${shown.length} of ${count(this.#notes.length, "note")} shown`;
  }

  #drawFilters() {
    const totals = new Map();
    for (const note of this.#notes) totals.set(note.note_type, (totals.get(note.note_type) ?? 0) + 1);
    const focused = this.filters.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const chips = this.#types.all.map((type) => chip(type.raw, !this.#hidden.has(type.raw), () => this.#toggle(type.raw), type.name,
      tagOf(type), el("span", { class: "visually-hidden", text: `${type.name}, ` }), el("span", { class: "chip-count", text: String(totals.get(type.raw)) })));
    if (this.#cited.size) {
      chips.unshift(chip(CITED, this.#citedOnly, () => { this.#citedOnly = !this.#citedOnly; this.#draw(); },
        "Show only the notes this summary cites", el("span", { text: "Cited only" }), el("span", { class: "chip-count", text: String(this.#cited.size) })));
    }
    this.filters.replaceChildren(...chips);
    if (focused) [...this.filters.children].find((c) => c.dataset.key === focused)?.focus();
  }

  #toggle(raw) {
    if (!this.#hidden.delete(raw)) this.#hidden.add(raw);
    this.#draw();
  }

  #year({ name, groups }) {
    return el("li", { class: "timeline-year" }, el("h3", { class: "year", text: name }),
      el("ol", { class: "encounters" }, groups.map((group) => this.#group(group))));
  }

  #group({ encounter, notes }) {
    const [first, last] = [notes.at(-1).charted_at, notes[0].charted_at];
    const heading = encounter
      ? el("h4", { class: "encounter" }, span(first, last), el("span", { class: "encounter-count", text: count(notes.length, "note") }))
      : null;
    return el("li", { class: encounter ? "group is-encounter" : "group" }, heading,
      el("ol", { class: "notes" }, notes.map((note) => el("li", {}, this.#row(note)))));
  }

  #row(note) {
    const type = this.#types.of(note.note_type);
    const cited = this.#cited.get(note.note_id);
    const unused = this.#unused.get(note.note_id);
    const button = el("button", {
      type: "button", class: unused ? "note-row is-unused" : "note-row", dataset: { noteId: note.note_id },
      title: unused ? `${type.name}, not used: ${unused}` : type.name, on: { click: () => this.onOpen(note, button) },
    }, tagOf(type), el("span", { class: "note-name", text: type.name }),
      cited ? el("span", { class: "note-cited", title: count(cited, "citation") }, String(cited), el("span", { class: "visually-hidden", text: " cited" })) : null,
      unused ? el("span", { class: "visually-hidden", text: "not used in the summary" }) : null,
      el("span", { class: "note-day", text: shortDay(note.charted_at) }));
    this.#setCurrent(button);
    return button;
  }

  #setCurrent(button) {
    if (button.dataset.noteId === this.#open) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }

  #reveal(note) {
    const rows = [...this.list.querySelectorAll(".note-row")];
    const row = rows.find((r) => r.dataset.noteId === note.note_id);
    row?.scrollIntoView({ block: "center" });
    row?.focus({ preventScroll: true });
  }
}

/** The letters that stand for a note type. */
export function tagOf(type) {
  return el("span", { class: `tag hue-${type.hue}`, "aria-hidden": "true", text: type.tag });
}

function chip(key, pressed, onClick, title, ...children) {
  return el("button", { type: "button", class: key === CITED ? "chip is-extra" : "chip", title, "aria-pressed": String(pressed), dataset: { key }, on: { click: onClick } }, ...children);
}

/** Newest first, by year, then by encounter (or month, where a note has none); undated notes come last. */
function years(notes) {
  const result = [];
  const newestFirst = [...notes].reverse();
  const ordered = [...newestFirst.filter((n) => n.charted_at), ...newestFirst.filter((n) => !n.charted_at)];
  const latest = new Map();
  for (const note of ordered) {
    const name = note.encounter_id ? latest.get(note.encounter_id)?.year ?? year(note.charted_at) : year(note.charted_at);
    let bucket = result.find((r) => r.name === name);
    if (!bucket) result.push((bucket = { name, groups: [] }));
    const key = note.encounter_id ? `e${note.encounter_id}` : `m${month(note.charted_at)}`;
    let group = note.encounter_id ? latest.get(note.encounter_id)?.group : bucket.groups.at(-1);
    if (group?.key !== key) bucket.groups.push((group = { key, encounter: note.encounter_id, notes: [] }));
    if (note.encounter_id && !latest.has(note.encounter_id)) latest.set(note.encounter_id, { year: name, group });
    group.notes.push(note);
  }
  return result;
}

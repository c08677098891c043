/** What a summary rests on: notes used and not used, what made it, how long it took. */

import { moment } from "./dates.js";
import { count, el } from "./dom.js";
import { tagOf } from "./timeline.js";

/** `context`: types, headers (Map of note_id to header), onOpen(header, button). */
export function coverageBox(summary, context) {
  const { notes_total: total, notes_considered: considered, notes_cited: cited, quarantined, skipped } = summary.coverage;
  const facts = [`${considered} of ${count(total, "note")} considered`, `${cited} cited`];
  return el("section", { class: "coverage", "aria-labelledby": "coverage-title" },
    el("h3", { id: "coverage-title", text: "What this rests on" }),
    el("p", { class: "coverage-line", text: `${facts.join(", ")}.` }),
    skipped.length ? skippedList(skipped, context) : el("p", { text: "No note of the chart was left out." }),
    quarantined ? el("p", { text: `${count(quarantined, "row")} of this patient ${quarantined === 1 ? "was" : "were"} set aside at ingest and could not be read.` }) : null,
    provenance(summary));
}

function skippedList(skipped, { types, headers, onOpen }) {
  const byReason = Map.groupBy ? Map.groupBy(skipped, (s) => s.reason) : group(skipped);
  const items = [...byReason].map(([reason, notes]) => el("li", {},
    el("span", { class: "skip-reason", text: `${sentence(reason)}: ` }),
    notes.map(({ note_id: noteId }) => {
      const header = headers.get(noteId);
      if (!header) return el("code", { class: "skip-id", text: noteId });
      const type = types.of(header.note_type);
      const button = el("button", { type: "button", class: "cite", on: { click: () => onOpen(header, button) } },
        tagOf(type), el("span", { text: type.name }), el("span", { class: "cite-day", text: moment(header.charted_at) }));
      return button;
    })));
  return el("details", { class: "skipped", open: skipped.length <= 6 },
    el("summary", { text: `${count(skipped.length, "note")} not used` }), el("ul", {}, items));
}

function group(skipped) {
  const result = new Map();
  for (const s of skipped) result.set(s.reason, [...(result.get(s.reason) ?? []), s]);
  return result;
}

function sentence(reason) {
  const words = reason.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const seconds = (s) => (s === null || s === undefined ? "–" : s < 1 ? `${Math.round(s * 1000)} ms` : `${s.toFixed(1)} s`);

function provenance({ provenance: p, usage, timings, generated_at: at, summary_id: id }) {
  const rows = [
    ["Generated", moment(at)], ["Model", p.model ?? "none"], ["Adapter", p.adapter ?? "none"],
    ["Prompt", `${p.prompt.name} ${p.prompt.version} (${p.prompt.sha256.slice(0, 12)})`], ["Checks", p.verifier],
    ["Embeddings", p.embedding_model], ["Index generation", String(p.index_generation)],
    ["Chart digest", p.patient_digest.slice(0, 16)],
    ["Time", `gathered ${seconds(timings.gather_s)}, first statement ${seconds(timings.first_statement_s)}, whole ${seconds(timings.total_s)}`],
    ["Tokens", `${usage.prompt_tokens} in (${usage.cached_prompt_tokens} cached), ${usage.completion_tokens} out`], ["Summary", id],
  ];
  return el("details", { class: "provenance" }, el("summary", { text: `How it was made (${seconds(timings.total_s)})` }),
    el("dl", {}, rows.map(([name, value]) => el("div", {}, el("dt", { text: name }), el("dd", { text: value })))));
}

/** A summary as plain text: statements with numbered citations, the list of citations, coverage and intended use. */

import { moment } from "./dates.js";
import { flagWords } from "./flags.js";
import { typeName } from "./notetypes.js";

const flat = (text) => text.replaceAll(/\s+/gu, " ").trim();

export function summaryText(summary, title, intendedUse) {
  const numbers = new Map();
  const cite = (citations) => citations.map((c) => {
    const key = `${c.note_id}\u0000${c.start}\u0000${c.end}`;
    if (!numbers.has(key)) numbers.set(key, { n: numbers.size + 1, c });
    return `[${numbers.get(key).n}]`;
  }).join("");
  const said = (s) => (s.status === "quoted" ? `"${flat(s.text)}"` : flat(s.text));
  const words = (s) => [said(s), ...flagWords(s.flags).map((flag) => `(${flag})`)].join(" ");
  const { coverage } = summary;

  const lines = [`${title} for patient ${summary.patient_id}`, `${modeLine(summary)} Generated ${moment(summary.generated_at)}.`, intendedUse, ""];
  for (const section of summary.sections) {
    lines.push(section.title.toUpperCase());
    for (const s of section.statements) lines.push(`- ${words(s)} ${cite(s.citations)}`);
    if (section.outcome === "no_evidence") lines.push(`(not found in ${coverage.notes_considered} of ${coverage.notes_total} notes)`);
    if (section.outcome === "failed") lines.push("(this section failed)");
    if (section.withheld) lines.push(`(${section.withheld} withheld: nothing passed the checks)`);
    else if (section.outcome === "withheld") lines.push("(withheld: nothing passed the checks)");
    lines.push("");
  }
  if (summary.conflicts.length) {
    lines.push("CONFLICTS IN THE CHART", ...summary.conflicts.map((c) => `- ${flat(c.text)} ${cite(c.citations)}`), "");
  }
  lines.push("CITATIONS");
  for (const { n, c } of numbers.values()) {
    const heading = c.section ? `, ${flat(c.section)}` : "";
    lines.push(`[${n}] ${typeName(c.note_type)}, ${moment(c.charted_at)}${heading} (note ${c.note_id}, ${c.start}-${c.end}): "${flat(c.quote)}"`);
  }
  lines.push("", `Notes considered: ${coverage.notes_considered} of ${coverage.notes_total}; cited: ${coverage.notes_cited}; set aside at ingest: ${coverage.quarantined}.`, intendedUse);
  return lines.join("\n");
}

function modeLine({ mode }) {
  return mode === "abstractive" ? "Rewritten by a model and checked against the cited words." : "Extractive: the chart’s own words.";
}

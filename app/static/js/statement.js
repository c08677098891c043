/** One statement with its citations, as the summary lists it. */

import { day, moment } from "./dates.js";
import { el, icon } from "./dom.js";
import { feedbackButtons } from "./feedback.js";
import { flagBadges } from "./flags.js";
import { visible } from "./visible_text.js";

/** Characters up to which a statement shares its line with its sources: most entries of a list. */
const BRIEF = 40;

/** `context`: types (NoteTypes), order (CitationOrder), summaryId, onCite(button). */
export function statementItem(statement, context) {
  const quoted = statement.status === "quoted";
  const buttons = statement.citations.map((citation, n) =>
    citationButton(citation, statement, context, statement.citations.slice(0, n).some((c) => c.note_id === citation.note_id)));
  const openFirst = () => {
    // Words being selected for copying are not a click.
    if (window.getSelection().isCollapsed) buttons[0]?.click();
  };
  const words = el(quoted ? "blockquote" : "p", { class: "words", on: { click: openFirst } }, visible(statement.text));
  const heading = quoted ? statement.citations[0]?.section : "";
  const brief = statement.text.length <= BRIEF ? " is-brief" : "";
  return el("li", { class: `statement is-${statement.status}${brief}`, dataset: { statementId: statement.statement_id } },
    quoted ? el("span", { class: "visually-hidden", text: "Quoted from the chart: " }) : null,
    el("div", { class: "said" }, words,
      el("div", { class: "sources" }, flagBadges(statement.flags), heading ? el("span", { class: "where" }, visible(heading)) : null, buttons)),
    context.summaryId ? feedbackButtons(context.summaryId, statement.statement_id) : null);
}

/** A button that opens the cited note at the cited words; `again` where the same note is named just before. */
export function citationButton(citation, statement, { types, order, onCite }, again = false) {
  const type = types.of(citation.note_type);
  const section = citation.section ? `, ${citation.section}` : "";
  const button = el("button", {
    type: "button", class: "cite", "aria-label": `${type.name} ${day(citation.charted_at)}${section}: show the words`,
    title: `${moment(citation.charted_at)}${section}`, on: { click: () => onCite(button) },
  }, again ? el("span", { class: "cite-again" }, "also ", visible(citation.section || "another passage"))
    : [el("span", { class: "cite-type", text: type.name }), " ", el("span", { class: "cite-day", text: day(citation.charted_at) })]);
  order.register(button, citation, statement);
  return button;
}

const WITHHELD = "the chart mentions something here, but no wording of it passed every check.";

/** The lines that say why a section has no statements, or fewer than the chart offered. */
export function outcomeLines({ outcome, withheld }, coverage) {
  const lines = [];
  if (outcome === "no_evidence") {
    lines.push(["search", `Searched and not found in ${coverage.notes_considered} of ${coverage.notes_total} notes.`]);
  }
  if (withheld > 0) lines.push(["shield", `${withheld} withheld: ${WITHHELD}`]);
  else if (outcome === "withheld") lines.push(["shield", `Withheld: ${WITHHELD}`]);
  if (outcome === "failed") {
    lines.push(["warning", "This section failed and is not part of the summary. Read the notes for it, or ask again."]);
  }
  return lines.map(([name, text]) => el("p", { class: `outcome outcome-${name}` }, icon(name), el("span", { text })));
}

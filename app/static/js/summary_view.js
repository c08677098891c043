/** A summary as it arrives: sections first, then statements one by one, then what they rest on. */

import { coverageBox } from "./coverage.js";
import { announce, count, el, icon } from "./dom.js";
import { notice, problemNotice } from "./notice.js";
import { citationButton, outcomeLines, statementItem } from "./statement.js";
import { visible } from "./visible_text.js";

export class SummaryView {
  /** `root` holds the parts named below; `context` is passed on to statements and coverage. */
  constructor(root, context) {
    this.root = root;
    this.context = context;
    for (const part of ["title", "mode", "progress", "problems", "sections", "conflicts", "coverage", "actions", "jump"]) {
      this[part] = root.querySelector(`.summary-${part}`);
    }
    this.summary = null;
    this.total = 0;
  }

  start(title) {
    this.summary = null;
    this.parts = new Map();
    this.shown = 0;
    this.root.hidden = false;
    this.root.dataset.state = "running";
    this.title.textContent = title;
    for (const part of [this.mode, this.problems, this.sections, this.conflicts, this.coverage, this.jump]) part.replaceChildren();
    this.actions.hidden = true;
    this.#progress("Reading the chart…");
  }

  /** Take one event of the stream. `error` is thrown on by the caller. */
  receive(event, data) {
    if (event === "evidence") this.#begin(data);
    else if (event === "statement") this.#add(data);
    else if (event === "section") this.#close(data);
    else if (event === "summary") this.finish(data);
  }

  /** The stream broke and is being taken up again; the next event says that it was. */
  broken() {
    this.#progress("The connection was lost. Taking the summary up again…");
    announce("The connection was lost. Taking the summary up again.");
  }

  #begin({ summary_id: summaryId, sections, notes_considered: considered }) {
    // A second beginning: the first could not be taken up again.
    if (this.parts.size) this.start(this.title.textContent);
    this.context.summaryId = summaryId;
    this.considered = considered;
    for (const section of sections) this.#part(section);
    this.#progress();
  }

  #part({ key, title }) {
    const list = el("ul", { class: "statements" });
    const foot = el("div", { class: "section-foot" });
    const heading = el("h3", { id: `section-${this.parts.size}`, text: title });
    const node = el("section", { class: "summary-section", "aria-labelledby": heading.id, dataset: { key, state: "waiting" } }, heading, list, foot);
    this.sections.append(node);
    const part = { key, title, node, list, foot, ids: [] };
    this.parts.set(key, part);
    return part;
  }

  #add({ section, ...statement }) {
    const part = this.parts.get(section) ?? this.#part({ key: section, title: section });
    part.list.append(statementItem(statement, this.context));
    part.ids.push(statement.statement_id);
    this.shown += 1;
    this.#progress();
  }

  #close({ key, outcome }) {
    const part = this.parts.get(key);
    if (!part) return;
    part.node.dataset.state = "done";
    part.outcome = outcome;
    announce(`${part.title}: ${part.ids.length ? count(part.ids.length, "statement") : "nothing to show"}.`);
    this.#progress();
  }

  /** Show the whole: also used for a stored summary, which was never streamed. */
  finish(summary) {
    this.summary = summary;
    this.context.summaryId = summary.summary_id;
    this.parts ??= new Map();
    for (const section of summary.sections) {
      const part = this.parts.get(section.key) ?? this.#part(section);
      const ids = section.statements.map((s) => s.statement_id);
      if (ids.join() !== part.ids.join()) part.list.replaceChildren(...section.statements.map((s) => statementItem(s, this.context)));
      part.ids = ids;
      part.node.dataset.state = "done";
      part.foot.replaceChildren(...outcomeLines(section, summary.coverage));
    }
    this.root.dataset.state = "done";
    this.mode.replaceChildren(...modeLine(summary, this.context.modelState()));
    this.conflicts.replaceChildren(...conflictBox(summary.conflicts, this.context));
    this.jump.replaceChildren(...conflictJump(summary.conflicts));
    this.coverage.replaceChildren(coverageBox(summary, this.context));
    this.actions.hidden = false;
    this.progress.textContent = "";
    announce(`Summary complete: ${count(this.#statements(), "statement")}.`);
  }

  #statements() {
    return [...this.parts.values()].reduce((sum, part) => sum + part.ids.length, 0);
  }

  /** The stream ended before the summary did: say so, and keep what was verified, marked as incomplete. */
  interrupt(problem, retry) {
    this.root.dataset.state = "incomplete";
    this.progress.textContent = "";
    for (const part of this.parts.values()) {
      if (part.node.dataset.state === "done") continue;
      part.node.dataset.state = "cut";
      part.foot.replaceChildren(el("p", { class: "outcome outcome-warning" }, icon("warning"), el("span", { text: "Not finished." })));
    }
    const kept = this.shown ? "What is shown below was checked, but it is not the whole summary." : "";
    this.problems.replaceChildren(problem ? problemNotice(problem, retry, kept)
      : notice(`Stopped. ${kept}`, { kind: "warn", retry }));
  }

  #progress(words) {
    const done = [...this.parts.values()].filter((part) => part.node.dataset.state === "done").length;
    this.progress.textContent = words ??
      `${count(this.considered ?? 0, "note")} read. ${done} of ${count(this.parts.size, "section")} done, ${count(this.shown, "statement")} so far.`;
  }
}

function modeLine({ mode, sections }, modelState) {
  const all = sections.flatMap((s) => s.statements);
  const quoted = all.filter((s) => s.status === "quoted").length;
  const badge = el("span", { class: `badge badge-${mode}`, text: mode === "abstractive" ? "Abstractive" : "Extractive" });
  const share = `${quoted} of ${count(all.length, "statement")} ${quoted === 1 ? "is" : "are"} the chart’s own words`;
  if (mode === "abstractive") {
    return [badge, ` A model reworded the chart; every statement was checked in code against the words it cites. ${share}.`];
  }
  const why = modelState === "ready" ? "No sentence of the model passed the checks." : "No model was ready.";
  const rest = quoted < all.length ? `${share}; the others set entries of it side by side.` : "Every statement is the chart’s own words.";
  return [badge, ` ${why} ${all.length ? rest : ""}`];
}

function conflictBox(conflicts, context) {
  if (!conflicts.length) return [];
  const items = conflicts.map((conflict) => el("li", { class: "conflict" },
    el("p", { class: "words" }, visible(conflict.text)),
    el("ul", { class: "sides" }, conflict.citations.map((c) => el("li", {},
      el("q", { class: "side" }, visible(c.quote)), " ", citationButton(c, conflict, context))))));
  return [el("section", { class: "conflict-box", id: "conflicts", tabindex: "-1", "aria-labelledby": "conflicts-title" },
    el("h3", { id: "conflicts-title" }, icon("warning"), "The chart contradicts itself"), el("ul", {}, items))];
}

function conflictJump(conflicts) {
  if (!conflicts.length) return [];
  return [el("a", { href: "#conflicts", class: "jump" }, icon("warning"), count(conflicts.length, "conflict"))];
}

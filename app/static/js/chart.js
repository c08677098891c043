/** The chart page: puts time line, form, summary and note together. */

import { getPatient, getSummary, Problem } from "./api.js";
import { CitationOrder } from "./citation_order.js";
import { copyText } from "./clipboard.js";
import { span } from "./dates.js";
import { announce, count } from "./dom.js";
import { watchModel } from "./model_state.js";
import { NotePane } from "./note_pane.js";
import { NoteTypes } from "./notetypes.js";
import { problemNotice } from "./notice.js";
import { RequestForm } from "./request_form.js";
import { summaryText } from "./summary_text.js";
import { streamSummary } from "./summary_stream.js";
import { SummaryView } from "./summary_view.js";
import { Timeline } from "./timeline.js";

const byId = (id) => document.getElementById(id);
// As JSON, since an HTML parser would change an identifier that holds a line end.
const patientId = JSON.parse(byId("chart").dataset.patientId);

let modelState = "unknown";
let controller = null;

watchModel(byId("model"), (state) => { modelState = state; });

async function load() {
  byId("chart-problems").replaceChildren();
  try {
    start(await getPatient(patientId));
  } catch (problem) {
    byId("chart-facts").textContent = "";
    byId("chart-problems").replaceChildren(problemNotice(problem, load));
  }
}

function start(chart) {
  const { notes } = chart;
  const types = new NoteTypes(notes.map((n) => n.note_type));
  const headers = new Map(notes.map((n) => [n.note_id, n]));
  const order = new CitationOrder(byId("summary"));
  const pane = new NotePane(byId("note"), {
    types, order, onStep: (button) => pane.openCitation(button), onShow: (noteId) => timeline.markOpen(noteId),
  });
  const timeline = new Timeline(byId("timeline"), { onOpen: (header, button) => pane.openNote(header, button) });
  const view = new SummaryView(byId("summary"), {
    types, order, headers, modelState: () => modelState,
    onCite: (button) => pane.openCitation(button), onOpen: (header, button) => pane.openNote(header, button),
  });
  const form = new RequestForm(byId("ask"), { onSubmit: run, onCancel: () => controller?.abort() });

  byId("chart-facts").textContent = facts(chart);
  // Between phone and wide screen the summary needs the height that an open list would take.
  byId("timeline").querySelector("details").open = !window.matchMedia("(min-width: 64rem) and (max-width: 79.99rem)").matches;
  timeline.show(notes, types);
  form.offerTypes(types);
  byId("ask").hidden = false;

  async function run(request) {
    controller?.abort();
    const mine = (controller = new AbortController());
    const title = form.title();
    view.start(title);
    form.busy(true);
    timeline.markUse(new Map(), new Map());
    byId("welcome").hidden = true;
    try {
      const stream = streamSummary({ patient_id: patientId, ...request }, { signal: mine.signal, onBreak: () => view.broken() });
      for await (const { event, data } of stream) {
        if (event === "error") throw new Problem({ ...data, retryAfter: null });
        view.receive(event, data);
      }
      done(view.summary);
    } catch (error) {
      // A newer request has already taken the view over.
      if (mine !== controller) return;
      view.interrupt(error.name === "AbortError" ? null : asProblem(error), () => run(request));
    } finally {
      if (mine === controller) form.busy(false);
    }
  }

  function done(summary) {
    const cited = new Map();
    const citations = [...summary.sections.flatMap((s) => s.statements), ...summary.conflicts].flatMap((s) => s.citations);
    for (const { note_id: id } of citations) cited.set(id, (cited.get(id) ?? 0) + 1);
    timeline.markUse(cited, new Map(summary.coverage.skipped.map((s) => [s.note_id, s.reason.replaceAll("_", " ")])));
    history.replaceState(history.state, "", `#summary=${encodeURIComponent(summary.summary_id)}`);
  }

  async function restore(summaryId) {
    try {
      const summary = await getSummary(summaryId);
      if (summary.patient_id !== patientId) return;
      form.choose(summary.template);
      view.start(form.title());
      byId("welcome").hidden = true;
      view.finish(summary);
      done(summary);
    } catch {
      history.replaceState(null, "", location.pathname);
    }
  }

  byId("copy").addEventListener("click", async (event) => {
    const copied = await copyText(summaryText(view.summary, view.title.textContent, byId("intended-use").textContent.trim()));
    const words = copied ? "Copied" : "Could not copy";
    event.target.closest("button").querySelector("span").textContent = words;
    announce(words);
    setTimeout(() => { byId("copy").querySelector("span").textContent = "Copy as text"; }, 2500);
  });
  byId("print").addEventListener("click", () => window.print());
  window.addEventListener("pagehide", () => controller?.abort());

  const stored = new URLSearchParams(location.hash.slice(1)).get("summary");
  if (stored) restore(stored);
}

function asProblem(error) {
  return error instanceof Problem ? error : new Problem({ code: "internal_error" });
}

function facts({ notes, quarantined }) {
  const dates = notes.map((n) => n.charted_at).filter(Boolean);
  const encounters = new Set(notes.map((n) => n.encounter_id).filter(Boolean)).size;
  return [count(notes.length, "note"), dates.length ? span(dates[0], dates.at(-1)) : "undated",
    encounters ? count(encounters, "encounter") : "", quarantined ? `${quarantined} set aside at ingest` : "",
  ].filter(Boolean).join(" · ");
}

load();

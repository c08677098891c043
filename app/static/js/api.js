/** The service's JSON and event-stream API. Every failure is a Problem. */

import { readEvents } from "./sse.js";

/** The events after which nothing comes. */
export const LAST = new Set(["summary", "error"]);

/** A problem+json answer, or `code: "network"` where no answer came. */
export class Problem extends Error {
  constructor({ code = "internal_error", detail = "", status = 0, retryAfter = null }) {
    super(detail || code);
    this.code = code;
    this.detail = detail;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

async function problemOf(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    // A proxy's own error page: the status has to do.
  }
  const wait = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  return new Problem({
    code: typeof body.code === "string" ? body.code : "internal_error",
    detail: typeof body.detail === "string" ? body.detail : "",
    status: response.status,
    retryAfter: Number.isNaN(wait) ? null : wait,
  });
}

async function send(path, { body, accept = "application/json", signal, lastEventId } = {}) {
  const headers = { accept };
  if (lastEventId) headers["last-event-id"] = lastEventId;
  const init = { headers, signal, credentials: "same-origin" };
  // On a request that asks for work `no-store` would say `Cache-Control: no-cache`: have it all made anew.
  if (body === undefined) init.cache = "no-store";
  else {
    init.method = "POST";
    init.body = JSON.stringify(body);
    headers["content-type"] = "application/json";
    headers["x-csrf-token"] = csrfToken();
  }
  let response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ code: "network" });
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function json(path, options) {
  const response = await send(path, options);
  try {
    return await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ code: "network" });
  }
}

const id = encodeURIComponent;

export function findPatients({ query, cursor, limit = 25, signal }) {
  const params = new URLSearchParams({ q: query, limit: String(limit) });
  if (cursor) params.set("cursor", cursor);
  return json(`/patients?${params}`, { signal });
}

export const getPatient = (patientId, signal) => json(`/patients/${id(patientId)}`, { signal });
export const getNote = (noteId, signal) => json(`/notes/${id(noteId)}`, { signal });
export const getSummary = (summaryId, signal) => json(`/summaries/${id(summaryId)}`, { signal });
export const sendFeedback = (feedback) => send("/feedback", { body: feedback });

/** What /readyz says, also when it says it is not ready. */
export async function getReadiness(signal) {
  const response = await fetch("/readyz", { signal, cache: "no-store", headers: { accept: "application/json" } });
  return response.json();
}

/**
 * Ask for a summary, or for what comes after an event of it, and yield `{id, event, data, retry}`, data parsed.
 * A connection that is lost, or ends before the summary does, is a Problem `network`.
 */
export async function* streamOnce(request, { signal, lastEventId }) {
  const response = await send("/summarize", { body: request, accept: "text/event-stream", signal, lastEventId });
  try {
    for await (const part of readEvents(response)) {
      yield { ...part, data: JSON.parse(part.data) };
      if (LAST.has(part.event)) return;
    }
  } catch (error) {
    if (error.name === "AbortError") throw error;
  }
  throw new Problem({ code: "network" });
}

/** Errors in the words of the person who reads them. */

const SENTENCES = {
  patient_not_found: "The index holds no patient with this identifier.",
  note_not_found: "The index no longer holds this note.",
  summary_not_found: "This summary is no longer stored. Ask for a new one.",
  invalid_request: "The service could not use this request.",
  unauthenticated: "Your session has ended. Sign in again to go on.",
  forbidden: "You are signed in, but may not do this.",
  index_mismatch: "The index was built with other settings and cannot be read. Operations has to rebuild it.",
  index_unavailable: "No charts have been published yet.",
  draining: "The service is being restarted.",
  overloaded: "The service is busy with other summaries.",
  model_unavailable: "The language model did not answer.",
  audit_unavailable: "The reading could not be written to the audit log, so nothing may be shown.",
  deadline_exceeded: "This took longer than the service allows.",
  network: "The connection to the service was lost.",
  internal_error: "The service failed to answer.",
};

const FINAL = new Set(["patient_not_found", "note_not_found", "summary_not_found", "invalid_request", "forbidden"]);
const WITH_DETAIL = new Set(["invalid_request", "index_mismatch"]);

/** @returns {{text: string, retry: boolean, signIn: boolean}} what to say and what to offer. */
export function describe(problem) {
  const code = problem.code in SENTENCES ? problem.code : "internal_error";
  let text = SENTENCES[code];
  if (WITH_DETAIL.has(code) && problem.detail) text += ` ${sentence(problem.detail)}`;
  if (problem.retryAfter) text += ` Try again in ${problem.retryAfter} s.`;
  return { text, retry: !FINAL.has(code) && code !== "unauthenticated", signIn: code === "unauthenticated" };
}

function sentence(words) {
  const start = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}

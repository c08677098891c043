/** A message box with what the reader can do next. */

import { el, icon } from "./dom.js";
import { describe } from "./problems.js";

/** @param {Problem} problem @param {(() => void)|null} retry what "Try again" does. */
export function problemNotice(problem, retry = null, lead = "") {
  const { text, retry: offer, signIn } = describe(problem);
  return notice(lead ? `${lead} ${text}` : text, { kind: "bad", retry: offer ? retry : null, signIn });
}

export function notice(text, { kind = "info", retry = null, signIn = false } = {}) {
  const next = `${location.pathname}${location.search}`;
  return el("div", { class: `notice notice-${kind}`, role: kind === "bad" ? "alert" : null },
    icon(kind === "info" ? "info" : "warning"),
    el("p", { text }),
    retry && el("button", { type: "button", class: "button", text: "Try again", on: { click: retry } }),
    signIn && el("a", { class: "button", href: `/sign-in?next=${encodeURIComponent(next)}`, text: "Sign in" }));
}

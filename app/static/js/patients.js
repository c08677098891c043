/** The page that finds a patient: type to search, arrows to move, Enter to open. */

import { findPatients } from "./api.js";
import { span } from "./dates.js";
import { announce, count, el } from "./dom.js";
import { watchModel } from "./model_state.js";
import { problemNotice } from "./notice.js";

const PAUSE_MS = 160;

const input = document.getElementById("q");
const list = document.getElementById("patients");
const status = document.getElementById("patients-status");
const more = document.getElementById("more");
const problems = document.getElementById("problems");

let controller = null;
let cursor = null;
let timer = 0;

function row({ patient_id: patientId, notes, first_charted_at: first, last_charted_at: last }) {
  return el("li", {},
    el("a", { class: "patient", href: `/p/${encodeURIComponent(patientId)}` },
      el("span", { class: "patient-id" }, el("bdi", { text: patientId })),
      el("span", { class: "patient-notes", text: count(notes, "note") }),
      el("span", { class: "patient-span", text: span(first, last) })));
}

function say(query, next) {
  const shown = list.childElementCount;
  let words = count(shown, "patient");
  if (!shown) words = query ? "No patient identifier contains these characters." : "The index holds no patients yet.";
  else if (next) words = `First ${words}; more below.`;
  status.textContent = words;
  announce(words);
}

async function load({ append = false } = {}) {
  controller?.abort();
  controller = new AbortController();
  const { signal } = controller;
  const query = input.value.trim();
  list.setAttribute("aria-busy", "true");
  try {
    const page = await findPatients({ query, cursor: append ? cursor : null, signal });
    const rows = page.patients.map(row);
    if (append) list.append(...rows);
    else list.replaceChildren(...rows);
    cursor = page.next ?? null;
    more.hidden = cursor === null;
    problems.replaceChildren();
    say(query, cursor);
    if (append) rows[0]?.querySelector("a").focus();
    history.replaceState(null, "", query ? `/?q=${encodeURIComponent(query)}` : "/");
  } catch (error) {
    if (error.name === "AbortError") return;
    problems.replaceChildren(problemNotice(error, () => load({ append })));
    status.textContent = "";
  } finally {
    if (!signal.aborted) list.removeAttribute("aria-busy");
  }
}

function links() {
  return [...list.querySelectorAll("a")];
}

function move(event) {
  const all = links();
  const at = all.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (to === undefined || (at < 0 && event.key !== "ArrowDown")) return;
  event.preventDefault();
  if (to < 0) input.focus();
  else if (to < all.length) all[to].focus();
  else if (!more.hidden) more.focus();
}

input.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(load, PAUSE_MS);
});
input.form.addEventListener("submit", (event) => {
  event.preventDefault();
  const all = links();
  if (all.length === 1) all[0].click();
  else all[0]?.focus();
});
input.form.addEventListener("keydown", move);
list.addEventListener("keydown", move);
more.addEventListener("click", () => load({ append: true }));

watchModel(document.getElementById("model"));
load();

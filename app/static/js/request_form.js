/** The form that says what to summarize. */

import { count, el } from "./dom.js";
import { tagOf } from "./timeline.js";

export class RequestForm {
  constructor(form, { onSubmit, onCancel }) {
    this.form = form;
    this.go = form.querySelector(".go");
    this.stop = form.querySelector(".stop");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      onSubmit(this.request());
    });
    this.stop.addEventListener("click", onCancel);
    form.querySelector(".options").addEventListener("input", () => this.#countOptions());
  }

  /** Offer the chart's own note types. */
  offerTypes(types) {
    this.form.querySelector(".type-choices").replaceChildren(...types.all.map((type) =>
      el("label", { class: "check" }, el("input", { type: "checkbox", name: "note_types", value: type.raw }), tagOf(type), type.name)));
  }

  /** The body of POST /summarize, without the patient. Fields left empty are left out. */
  request() {
    const fields = new FormData(this.form);
    const request = { template: fields.get("template"), max_words: Number(fields.get("max_words")) || 350 };
    for (const name of ["focus", "since", "until"]) {
      const value = (fields.get(name) ?? "").trim();
      if (value) request[name] = value;
    }
    const types = fields.getAll("note_types");
    if (types.length) request.note_types = types;
    return request;
  }

  /** What the chosen template is called. */
  title() {
    return this.form.querySelector('input[name="template"]:checked').dataset.title;
  }

  /** Select a template, where there is one of that name. */
  choose(name) {
    const field = [...this.form.elements.template].find((input) => input.value === name);
    if (field) field.checked = true;
  }

  busy(isBusy) {
    this.stop.hidden = !isBusy;
    this.go.textContent = isBusy ? "Start again" : "Summarize";
  }

  #countOptions() {
    const request = this.request();
    const set = [request.since, request.until, request.note_types?.length, request.max_words !== 350].filter(Boolean).length;
    this.form.querySelector(".options-count").textContent = set ? `${count(set, "limit")} set` : "";
  }
}

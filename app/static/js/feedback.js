/** Two small buttons under a statement: right, or wrong. */

import { sendFeedback } from "./api.js";
import { announce, el, icon } from "./dom.js";

const CHOICES = [
  { verdict: "correct", name: "thumb", label: "This statement is right", said: "Marked right." },
  { verdict: "incorrect", name: "flag", label: "This statement is wrong", said: "Marked wrong. Thank you." },
];

export function feedbackButtons(summaryId, statementId) {
  const buttons = CHOICES.map((choice) => {
    const button = el("button", {
      type: "button", class: "rate", "aria-label": choice.label, title: choice.label, "aria-pressed": "false",
      on: { click: () => send(choice, button) },
    }, icon(choice.name));
    return button;
  });

  async function send(choice, button) {
    try {
      await sendFeedback({ summary_id: summaryId, statement_id: statementId, verdict: choice.verdict });
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      announce(choice.said);
    } catch {
      button.title = "This could not be sent. Try again.";
      announce(button.title);
    }
  }
  return el("span", { class: "rating" }, buttons);
}

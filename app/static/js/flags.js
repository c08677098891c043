/** Marks on a statement that ask for a second look. A mark is words; its meaning is read out and shown on hover. */

import { el } from "./dom.js";

const FLAGS = {
  paraphrased: ["paraphrased", "Some of these words are the model’s own. Compare them with the cited words."],
  reattributed: ["found under another line", "The model named another line than the one that says this. The citation is the line that does."],
  unusual: ["unusual source text", "The cited words hold what charts do not: orders to a machine, hidden characters or markup. They change nothing else in this summary."],
};

/** The text of each flag; one that this page does not know is shown by its own name. */
export function flagWords(flags = []) {
  return flags.map((flag) => FLAGS[flag]?.[0] ?? flag);
}

/** A badge for each flag of a statement. */
export function flagBadges(flags = []) {
  return flags.map((flag) => {
    const [words, meaning] = FLAGS[flag] ?? [flag, ""];
    return el("span", { class: `flag flag-${flag}`, title: meaning }, words,
      meaning ? el("span", { class: "visually-hidden", text: `: ${meaning}` }) : null);
  });
}

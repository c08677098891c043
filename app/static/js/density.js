/** A small histogram of notes over time, drawn as SVG attributes so that the content policy holds. */

import { dayNumber, year } from "./dates.js";
import { svg } from "./dom.js";

const BARS = 48;
const HEIGHT = 36;
const WIDTH = 240;

/** @returns {SVGElement|null} null where fewer than two dates exist. `onPick(note)` gets the last note of a clicked bar. */
export function density(notes, cited, onPick) {
  const dated = notes.map((note) => ({ note, day: dayNumber(note.charted_at) })).filter((n) => n.day !== null);
  const days = dated.map((n) => n.day);
  const [first, last] = [Math.min(...days), Math.max(...days)];
  if (dated.length < 2 || first === last) return null;
  const bins = Array.from({ length: BARS }, () => []);
  for (const n of dated) bins[Math.min(BARS - 1, Math.floor(((n.day - first) / (last - first)) * BARS))].push(n.note);
  const tallest = Math.max(...bins.map((bin) => bin.length));
  const step = WIDTH / BARS;
  const bars = bins.flatMap((bin, i) => {
    if (!bin.length) return [];
    const height = Math.max(3, (bin.length / tallest) * HEIGHT);
    const isCited = bin.some((note) => cited.has(note.note_id));
    return svg("rect", {
      class: isCited ? "bar is-cited" : "bar", x: i * step, y: HEIGHT - height, width: step - 1, height, rx: 1,
      on: { click: () => onPick(bin.at(-1)) },
    });
  });
  const label = `${dated.length} notes from ${year(dated[0].note.charted_at)} to ${year(dated.at(-1).note.charted_at)}`;
  return svg("svg", { class: "density", viewBox: `0 0 ${WIDTH} ${HEIGHT + 1}`, preserveAspectRatio: "none", role: "img", "aria-label": label },
    svg("line", { class: "axis", x1: 0, x2: WIDTH, y1: HEIGHT + 0.5, y2: HEIGHT + 0.5 }), bars);
}

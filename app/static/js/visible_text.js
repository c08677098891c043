/**
 * A note's text as nodes: marks where words are cited, and characters that are invisible or change the reading
 * direction shown as small labels. textContent stays the text itself, code unit for code unit.
 */

import { el } from "./dom.js";

const NAMES = {
  0x00a0: "", 0x00ad: "SHY", 0x061c: "ALM", 0x180e: "MVS", 0x200b: "ZWSP", 0x200c: "ZWNJ", 0x200d: "ZWJ", 0x200e: "LRM",
  0x200f: "RLM", 0x2028: "LS", 0x2029: "PS", 0x202a: "LRE", 0x202b: "RLE", 0x202c: "PDF", 0x202d: "LRO", 0x202e: "RLO",
  0x2060: "WJ", 0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI", 0xfeff: "BOM",
};
// A joiner between pictographs or letters that need it is ordinary writing; it is labelled only on its own.
const HIDDEN =
  /\r(?!\n)|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]|(?<!\p{Extended_Pictographic}\ufe0f?|\p{M}|\p{Script=Arabic})[\u200c\u200d]|[\u{e0000}-\u{e007f}]/gu;

function label(character) {
  const code = character.codePointAt(0);
  return NAMES[code] || (code < 0xa0 ? `x${code.toString(16).padStart(2, "0").toUpperCase()}` : "TAG");
}

/** Nodes for a piece of text, hidden characters labelled. */
export function visible(text) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(HIDDEN)) {
    if (match.index > at) nodes.push(document.createTextNode(text.slice(at, match.index)));
    const lone = match[0] === "\r";
    nodes.push(el("span", { class: lone ? "lone-cr" : "hidden-char", dataset: lone ? {} : { label: label(match[0]) } }, match[0]));
    at = match.index + match[0].length;
  }
  if (at < text.length) nodes.push(document.createTextNode(text.slice(at)));
  return nodes;
}

/**
 * Nodes for a whole text with marks. `spans` are UTF-16 `{start, end, current}`; where they overlap the text is cut,
 * so the current citation's marks, joined, are exactly its quote.
 */
export function marked(text, spans) {
  const cuts = new Set([0, text.length]);
  for (const { start, end } of spans) cuts.add(start).add(end);
  const edges = [...cuts].sort((a, b) => a - b);
  const nodes = [];
  for (let i = 0; i + 1 < edges.length; i += 1) {
    const [from, to] = [edges[i], edges[i + 1]];
    const over = spans.filter((s) => s.start <= from && s.end >= to);
    const pieces = visible(text.slice(from, to));
    if (!over.length) nodes.push(...pieces);
    else nodes.push(el("mark", { class: over.some((s) => s.current) ? "cited is-current" : "cited" }, ...pieces));
  }
  return nodes;
}

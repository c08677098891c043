/** Names, short tags and hues of note types. The tag's letters tell types apart; the hue only helps. */

const HUES = 8;
const KNOWN = {
  "discharge summary": "DS", "progress note": "PN", "history and physical": "HP", "h&p": "HP", "nursing note": "NU",
  "nursing": "NU", "radiology": "RA", "radiology report": "RA", "ed note": "ED", "emergency department note": "ED",
  "consult": "CO", "consult note": "CO", "consultation": "CO", "clinic letter": "CL", "operative note": "OP",
};

/** "discharge_summary" as "Discharge summary"; other writing is left as the source has it. */
export function typeName(raw) {
  const words = (raw || "Note").replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function initials(name) {
  const words = name.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ["note"];
  const letters = words.length > 1 ? words[0].charAt(0) + words[1].charAt(0) : words[0].slice(0, 2);
  return letters.toUpperCase();
}

/** Tags and hues for the types of one chart, no tag given twice. */
export class NoteTypes {
  #by = new Map();

  constructor(rawTypes) {
    const taken = new Set();
    const known = (raw) => (typeName(raw).toLowerCase() in KNOWN ? 0 : 1);
    const sorted = [...new Set(rawTypes)].sort();
    // Types with a customary tag choose first.
    [...sorted].sort((a, b) => known(a) - known(b)).forEach((raw, n) => {
      const name = typeName(raw);
      const letters = name.replaceAll(/[^\p{L}\p{N}]/gu, "").toUpperCase();
      let tag = KNOWN[name.toLowerCase()] ?? initials(name);
      for (let i = 1; taken.has(tag) && i < letters.length; i += 1) tag = letters.charAt(0) + letters.charAt(i);
      for (let i = 2; taken.has(tag); i += 1) tag = letters.charAt(0) + String(i);
      taken.add(tag);
      this.#by.set(raw, { raw, name, tag, hue: n % HUES });
    });
  }

  of(raw) {
    return this.#by.get(raw) ?? { raw, name: typeName(raw), tag: initials(typeName(raw)), hue: 0 };
  }

  /** In order of name. */
  get all() {
    return [...this.#by.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

/** The citations of what is on screen, in reading order, so that one can step through them. */

export class CitationOrder {
  #root;

  constructor(root) {
    this.#root = root;
    this.byButton = new WeakMap();
  }

  /** Remember what a citation button stands for. */
  register(button, citation, statement) {
    this.byButton.set(button, { citation, statement });
  }

  /** @returns {{n: number, total: number, previous: Element|null, next: Element|null}} place of a button among all. */
  place(button) {
    const all = [...this.#root.querySelectorAll(".cite")].filter((b) => this.byButton.has(b));
    const at = all.indexOf(button);
    return { n: at + 1, total: all.length, previous: all[at - 1] ?? null, next: at < 0 ? null : all[at + 1] ?? null };
  }

  /** Citations of one note other than `current`, to be marked more lightly beside it. */
  others(noteId, current) {
    const found = [];
    for (const button of this.#root.querySelectorAll(".cite")) {
      const entry = this.byButton.get(button);
      if (entry && entry.citation.note_id === noteId && entry.citation !== current) found.push(entry.citation);
    }
    return found;
  }
}

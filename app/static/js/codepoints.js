/**
 * Offsets of the API count Unicode code points; JavaScript strings count UTF-16 units.
 * One walk over the text records every STRIDE-th position, so that a lookup costs at most STRIDE steps.
 */

const STRIDE = 512;
const ASTRAL = /[\ud800-\udbff][\udc00-\udfff]/;

/** @returns {number} units taken by the code point that starts at `unit`. */
function width(text, unit) {
  return text.codePointAt(unit) > 0xffff ? 2 : 1;
}

export class CodePoints {
  #stops = null;

  constructor(text) {
    this.text = text;
    this.length = text.length;
    if (!ASTRAL.test(text)) return;
    this.#stops = [];
    let points = 0;
    for (let unit = 0; unit < text.length; unit += width(text, unit)) {
      if (points % STRIDE === 0) this.#stops.push(unit);
      points += 1;
    }
    this.length = points;
  }

  /** UTF-16 offset of a code-point offset, clamped to the text. */
  toUtf16(offset) {
    if (this.#stops === null || offset <= 0) return Math.max(0, Math.min(offset, this.text.length));
    if (offset >= this.length) return this.text.length;
    const stop = Math.floor(offset / STRIDE);
    let unit = this.#stops[stop];
    for (let point = stop * STRIDE; point < offset; point += 1) unit += width(this.text, unit);
    return unit;
  }

  /** What Python's `text[start:end]` is. */
  slice(start, end) {
    return this.text.slice(this.toUtf16(start), this.toUtf16(end));
  }
}

/** Server-sent events out of a fetch body, after the WHATWG event-stream grammar. */

const LINE_END = /\r\n|\n|\r/;

export class EventParser {
  /** Milliseconds after which the sender would have a broken stream taken up again. */
  retry = null;
  #rest = "";
  #id = "";
  #event = "";
  #data = [];
  #started = false;

  /** Take the next piece of text, however it was cut; returns the events it completes. */
  push(piece) {
    const done = [];
    let text = this.#rest + piece;
    if (!this.#started && text) {
      this.#started = true;
      if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    }
    for (;;) {
      const end = LINE_END.exec(text);
      // A lone CR at the very end may be the first half of CRLF.
      if (!end || (end[0] === "\r" && end.index === text.length - 1)) break;
      const line = text.slice(0, end.index);
      text = text.slice(end.index + end[0].length);
      const event = this.#line(line);
      if (event) done.push(event);
    }
    this.#rest = text;
    return done;
  }

  #line(line) {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? "" : line.slice(colon + 1);
    if (value.startsWith(" ")) value = value.slice(1);
    if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.retry = Number(value);
    else if (field === "data") this.#data.push(value);
    return null;
  }

  #dispatch() {
    // The id stays until another comes, as the grammar has it; an error, which has none, is no place to go on from.
    const event = { id: this.#id, event: this.#event || "message", data: this.#data.join("\n") };
    const empty = this.#data.length === 0;
    this.#event = "";
    this.#data = [];
    return empty ? null : event;
  }
}

/** Yield `{id, event, data, retry}` of a streaming response as they arrive. */
export async function* readEvents(response) {
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      for (const event of parser.push(decoder.decode(value, { stream: true }))) yield { ...event, retry: parser.retry };
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

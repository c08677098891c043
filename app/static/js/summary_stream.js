/** The stream of a summary, taken up again where it broke. */

import { LAST, Problem, streamOnce } from "./api.js";

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4000;
const MOST_BREAKS = 8;
// What a proxy says while the service behind it is away.
const GATEWAY = new Set([502, 503, 504]);

/**
 * Ask for a summary and yield `{event, data}` to its end, each event once. A stream that breaks after it has begun is
 * taken up after the last event that came; where that is no longer possible the service begins anew, with another
 * `evidence`. Each break is told to `onBreak`. Every failure is a Problem.
 */
export async function* streamSummary(request, { signal, onBreak = () => {} }) {
  let lastEventId = "";
  let firstPause = FIRST_PAUSE_MS;
  let pause = firstPause;
  for (let breaks = 1; ; breaks += 1) {
    try {
      for await (const { id, event, data, retry } of streamOnce(request, { signal, lastEventId })) {
        // Another replica, or the same one in a moment, goes on.
        if (event === "error" && data.code === "draining") throw new Problem(data);
        firstPause = retry ?? firstPause;
        pause = firstPause;
        lastEventId = id || lastEventId;
        yield { event, data };
        if (LAST.has(event)) return;
      }
    } catch (problem) {
      if (!lastEventId || breaks > MOST_BREAKS || !mayPass(problem)) throw problem;
      pause = Math.max(pause, Math.min(1000 * problem.retryAfter, LONGEST_PAUSE_MS));
    }
    onBreak();
    await sleep(pause, signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

function mayPass(problem) {
  if (!(problem instanceof Problem)) return false;
  return problem.code === "network" || (GATEWAY.has(problem.status) && problem.code !== "deadline_exceeded");
}

function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new DOMException("stopped", "AbortError"));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
  });
}

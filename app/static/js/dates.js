/** Chart dates: local to the chart, precision kept, never moved into the reader's time zone. */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const ISO = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2}))?)?)?/;

function parts(iso) {
  const match = ISO.exec(iso ?? "");
  if (!match) return null;
  const [, year, month, day, hour, minute] = match;
  return { year, month: month && MONTHS[Number(month) - 1], day: day && String(Number(day)), hour, minute };
}

/** "14 Mar 2181", "Mar 2181", "2181" or "undated". */
export function day(iso) {
  const p = parts(iso);
  if (!p) return iso || "undated";
  return [p.day, p.month, p.year].filter(Boolean).join(" ");
}

/** "14 Mar 2181, 08:30", as precise as the source. */
export function moment(iso) {
  const p = parts(iso);
  return p?.hour ? `${day(iso)}, ${p.hour}:${p.minute}` : day(iso);
}

/** "14 Mar" within a known year, else what is known. */
export function shortDay(iso) {
  const p = parts(iso);
  return p?.month ? [p.day, p.month].filter(Boolean).join(" ") : day(iso);
}

/** "14 Mar – 2 Sep 2181", shared parts said once. */
export function span(first, last) {
  if (!first && !last) return "undated";
  const [a, b] = [parts(first ?? last), parts(last ?? first)];
  if (!a || !b || day(first) === day(last)) return day(last ?? first);
  if (a.year !== b.year || !a.day || !b.day) return `${day(first)} – ${day(last)}`;
  if (a.month !== b.month) return `${a.day} ${a.month} – ${day(last)}`;
  return `${a.day}–${day(last)}`;
}

export const year = (iso) => parts(iso)?.year ?? "Undated";
export const month = (iso) => (iso ?? "").slice(0, 7);

/** Days since year 0, for drawing; null where there is no date. */
export function dayNumber(iso) {
  const match = ISO.exec(iso ?? "");
  if (!match) return null;
  return Date.UTC(Number(match[1]), Number(match[2] ?? 1) - 1, Number(match[3] ?? 1)) / 86_400_000;
}

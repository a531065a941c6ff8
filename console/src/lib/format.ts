import type { Instant } from "./types";

// Times are the port's own, whatever the operator's machine is set to; until the port has told, Beijing's.
let clockTime: Intl.DateTimeFormat;
let calendar: Intl.DateTimeFormat;

let zone: string;

export function setZone(timeZone: string): void {
  zone = timeZone;
  clockTime = new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
  calendar = new Intl.DateTimeFormat("sv-SE", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
}
setZone("Asia/Shanghai");

const NUMBER = new Intl.NumberFormat("en-GB", { useGrouping: true });

export const EMPTY = "–";

export function time(at: Instant | null | undefined): string {
  return at === null || at === undefined ? EMPTY : clockTime.format(at / 1000);
}

export function dayTime(at: Instant | null | undefined): string {
  return at === null || at === undefined ? EMPTY : `${calendar.format(at / 1000)} ${clockTime.format(at / 1000)}`;
}

/** The instant that a form's local time (`2026-11-23T08:00`) names at the port; null for none. */
export function instantAt(text: string): Instant | null {
  const [, year, month, day, hour, minute] = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)/.exec(text)?.map(Number) ?? [];
  if (year === undefined || month === undefined) return null;
  const wanted = Date.UTC(year, month - 1, day, hour, minute);
  const shown = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" });
  let at = wanted;
  for (let round = 0; round < 2; round += 1) {
    const part = Object.fromEntries(shown.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    at += wanted - Date.UTC(part.year ?? 0, (part.month ?? 1) - 1, part.day ?? 1, part.hour ?? 0, part.minute ?? 0);
  }
  return at * 1000;
}

export function whole(value: number | null | undefined): string {
  return value === null || value === undefined ? EMPTY : NUMBER.format(value);
}

/** Seconds with one decimal under 10 s of milliseconds given. */
export function stopSeconds(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return EMPTY;
  return (Math.max(0, ms) / 1000).toFixed(ms < 99_950 ? 1 : 0);
}

/** A span as the shortest two units: 7 s, 3 min 05 s, 2 h 10 min. */
export function span(us: number): string {
  const s = Math.max(0, Math.floor(us / 1e6));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, "0")} s`;
  return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")} min`;
}

export function percent(pm: number | null | undefined, digits = 1): string {
  return pm === null || pm === undefined ? EMPTY : (pm / 10).toFixed(digits);
}

export function shortHash(hex: string): string {
  return hex.length > 20 ? `${hex.slice(0, 10)}…${hex.slice(-6)}` : hex;
}

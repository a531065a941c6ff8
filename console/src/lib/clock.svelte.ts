// The platform's clock, as this page knows it. Live simulations may run faster than the wall, so the rate is measured.
import type { Instant } from "./types";

const TICK_MS = 200; // our choice: five times a second is enough for tenths of a stop time
const MAX_RATE = 120;

export const clock = $state<{ now: Instant; known: boolean }>({ now: Date.now() * 1000, known: false });
let anchor = { platform: Date.now() * 1000, local: performance.now() };
let first: { platform: number; local: number } | null = null;
let rate = 1;
let stopped = false;

function estimate(): Instant {
  return Math.round(anchor.platform + (performance.now() - anchor.local) * 1000 * rate);
}

/** Set the clock by a time that the platform has just told. */
export function tell(platform: Instant): void {
  const local = performance.now();
  if (first === null || platform < first.platform) first = { platform, local };
  const span = (local - first.local) * 1000;
  if (span > 2_000_000) rate = Math.min(MAX_RATE, Math.max(0, (platform - first.platform) / span));
  if (Math.abs(rate - 1) < 0.05) rate = 1;
  anchor = { platform, local };
  stopped = false;
  clock.known = true;
  clock.now = platform;
}

/** Stop the clock: with no word from the platform its time is not known. */
export function halt(): void {
  stopped = true;
}

setInterval(() => {
  if (!stopped) clock.now = Math.max(clock.now, estimate());
}, TICK_MS);

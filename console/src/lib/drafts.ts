// What an officer has filled in and not sent: kept for this tab, because a tablet may drop the page while its camera is open.
import type { Found } from "./examination";
import { session } from "./session.svelte";

export interface Draft {
  outcome: "clear" | "adverse" | "";
  found: Found[];
  seals: string;
  mass: string;
  pictures: string[];
  /** Under which the report is sent, so that one whose answer was lost is not taken twice. */
  key: string;
}
const PREFIX = "kouan.draft.";

const place = (sheet: string, step: number, round: number): string => `${PREFIX}${session.user?.username}.${sheet}.${step}.${round}`;

function freshKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Return what was filled in for a step before, or an empty form. */
export function draftOf(sheet: string, step: number, round: number): Draft {
  const empty: Draft = { outcome: "", found: [{ code: "", text: "" }], seals: "", mass: "", pictures: [], key: freshKey() };
  try {
    return { ...empty, ...(JSON.parse(sessionStorage.getItem(place(sheet, step, round)) ?? "{}") as Partial<Draft>) };
  } catch {
    return empty;
  }
}

export function keepDraft(sheet: string, step: number, round: number, draft: Draft): void {
  sessionStorage.setItem(place(sheet, step, round), JSON.stringify(draft));
}

export function dropDraft(sheet: string, step: number, round: number): void {
  sessionStorage.removeItem(place(sheet, step, round));
}

/** Forget everything that was not sent: whoever signs out leaves nothing behind. */
export function dropDrafts(): void {
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(PREFIX)) sessionStorage.removeItem(name);
}

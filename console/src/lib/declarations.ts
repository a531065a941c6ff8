// Declarations with their lots and balances, and the papers that lots rest on.
import type { LotItem, LotSheet } from "./examination";
import type { Direction, Instant } from "./types";

export interface Balance {
  item: string;
  granted_kg: number;
  taken_kg: number;
  left_kg: number;
  over_kg: number;
  overrun_permille: number;
  state: string;
}

export interface Declaration {
  number: string;
  status: string | null;
  step: string | null;
  consignee: string | null;
  direction: Direction;
  full_due: Instant | null;
  days_left: number | null;
  overdue: boolean;
  deadline: Instant | null;
  lots: LotItem[];
  balances: Balance[];
}

export interface SupportingPaper {
  kind: string;
  number: string;
  version: number;
  lots: string[];
  state: string;
  received_at: Instant;
  details: Record<string, unknown>;
  withheld?: boolean;
}

export interface PaperBalance extends Balance {
  kind: string;
  number: string;
  valid_from: Instant | null;
  valid_until: Instant | null;
  write_offs: { ticket: string; item: string; mass_kg: number; at: Instant; by: string; voided_at: Instant | null }[];
}

/** A lot with its rule, and the papers about it. */
export interface LotStanding {
  lot: LotSheet & { rule: { reference: string; effective_from: Instant; source: string; unverified: boolean; certificate: string } };
  papers: SupportingPaper[];
}

const DAY_MS = 86_400_000;
const CHINA_MS = 8 * 3_600_000;

/** Where a paper's validity stands today in China: not yet, valid, for the last days, or over; null where it says none. */
export function validity(paper: SupportingPaper, nowUs: number): "not_yet" | "valid" | "soon" | "expired" | null {
  const day = (name: string): number | null => {
    const text = paper.details[name];
    return typeof text === "string" ? Date.parse(`${text}T00:00:00Z`) : null;
  };
  const [from, until] = [day("valid_from"), day("valid_until")];
  if (from === null && until === null) return null;
  const today = Math.floor((nowUs / 1000 + CHINA_MS) / DAY_MS) * DAY_MS;
  if (from !== null && today < from) return "not_yet";
  if (until === null) return "valid";
  if (today > until) return "expired";
  return until - today < SOON_DAYS * DAY_MS ? "soon" : "valid";
}
/** How long before its last day a paper is shown as ending soon. Our choice: a week, in which another can be got. */
const SOON_DAYS = 7;

// What the targeting board shows; see src/kouan/web/targeting_shapes.py.
import type { Instant, Reason } from "./types";

export interface Rate {
  rate_ppm: number;
  low_ppm: number;
  high_ppm: number;
  sample: number;
  found: number;
}

export interface Standing {
  at: Instant;
  budget: { number: string; most: number; period_h: number; exploration_pm: number; expected: number; reason: string; set_by: string; set_at: Instant; effective_from: Instant } | null;
  spent: { period: Instant; used: number; seen: number; left: number; reserved: number; random_ppm: number; score_ppm: number };
  model: string | null;
  no_score: Reason | null;
  yields: { source: string; selected: number; examined: number; found: number }[];
  true_rate: Rate | null;
  notices: { number: string; at: Instant; model: string; reason: Reason; acknowledged_by: string | null }[];
}

export interface Candidate {
  number: string;
  judged_at: Instant;
  importer: string | null;
  hs_code: string;
  goods: string;
  gross_kg: number;
  source: string | null;
  why: Reason[];
  propensity_ppm: number;
  score_ppm: number | null;
  model: string | null;
  rules: string;
  order: string | null;
  found: boolean | null;
  withheld?: boolean;
  features?: Record<string, number | null>;
}

/** Parts of a million in per cent. */
export const percentOf = (ppm: number): string => `${(ppm / 10_000).toFixed(ppm < 100_000 ? 2 : 1)} %`;

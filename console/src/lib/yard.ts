// What the yard's page shows; see src/kouan/web/yard_shapes.py.
import type { Instant, Reason } from "./types";

export interface Visit {
  visit: string;
  site: string;
  plate: string;
  carrier: string;
  purpose: "delivery" | "pick_up";
  lot: string;
  state: string;
  waits_for: string;
  place: string | null;
  first_kg: number | null;
  net_kg: number | null;
  reasons: Reason[];
  perishable_until: Instant | null;
  opened_at: Instant;
  due_at: Instant | null;
}

export interface Stack {
  place: string;
  site: string;
  lot: string;
  wet_kg: number;
  moisture_bp: number;
}

export interface MassBalance {
  name: string;
  in_dg: number;
  out_dg: number;
  loss_dg: number;
  stock_dg: number;
  losses_kg: Record<string, number>;
  findings: Reason[];
}

export interface Estimate {
  median_kg: number;
  low_kg: number;
  high_kg: number;
  n: number;
  confidence_pm: number;
}

export interface Scale {
  scale: string;
  site: string;
  in_use: boolean;
  reason: string | null;
  zero_checked_at: Instant | null;
  finding: string;
  drift: Estimate | null;
  permitted_kg: number;
  offset_kg: number | null;
  pairs: number;
  apart: boolean;
}

export interface Carrier {
  carrier: string;
  tickets: number;
  unticketed: number;
  port_kg: number;
  ticket_kg: number;
  difference: Estimate | null;
  outliers: { visit: string; ticket: string; port_kg: number; ticket_kg: number }[];
  short: boolean;
}

export interface Yard {
  visits: Visit[];
  stacks: Stack[];
  sites: MassBalance[];
  lots: MassBalance[];
  carriers: Carrier[];
  scales: Scale[];
}

/** Dry decigrams (0.1 g) in whole kilograms, as a person reads them. */
export const dryKg = (dg: number): number => Math.round(dg / 10_000);

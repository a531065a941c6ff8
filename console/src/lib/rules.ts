// Rule documents: what the platform answers of them, and a table as it is edited.
import type { Instant } from "./types";

export type RuleKind = "release" | "table" | "reference" | "targeting" | "examination";
export type FactType = "word" | "whole" | "flag";

export interface RuleDocument {
  kind: RuleKind;
  name: string;
  version: number;
  state: string;
  effective_from: Instant;
  effective_until: Instant | null;
  digest: string;
  drafted_by: string;
  reason: string;
  approved_by: string | null;
  approved_at: Instant | null;
  content: string | null;
}

export interface RuleVocabulary {
  names: Record<RuleKind, string[]>;
  facts: Record<string, Record<string, FactType>>;
  steps: string[];
}

export interface RuleProblem {
  field: string;
  rule: string;
  mend: string;
  line: number | null;
}

export interface DryRun {
  number: string;
  document: string;
  effect: {
    passages: number;
    candidates: number;
    lots: number;
    examinations: number;
    unfaithful: number;
    changed: number;
    counts: { reason: string; before: string; after: string; count: number; subjects: string[] }[];
  };
  done: boolean;
  failed: string | null;
}

export interface TableRow {
  id: string;
  when: string[];
  then: string;
  why: string;
  steps: string[];
  mandatory: boolean;
}

export interface DecisionTable {
  hit: "first" | "collect";
  columns: string[];
  rows: TableRow[];
  title?: string;
  remarks?: string;
}

export const EMPTY_TABLE: DecisionTable = { hit: "collect", columns: ["hs_code"], rows: [] };

/** Return the table of a content; null where it is none. */
export function tableOf(content: string): DecisionTable | null {
  try {
    const found = JSON.parse(content) as DecisionTable;
    if (!Array.isArray(found.columns) || !Array.isArray(found.rows)) return null;
    return { ...found, rows: found.rows.map((row) => ({ ...row, steps: row.steps ?? [], mandatory: row.mandatory ?? false })) };
  } catch {
    return null;
  }
}

/** Return a table as it is kept: one row a line, so that versions compare row by row. */
export function textOf(table: DecisionTable): string {
  const { rows, ...head } = table;
  const lines = rows.map((row) => `  ${JSON.stringify(row)}`).join(",\n");
  return `${JSON.stringify(head).slice(0, -1)},"rows":[\n${lines}\n]}\n`;
}

/** Return the first id of the form r1, r2, … that no row has. */
export function freshId(rows: TableRow[]): string {
  const taken = new Set(rows.map((row) => row.id));
  let n = 1;
  while (taken.has(`r${n}`)) n += 1;
  return `r${n}`;
}

/** Midnight in China (UTC+8, no summer time) of a day such as 2026-12-01, in microseconds. */
export function midnight(day: string): Instant {
  return (Date.parse(`${day}T00:00:00Z`) - 8 * 3_600_000) * 1000;
}

/** The day in China of an instant, as a date field has it. */
export function dayOf(at: Instant): string {
  return new Date(at / 1000 + 8 * 3_600_000).toISOString().slice(0, 10);
}

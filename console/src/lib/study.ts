// Studies of a port's own files: what the platform answers of them, and how a file is brought with its progress.
import { Problem, type FieldError } from "./api";
import type { Instant } from "./types";

export type TableKind = "passages" | "visits" | "tickets";
export type StudyState = "bringing" | "reading" | "to_confirm" | "studying" | "answered";
/** A text by language, as reports have it. */
export type Texts = { zh: string; en: string };

export interface Kept {
  number: string;
  by: string;
  begun_at: Instant;
  files: { name: string; bytes: number; sha256: string }[];
  state: StudyState;
  progress: { stage: string; table: string; read: number; size: number } | null;
  problem: FieldError | null;
}
export interface Kinds {
  items: Kept[];
  kinds: Record<TableKind, string[]>;
}
export interface Table {
  name: string;
  headers: string[];
  first: string[];
  kind: TableKind | null;
  columns: Record<string, string>;
  known: boolean;
  rule: string;
  mend: string;
}
export interface Figure {
  name: string;
  text: Texts;
  value: number;
}
export interface Leg {
  leg: string;
  name: Texts;
  visits: number;
  median_s: number;
  p90_s: number;
  free_s: number;
  lost_h_a_day: number;
  share: number;
  worst_hour: number;
  lost_h_by_hour: number[];
}
export interface Queue {
  direction: "in" | "out";
  arrived: number[];
  passed: number[];
  waiting: number[];
  waiting_p90: number[];
  most_waiting: number;
  most_waiting_at: string;
}
export interface Rejection {
  rule: string;
  reason: Texts;
  rows: number;
  examples: { source: string; row: number; field: string; value: string | null }[];
}
export interface StudyAnswer {
  first_day: string;
  last_day: string;
  days: number;
  summary: { zh: string[]; en: string[] };
  not_told: { zh: string[]; en: string[] };
  headline: Figure[];
  legs: Leg[];
  queues: Queue[];
  rejections: Rejection[];
  sources: { name: string; rows: number; used: number; kind: string; rule: string; mend: string }[];
  counts: Figure[];
  tracks: Tracks | null;
}
/** Visits of the busiest day: seconds of that day at each place. */
export interface Tracks {
  day: string;
  places: Texts[];
  points: (number | null)[][];
}
export interface Interval {
  mean: number | null;
  low: number | null;
  high: number | null;
}
export interface WhatIf {
  changes: string[];
  replications: number;
  back_test: { fitted_days: number; days: { day: string; observed_min: number; predicted_min: number }[]; error: Interval; absolute: number };
  assumed: string[];
  elsewhere_min: number;
  places: number | null;
  measures: { compared: { measure: string; before: Interval; after: Interval; difference: Interval }; certain: boolean }[];
  lines: Line[];
  changed: { name: string; before: string; after: string }[];
}
/** Vehicles in line at a place in each quarter hour: a quarter of their sum is the vehicle-hours of a day. */
export interface Line {
  place: string;
  before: number[];
  after: number[];
}
export interface Opened {
  study: Kept;
  tables: Table[];
  answer: StudyAnswer | null;
  what_ifs: WhatIf[];
  withheld: boolean;
}

/** Bring a file; it is read from the disk as it is sent, and `tell` hears which share has gone. */
export function bring(number: string, file: File, tell: (share: number) => void): Promise<Kept> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", `/api/v1/studies/${encodeURIComponent(number)}/files/${encodeURIComponent(file.name)}`);
    request.setRequestHeader("X-Kouan-CSRF", "console");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    request.upload.onprogress = (event) => tell(event.loaded / Math.max(1, event.total));
    request.onerror = () => reject(new Problem(0, "unreachable", ""));
    request.onload = () => {
      const body = (request.response ?? {}) as Partial<Problem> & Kept;
      if (request.status === 200) resolve(body);
      else reject(new Problem(request.status, body.title ?? request.statusText, body.detail ?? "", body.errors ?? []));
    };
    request.send(file);
  });
}

/** A size as people say it: in kB, MB or GB. */
export function size(bytes: number): string {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** A span in seconds with the unit that suits it. */
export function spanOf(seconds: number): { value: string; unit: "s" | "min" | "h" } {
  if (seconds < 120) return { value: seconds.toFixed(0), unit: "s" };
  return seconds < 7200 ? { value: (seconds / 60).toFixed(0), unit: "min" } : { value: (seconds / 3600).toFixed(1), unit: "h" };
}

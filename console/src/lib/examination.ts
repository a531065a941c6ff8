// Joint examinations as /api/v1/examinations tells of them, and what follows from a sheet for whoever reads it.
import { reasonText, word } from "./i18n/index.svelte";
import type { Priority } from "./status";
import type { Authority, Direction, Instant, Reason } from "./types";

export type ExaminationState = "ordered" | "planned" | "called" | "at_bay" | "steps" | "results" | "closed" | "abandoned";
export type Found = { code: string; text: string };
export interface ExaminationItem {
  number: string;
  state: ExaminationState;
  plate: string;
  cargo: string;
  agencies: Authority[];
  unanswered: Authority[];
  mine: string[];
  left: string[];
  steps: number;
  bay: string | null;
  starts_at: Instant | null;
  called_at: Instant | null;
  arrived_at: Instant | null;
  promised_at: Instant;
  ordered_at: Instant;
  closed_at: Instant | null;
  outcome: string | null;
  perishable: boolean;
}
export interface Ask {
  number: string;
  agency: Authority;
  kind: string;
  steps: string[];
  /** Empty, like who gave it, where it is another agency's and withheld from the reader. */
  reason: string;
  by: string;
  at: Instant;
  withheld: boolean;
}
export interface Report {
  agency: Authority;
  by: string;
  at: Instant;
  outcome: "clear" | "adverse";
  found: Found[];
  pictures: string[];
  seals: string[];
  mass_kg: number | null;
  withheld: boolean;
}
export interface Step {
  number: number;
  kind: string;
  asks: string[];
  present: Authority[];
  minutes: number;
  because: Reason[];
  done: boolean;
  clear: boolean;
  contradictory: boolean;
  round: number;
  reports: Report[];
  before: Report[];
}
export interface Answer {
  ask: string;
  agency: Authority;
  outcome: "release" | "keep";
  by: string;
  at: Instant;
  reason: string;
  override: boolean;
  two_people: boolean;
  confirmed_by: string | null;
  releases: boolean;
  withheld: boolean;
}
export interface Examination {
  number: string;
  version: number;
  state: ExaminationState;
  vehicle: {
    plate: string;
    trailer: string | null;
    containers: string[];
    consignments: string[];
    declarations: string[];
    seals: string[];
    cargo: string;
    perishable: boolean;
    passage: string | null;
  };
  asks: Ask[];
  steps: Step[];
  answers: Answer[];
  seals: { seal: string; put_on: boolean; step: number; by: string; at: Instant }[];
  seals_now: string[];
  rules: string;
  ordered_at: Instant;
  promised_at: Instant;
  changed_at: Instant;
  called_at: Instant | null;
  arrived_at: Instant | null;
  closed_at: Instant | null;
  no_shows: number;
  outcome: string | null;
  appointment: { bay: string; starts_at: Instant; ends_at: Instant; people: { officer: string; agency: Authority; step: string }[]; plan: string; steps: number[] } | null;
}
export interface LotItem {
  number: string;
  declaration: string;
  hs_code: string;
  goods: string;
  direction: Direction;
  mass_kg: number;
  consignee: string;
  regime: string;
  state: string;
  overdue: string | null;
  deadline: Instant | null;
  blocking: Reason[];
}
export interface LotSheet extends LotItem {
  may_leave: boolean;
  may_sell: boolean;
  samples: { number: string; duplicate_of: string | null; seal: string; taken_by: string; witness: string; location: string; taken_at: Instant; result: string | null; passed: boolean | null }[];
}

/** The states in which the vehicle stands at its bay, so that results can be reported. */
export const PRESENT: readonly string[] = ["at_bay", "steps", "results"];
/** The states in which it has been neither called nor brought. */
export const WAITING: readonly string[] = ["ordered", "planned"];
/** The steps that name the seal, and those that weigh; the platform asks for it. */
export const SEAL_STEPS: readonly string[] = ["open_seal", "reseal"];
export const MASS_STEPS: readonly string[] = ["weight", "quantity"];
/** The steps that nobody asks for by itself: they make others possible, or the vehicle whole again. */
const MAKING: readonly string[] = ["open_seal", "unload", "reload", "reseal"];

export const lastAnswer = (sheet: Examination, ask: string): Answer | undefined => sheet.answers.findLast((each) => each.ask === ask);
export const released = (sheet: Examination, ask: string): boolean => lastAnswer(sheet, ask)?.releases ?? false;

/** The asks that hold the vehicle still. */
export const holding = (sheet: Examination): Ask[] => sheet.asks.filter((ask) => !released(sheet, ask.number));

/** Whether others found something at steps of the reader's agency (an auditor's are all) that can be read for a purpose. */
export function withheld(sheet: Examination, agency: string | null, auditor: boolean): boolean {
  const asking = new Set<string>(sheet.asks.filter((ask) => ask.agency === agency).map((ask) => ask.number));
  const ours = sheet.steps.filter((step) => auditor || step.present.some((each) => each === agency) || step.asks.some((ask) => asking.has(ask)));
  return ours.some((step) => [...step.reports, ...step.before].some((report) => report.withheld));
}

/** The steps that must be done before the vehicle leaves, if what `freed` asks for is released. */
export function undone(sheet: Examination, freed: string | null = null): Step[] {
  const open = (number: string): boolean => number !== freed && !released(sheet, number);
  return sheet.steps.filter((step) => !step.done && (MAKING.includes(step.kind) || step.asks.some(open)));
}

/** Whether a seal was opened and none put on since. */
export const sealsOpen = (sheet: Examination): boolean => sheet.seals.at(-1)?.put_on === false;

/** The steps of an ask that do not show it to be clear. */
export const against = (sheet: Examination, ask: string): Step[] => sheet.steps.filter((step) => step.asks.includes(ask) && !step.clear);

/** Whether an agency has to report a step still. */
export function owes(step: Step, agency: string | null): boolean {
  return step.present.some((each) => each === agency) && !step.reports.some((report) => report.agency === agency);
}

/** How far behind its promise or its appointment a vehicle is, in microseconds; null where it is not. */
export function lateness(item: ExaminationItem, now: Instant): { us: number; priority: Priority } | null {
  if (item.arrived_at !== null || item.closed_at !== null) return null;
  if (now > item.promised_at) return { us: now - item.promised_at, priority: 3 };
  return item.starts_at !== null && now > item.starts_at ? { us: now - item.starts_at, priority: 4 } : null;
}

/** Most urgent first: promises that are broken, then by when the bay is due; who has no bay yet stands by the promise. */
export function byUrgency(items: ExaminationItem[], now: Instant): ExaminationItem[] {
  const rank = (item: ExaminationItem): number => (lateness(item, now)?.priority === 3 ? 0 : 1);
  const due = (item: ExaminationItem): number => Math.min(item.starts_at ?? item.promised_at, item.promised_at);
  return [...items].sort((a, b) => rank(a) - rank(b) || due(a) - due(b) || (a.number < b.number ? -1 : 1));
}

const FAMILIES: Record<string, string> = { agency: "authority", agencies: "authority", kind: "hold", step: "step", check: "check", state: "lot_state" };

/** Return a reason in words, its parameters likewise: agencies, kinds of order, steps and checks are no codes to a reader. */
export function whyText(reason: Reason): string {
  const named = Object.entries(reason.params).map(([name, value]) => {
    const family = FAMILIES[name];
    return [name, family === undefined ? value : names(family, String(value).split(" "))] as const;
  });
  return reasonText({ code: reason.code, params: Object.fromEntries(named) });
}

/** Return names of a family in words, as a list. */
export const names = (family: string, each: readonly string[]): string => each.map((name) => word(family, name)).join(word("list", "and"));

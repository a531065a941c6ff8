// The shapes of /api/v1. Instants are whole microseconds since 1970 (UTC); see src/kouan/web.

export type Instant = number;
export type Language = "zh" | "en";
export type Text = { zh: string; en: string };
export type Direction = "in" | "out";
export type Authority = "border_inspection" | "customs" | "site";
export type Outcome =
  | "RELEASE"
  | "DIVERT_MANUAL"
  | "DIVERT_SCAN"
  | "DIVERT_QUARANTINE"
  | "DIVERT_RADIATION"
  | "HOLD"
  | "REFUSE";
export type Params = Record<string, string | number>;
export interface Reason {
  code: string;
  params: Params;
}

export interface Session {
  place?: "port" | "hub";
  username: string;
  display_name: string;
  roles: string[];
  agency: string | null;
  actions?: Action[];
  watches?: string[];
  /** The owners whose alarms may be acknowledged: `port`, or an authority. */
  acknowledges?: string[];
}
/** What may be asked of the port; see src/kouan/access/policy.py. */
export type Action = "watch" | "review" | "confirm" | "steer_lane" | "place_hold" | "examine" | "inspect_lot" | "release_lot" | "write_rules" | "steer_targeting" | "follow" | "keep_shift" | "review_reads" | "study" | "plan_duty" | "read_ledger" | "read_papers" | "steer_yard" | "excuse_people" | "watch_region" | "steer_region" | "acknowledge";

/** Something that needs attention, the most urgent first in the overview; states as in IEC 62682. */
export interface Alarm {
  number: string;
  at: Instant;
  state: "unacknowledged" | "acknowledged" | "returned" | "normal";
  owners: string[];
  returned_at: Instant | null;
  acknowledged_by: string | null;
  acknowledged_at: Instant | null;
  word: string | null;
  lane: string;
  passage: string | null;
  priority: 1 | 2 | 3 | 4;
  reason: Reason;
}
export interface Hold {
  number: string;
  authority: Authority;
  kind: string;
  plate: string | null;
  container: string | null;
  consignment: string | null;
  declaration: string | null;
  reason: string;
  placed_by: string;
  placed_at: Instant;
  lifted_by: string | null;
  lifted_at: Instant | null;
}

/** What the sign-in page may offer before anybody is signed in. */
export interface SignInOptions {
  name?: Text;
  oidc?: boolean | { available?: boolean; name?: string | null } | null;
  demo?: boolean | Account | Account[] | null;
}
export interface Account {
  username: string;
  password: string;
}

export type Point = [number, number];
export interface Shape {
  points: Point[];
  name?: Text;
  kind?: string;
}
export interface PortLane {
  name: string;
  direction: Direction;
  tidal: boolean;
  x: number;
  y: number;
  heading: number;
  length_m: number;
}
/** The port's drawing: metres, x to the east, y to the north; headings in degrees clockwise from north. */
export interface PortGeometry {
  name: Text;
  /** Whether inbound traffic is drawn running to the left: the turn that keeps the first lane on top. */
  inboundLeft: boolean;
  timezone: string | null;
  lanes: PortLane[];
  map: { roads: Shape[]; yards: Shape[]; buildings: Shape[]; border: Point[]; labels: { x: number; y: number; text: Text }[] };
}

export interface Overview {
  port: string;
  name: Text;
  now: Instant;
  in_today: number;
  out_today: number;
  queue: { in: number; out: number };
  sources: { online: number; total: number };
  stop_median_s: number | null;
  stop_p95_s: number | null;
  passages_per_h: number | null;
  released_pm: number | null;
  ledger: { size: number; head_size: number | null; head_at: Instant | null };
  lanes: string[];
  history: { t: Instant; in: number; out: number }[];
  alarms?: Alarm[];
  unparsed?: { topic: string; count: number; rule: string }[];
  rules?: RulesInForce | null;
  hub?: HubStands | null;
}
/** A rulebook; its origin is "port file", or the hub of the region. */
export interface RulebookInForce {
  id: string;
  version: number;
  digest: string;
  origin: string;
  since: Instant | null;
}
export interface RulesInForce extends RulebookInForce {
  next: RulebookInForce | null;
}
/** The hub of the region as this port knows it; age_s is null where it was never heard. */
export interface HubStands {
  url: string | null;
  connected: boolean;
  age_s: number | null;
  max_age_s: number | null;
  stale: boolean;
  versions: Record<string, number>;
}

export type ProcedureName =
  | "positioning"
  | "plates"
  | "container"
  | "seal"
  | "weight"
  | "radiation"
  | "driver"
  | "health"
  | "papers"
  | "decision";
export type ProcedureState = "waiting" | "running" | "done" | "failed" | "not_required" | "late";

export interface ImageReference {
  sha256: string;
  box: [number, number, number, number] | null;
}
export interface Evidence {
  source?: string;
  at?: Instant;
  confidence_pm?: number;
  images?: ImageReference[];
  [field: string]: unknown;
}
export interface ProcedureView {
  name: ProcedureName;
  state: ProcedureState;
  deadline_at: Instant | null;
  started_at: Instant | null;
  finished_at: Instant | null;
  evidence: Evidence | null;
  finding: boolean;
  withheld?: boolean;
  /** What it comes to, whoever asks; in place of evidence that is withheld. */
  answers?: Reason[];
}
export interface VerdictView {
  authority: Authority;
  outcome: "grant" | "refuse" | "refer" | null;
  reasons: Reason[];
  at: Instant | null;
  withheld?: boolean;
  answers?: Reason[];
}
export interface Finding {
  rule: string;
  version: number;
  authority: Authority;
  outcome: Outcome;
  reason: Reason;
}
export interface DecisionView {
  outcome: Outcome;
  findings: Finding[];
  rulebook: string;
  at: Instant;
  epoch: number;
  rules?: string[];
  decider?: number;
  exceptions?: string[];
}
export interface OrderView {
  order_id: string;
  barrier: "release" | "divert";
  issued_at: Instant;
  expires_at: Instant;
  nonce: string | null;
  jws: string | null;
}
export type ReviewAction = "release" | "divert" | "refuse" | "correct" | "confirm";
export interface ReviewItem {
  passage: string;
  lane: string;
  plate: string | null;
  outcome: Outcome;
  priority: 1 | 2 | 3 | 4;
  opened_at: Instant;
  findings: Finding[];
  allowed: ReviewAction[];
  needs_second: boolean;
  needs_survey: boolean;
  first: { by: string; authority: Authority; action: ReviewAction; reason: string; at: Instant } | null;
  authority: Authority;
}
export type PassageState =
  | "collecting"
  | "awaiting_verdicts"
  | "in_review"
  | "ordered"
  | "opened"
  | "cleared"
  | "diverted"
  | "refused"
  | "abandoned";
export interface PassageView {
  id: string;
  lane: string;
  direction: Direction;
  track: number;
  state: PassageState;
  plate: string | null;
  trailer: string | null;
  containers: string[];
  cargo: string | null;
  load: string | null;
  visit: string | null;
  opened_at: Instant;
  stopped_at: Instant | null;
  decided_at: Instant | null;
  ordered_at: Instant | null;
  actuated_at: Instant | null;
  closed_at: Instant | null;
  stop_ms: number | null;
  procedures: ProcedureView[];
  verdicts: VerdictView[];
  decision: DecisionView | null;
  order: OrderView | null;
  review: ReviewItem | null;
  entries: number[];
  /** How old the hub's word was when the vehicle was decided on; null before that, and without a hub. */
  hub_age_us?: number | null;
}
export interface PassageSummary {
  id: string;
  lane: string;
  direction: Direction;
  plate: string | null;
  state: PassageState;
  outcome: Outcome | null;
  opened_at: Instant;
  closed_at: Instant | null;
  stop_ms: number | null;
  cargo: string | null;
}

export type LaneMode = "open" | "closed" | "draining" | "degraded";
export type BarrierPosition = "closed" | "opening" | "open" | "closing" | "unknown";
export interface LaneView {
  lane: string;
  direction: Direction;
  mode: LaneMode;
  tidal: boolean;
  degraded: { device: string; since: Instant; cause: string }[];
  barriers: { release: BarrierPosition; divert: BarrierPosition };
  light: "red" | "green" | "off";
  passage: PassageView | null;
  updated_at: Instant;
  position: { x: number; y: number; heading: number };
}

export interface LedgerEntry {
  seq: number;
  at: Instant;
  kind: string;
  stream: string;
  hash: string;
  prev: string;
  epoch: number;
  key: string;
  body: unknown;
  /** Null where body and bytes are withheld from the reader. */
  encoded: string | null;
}
export interface SignedHead {
  [field: string]: unknown;
  size: number;
  root: string;
  at: Instant;
  key_id: string;
  signature: string;
}
export interface InclusionProof {
  seq: number;
  size: number;
  leaf_hash: string;
  path: string[];
  root: string;
}
export interface ConsistencyProof {
  first: number;
  second: number;
  path: string[];
}

export interface WhatIf {
  field: string;
  found: string | number | boolean | null;
  needed: string | number | boolean | null;
  outcome: Outcome;
  rule?: string;
}

export interface MissingField {
  field: string;
  rule: string;
  mend?: string;
}
export interface PaperItem {
  kind: "confirmation" | "manifest" | "declaration";
  number: string;
  batch: string | null;
  plate: string | null;
  direction: Direction | null;
  state: string;
  received_at: Instant;
  missing: MissingField[];
  details: Record<string, unknown>;
}

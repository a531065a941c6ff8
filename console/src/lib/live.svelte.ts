// What the platform tells as it happens: one event stream, a full snapshot at each (re)connection.
import { get } from "./api";
import { clock, halt, tell } from "./clock.svelte";
import { setZone } from "./format";
import { readPort, type RawPort } from "./port";
import { MARKED, markOf, type TimelineMark } from "./timeline";
import type { Instant, LaneView, Overview, PassageSummary, PortGeometry, ReviewItem } from "./types";

const SILENCE_MS = 12_000; // two heartbeats of 5 s and some slack: then the stream is taken for dead
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 5_000;
const KEPT_MARKS = 400;

export const live = $state<{
  port: PortGeometry | null;
  overview: Overview | null;
  overviewAt: Instant;
  lanes: Record<string, LaneView>;
  reviews: ReviewItem[] | null;
  marks: TimelineMark[];
  connected: boolean;
  everConnected: boolean;
  lostAt: number | null;
}>({
  port: null,
  overview: null,
  overviewAt: 0,
  lanes: {},
  reviews: null,
  marks: [],
  connected: false,
  everConnected: false,
  lostAt: null,
});

let source: EventSource | null = null;
let silence: ReturnType<typeof setTimeout> | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let retryMs = RETRY_MIN_MS;
let lastHeard = Date.now();

function heard(): void {
  lastHeard = Date.now();
  retryMs = RETRY_MIN_MS;
  live.connected = true;
  live.everConnected = true;
  live.lostAt = null;
  clearTimeout(silence);
  silence = setTimeout(lose, SILENCE_MS);
}

function lose(): void {
  source?.close();
  source = null;
  clearTimeout(silence);
  live.connected = false;
  live.lostAt ??= lastHeard;
  halt();
  clearTimeout(retry);
  retry = setTimeout(connect, retryMs);
  retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
}

function remember(view: LaneView): void {
  const passage = view.passage;
  if (!passage || !MARKED.has(passage.state)) return;
  if (live.marks.some((mark) => mark.id === passage.id)) return;
  const mark = markOf(passage.id, passage.direction, passage.state, passage.closed_at ?? passage.actuated_at ?? clock.now, passage.stop_ms);
  live.marks = [...live.marks.slice(-KEPT_MARKS + 1), mark];
}

function on<T>(stream: EventSource, name: string, take: (data: T) => void): void {
  stream.addEventListener(name, (event) => {
    heard();
    take(JSON.parse((event as MessageEvent<string>).data) as T);
  });
}

function connect(): void {
  source?.close();
  const stream = new EventSource("/api/v1/events");
  source = stream;
  on<LaneView>(stream, "lane", (view) => {
    live.lanes[view.lane] = view;
    remember(view);
  });
  on<{ items: ReviewItem[] }>(stream, "review", (list) => {
    live.reviews = sortReviews(list.items);
  });
  on<Overview>(stream, "overview", (overview) => {
    live.overview = overview;
    live.overviewAt = overview.now;
    tell(overview.now);
  });
  on<{ now?: Instant }>(stream, "heartbeat", (beat) => {
    if (beat?.now) tell(beat.now);
  });
  stream.onopen = heard;
  stream.onerror = lose;
  clearTimeout(silence);
  silence = setTimeout(lose, SILENCE_MS);
}

/** Most urgent first, then the one that has waited longest. */
export function sortReviews(items: ReviewItem[]): ReviewItem[] {
  return [...items].sort((a, b) => a.priority - b.priority || a.opened_at - b.opened_at);
}

async function loadMarks(): Promise<void> {
  const page = await get<{ items: PassageSummary[] }>("/passages?limit=200");
  const known = new Set(live.marks.map((mark) => mark.id));
  const marks = page.items
    .filter((item) => MARKED.has(item.state) && !known.has(item.id))
    .map((item) => markOf(item.id, item.direction, item.state, item.closed_at ?? item.opened_at, item.stop_ms));
  live.marks = [...marks, ...live.marks].sort((a, b) => a.t - b.t).slice(-KEPT_MARKS);
}

function takePort(raw: RawPort): void {
  const port = readPort(raw);
  if (port.timezone !== null) setZone(port.timezone);
  live.port = port;
}

/** Start listening; safe to call again. */
export function start(): void {
  if (source !== null || retry !== undefined) return;
  connect();
  void get<RawPort>("/port").then(takePort, () => undefined);
  void loadMarks().catch(() => undefined);
}

export function stop(): void {
  source?.close();
  source = null;
  clearTimeout(silence);
  clearTimeout(retry);
  retry = undefined;
  live.connected = false;
  live.lostAt = null;
}

// What a port tells as it happens.
import { get } from "./api";
import { clock, tell } from "./clock.svelte";
import { setZone } from "./format";
import { readPort, type RawPort } from "./port";
import { listen } from "./stream.svelte";
import { MARKED, markOf, type TimelineMark } from "./timeline";
import type { Instant, LaneView, Overview, PassageSummary, PortGeometry, ReviewItem } from "./types";

const KEPT_MARKS = 400;

export const live = $state<{
  port: PortGeometry | null;
  /** Whether the port has answered how it lies, or that it cannot: from then on its lanes have their places. */
  placed: boolean;
  overview: Overview | null;
  overviewAt: Instant;
  lanes: Record<string, LaneView>;
  reviews: ReviewItem[] | null;
  marks: TimelineMark[];
}>({
  port: null,
  placed: false,
  overview: null,
  overviewAt: 0,
  lanes: {},
  reviews: null,
  marks: [],
});

function remember(view: LaneView): void {
  const passage = view.passage;
  if (!passage || !MARKED.has(passage.state)) return;
  if (live.marks.some((mark) => mark.id === passage.id)) return;
  const mark = markOf(passage.id, passage.direction, passage.state, passage.closed_at ?? passage.actuated_at ?? clock.now, passage.stop_ms);
  live.marks = [...live.marks.slice(-KEPT_MARKS + 1), mark];
}

const EVENTS = {
  lane: (view: LaneView) => {
    live.lanes[view.lane] = view;
    remember(view);
  },
  review: (list: { items: ReviewItem[] }) => {
    live.reviews = sortReviews(list.items);
  },
  overview: (overview: Overview) => {
    live.overview = overview;
    live.overviewAt = overview.now;
    tell(overview.now);
  },
};

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
  if (!listen("/api/v1/events", EVENTS)) return;
  void get<RawPort>("/port")
    .then(takePort, () => undefined)
    .finally(() => (live.placed = true));
  void loadMarks().catch(() => undefined);
}

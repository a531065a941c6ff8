// How grave something is, in one place: 1 emergency, 2 alarm, 3 warning, 4 advisory, null when all is well.
import type { LaneView, Outcome, PassageView } from "./types";

export type Priority = 1 | 2 | 3 | 4;

const OUTCOMES: Record<Outcome, Priority | null> = {
  RELEASE: null,
  DIVERT_MANUAL: 4,
  DIVERT_SCAN: 4,
  DIVERT_QUARANTINE: 3,
  DIVERT_RADIATION: 1,
  HOLD: 2,
  REFUSE: 2,
};

export function priorityOfOutcome(outcome: Outcome | null | undefined): Priority | null {
  return outcome ? OUTCOMES[outcome] : null;
}

export function priorityOfPassage(passage: PassageView | null): Priority | null {
  if (passage === null) return null;
  if (passage.review !== null) return passage.review.priority;
  return priorityOfOutcome(passage.decision?.outcome);
}

export function priorityOfLane(lane: LaneView): Priority | null {
  const degraded: Priority | null = lane.mode === "degraded" || lane.degraded.length > 0 ? 3 : null;
  const passage = priorityOfPassage(lane.passage);
  if (passage === null) return degraded;
  return degraded === null ? passage : (Math.min(passage, degraded) as Priority);
}

/** Where the vehicle is in its lane, from 0 (entry) to 1 (gone). */
export function progress(passage: PassageView): number {
  if (passage.closed_at !== null && passage.state === "cleared") return 1;
  if (passage.actuated_at !== null) return 0.82;
  if (passage.stopped_at !== null) return 0.5;
  return 0.16;
}

/** The time the vehicle has stood at the stop line, in milliseconds; still counting while it stands. */
export function standing(passage: PassageView, now: number): number | null {
  if (passage.stop_ms !== null) return passage.stop_ms;
  if (passage.stopped_at === null) return null;
  return Math.max(0, ((passage.actuated_at ?? passage.closed_at ?? now) - passage.stopped_at) / 1000);
}

import type { Direction, Instant, PassageState } from "./types";

export interface TimelineMark {
  id: string;
  t: Instant;
  direction: Direction;
  kind: "released" | "diverted" | "refused" | "abandoned";
  stop_ms: number | null;
}

const KINDS: Partial<Record<PassageState, TimelineMark["kind"]>> = {
  cleared: "released",
  diverted: "diverted",
  refused: "refused",
  abandoned: "abandoned",
};
export const MARKED = new Set<PassageState>(Object.keys(KINDS) as PassageState[]);

export function markOf(
  id: string,
  direction: Direction,
  state: PassageState,
  t: Instant,
  stop_ms: number | null,
): TimelineMark {
  return { id, direction, t, stop_ms, kind: KINDS[state] ?? "abandoned" };
}

// The port's drawing as the page uses it, from the port file's own forms of polylines, areas and labels.
import type { Point, PortGeometry, PortLane, Shape, Text } from "./types";

interface RawArea {
  points?: Point[];
  zh?: string;
  en?: string;
  name?: Text | string;
}
interface RawLabel extends RawArea {
  at?: Point;
  x?: number;
  y?: number;
  text?: Text;
}
export interface RawPort {
  name: Text | string;
  title?: Text;
  timezone?: string;
  lanes: PortLane[];
  map?: { roads?: (Point[] | RawArea)[]; yards?: (Point[] | RawArea)[]; buildings?: (Point[] | RawArea)[]; border?: Point[]; labels?: RawLabel[] } | null;
}

function named(area: RawArea): Text | undefined {
  if (area.zh !== undefined) return { zh: area.zh, en: area.en ?? area.zh };
  return typeof area.name === "object" ? area.name : undefined;
}

function shape(area: Point[] | RawArea): Shape {
  if (Array.isArray(area)) return { points: area };
  const name = named(area);
  return name === undefined ? { points: area.points ?? [] } : { points: area.points ?? [], name };
}

function runsLeft(lanes: PortLane[]): boolean {
  const [first, last] = [lanes[0], lanes[lanes.length - 1]];
  const inbound = lanes.find((lane) => lane.direction === "in");
  if (first === undefined || last === undefined || inbound === undefined) return false;
  // Turned until inbound runs right, what lies to the right of its heading is drawn below.
  const heading = (inbound.heading * Math.PI) / 180;
  const below = (last.x - first.x) * Math.cos(heading) - (last.y - first.y) * Math.sin(heading);
  return below < 0;
}

export function readPort(raw: RawPort): PortGeometry {
  const map = raw.map ?? {};
  return {
    name: raw.title ?? (typeof raw.name === "object" ? raw.name : { zh: raw.name, en: raw.name }),
    timezone: raw.timezone ?? null,
    lanes: raw.lanes,
    inboundLeft: runsLeft(raw.lanes),
    map: {
      roads: (map.roads ?? []).map(shape),
      yards: (map.yards ?? []).map(shape),
      buildings: (map.buildings ?? []).map(shape),
      border: map.border ?? [],
      labels: (map.labels ?? []).map((label) => ({
        x: label.at?.[0] ?? label.x ?? 0,
        y: label.at?.[1] ?? label.y ?? 0,
        text: label.text ?? named(label) ?? { zh: "", en: "" },
      })),
    },
  };
}

// The shapes of /api/v1/region; see src/kouan/web/region_shapes.py.
import type { Authority, Instant, Params, Point, Text } from "./types";

/** The region's drawing: degrees east and north; its outline is a sketch. */
export interface RegionDrawing {
  region: string;
  title: Text;
  timezone: string;
  border: Point[];
  inland: Point[];
  labels: (Text & { at: Point })[];
}
export interface RegionAlarm {
  number: string;
  port: string;
  at: Instant;
  priority: 1 | 2 | 3 | 4;
  code: string;
  params: Params;
  acknowledged_by: string | null;
}
export type PortKind = "road" | "rail" | "air";
/** How a port stands, as its hub knows it. */
export interface PortStanding {
  port: string;
  title: Text;
  kind: PortKind;
  latitude_udeg: number;
  longitude_udeg: number;
  hours: string;
  opposite: (Text & { country: string; local: string }) | null;
  lanes_in: number | null;
  lanes_out: number | null;
  unverified: string[];
  enrolled: boolean;
  link: "not_enrolled" | "never_heard" | "live" | "behind" | "silent" | "suspended";
  priority: 1 | 2 | 3 | 4 | null;
  suspended: string | null;
  taken: number;
  behind: number | null;
  heard_at: Instant | null;
  entry_at: Instant | null;
  witnessed_size: number;
  witnessed_at: Instant | null;
  hour_in: number;
  hour_out: number;
  day_in: number;
  day_out: number;
  open_passages: number;
  held: number;
  median_stop_us: number | null;
  alarms: RegionAlarm[];
  console: string | null;
}
/** What holds in the whole region; `kind` of a spread as in `word("bulletin", kind)`. */
export interface RegionHold {
  number: string;
  authority: Authority;
  kind: string;
  plate: string | null;
  container: string | null;
  reason: string;
  placed_by: string;
  placed_at: Instant;
}
export interface Watched {
  number: string;
  authority: Authority;
  plate: string | null;
  container: string | null;
  document_commitment: string | null;
  reason: string;
  added_by: string;
  added_at: Instant;
}
export interface Permit {
  plate: string;
  trailer: string | null;
  carrier: string;
  not_before: Instant;
  expires_at: Instant;
  low_risk: boolean;
  given_by: string;
  given_at: Instant;
}
/** `held` is what the port acts on, null where it has not said since the hub started. */
export interface Spread {
  port: string;
  kind: string;
  version: number;
  held: number | null;
  heard_at: Instant | null;
}
export interface InForce {
  now: Instant;
  holds: RegionHold[];
  watched: Watched[];
  permits: Permit[];
  spread: Spread[];
}
export interface FlowHour {
  port: string;
  hour: Instant;
  released_in: number;
  released_out: number;
  diverted: number;
  refused: number;
}

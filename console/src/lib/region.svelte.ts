// What the hub of a region tells as it happens, and what the map needs of it.
import { get } from "./api";
import { setZone, span, whole } from "./format";
import { t, word } from "./i18n/index.svelte";
import type { Priority } from "./status";
import { listen } from "./stream.svelte";
import type { FlowHour, PortStanding, RegionAlarm, RegionDrawing } from "./region-types";
import type { Instant } from "./types";

const FLOW_EVERY_MS = 60_000; // traffic is counted by the hour: once a minute is often enough

export const region = $state<{
  drawing: RegionDrawing | null;
  ports: Record<string, PortStanding>;
  alarms: RegionAlarm[] | null;
  flow: FlowHour[];
}>({ drawing: null, ports: {}, alarms: null, flow: [] });

const EVENTS = {
  port: (standing: PortStanding) => {
    region.ports[standing.port] = standing;
  },
  alarms: (list: { items: RegionAlarm[] }) => {
    region.alarms = list.items;
  },
};

async function loadFlow(): Promise<void> {
  region.flow = (await get<{ items: FlowHour[] }>("/region/flow")).items;
}

/** Start listening to the hub; safe to call again. */
export function startRegion(): void {
  if (!listen("/api/v1/region/events", EVENTS)) return;
  void get<RegionDrawing & { ports: PortStanding[] }>("/region").then((found) => {
    setZone(found.timezone);
    region.drawing = found;
    for (const standing of found.ports) region.ports[standing.port] ??= standing;
  }, () => undefined);
  const load = (): void => void loadFlow().catch(() => undefined);
  load();
  setInterval(load, FLOW_EVERY_MS);
}

/** Alarms that nobody has acknowledged, the gravest first. */
export function openAlarms(alarms: RegionAlarm[] | null): RegionAlarm[] {
  return (alarms ?? []).filter((alarm) => alarm.acknowledged_by === null).sort((a, b) => a.priority - b.priority || b.at - a.at);
}

/** Whether what is shown of a port is as old as its last word, not as of now. */
export const isStale = (standing: PortStanding): boolean => standing.link === "silent" || standing.link === "never_heard" || standing.link === "suspended";

/** How a port is connected, and since when nothing was heard of it where that is long. */
export function linkText(standing: PortStanding, now: Instant): string {
  if (standing.link === "silent" && standing.heard_at !== null) return t("region.silent_for", { age: span(now - standing.heard_at) });
  if (standing.link === "behind") return t("region.behind_by", { n: whole(standing.behind) });
  return word("link", standing.link);
}

/** The priority of a port's connection alone, as `network/standing.py` gives it; null where it is as it should be. */
export const LINK_PRIORITY: Record<PortStanding["link"], Priority | null> = {
  not_enrolled: null,
  live: null,
  suspended: 1,
  silent: 3,
  never_heard: 4,
  behind: 4,
};

export interface Hour {
  hour: Instant;
  in: number;
  out: number;
  diverted: number;
  refused: number;
}
export const HOUR_US = 3600e6;

/** The traffic of each of the last 24 hours, those without any included, of all ports in `flow` together. */
export function byHour(flow: FlowHour[], now: Instant): Hour[] {
  const last = now - (now % HOUR_US);
  const hours = Array.from({ length: 24 }, (_, n): Hour => ({ hour: last - (23 - n) * HOUR_US, in: 0, out: 0, diverted: 0, refused: 0 }));
  for (const one of flow) {
    const hour = hours[23 - Math.round((last - one.hour) / HOUR_US)];
    if (hour === undefined) continue;
    hour.in += one.released_in;
    hour.out += one.released_out;
    hour.diverted += one.diverted;
    hour.refused += one.refused;
  }
  return hours;
}

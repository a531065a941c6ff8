// The pages, each a file of its own that is fetched when it is first wanted, or before, while there is nothing to do.
import type { Component } from "svelte";

const FILES = {
  declarations: () => import("../pages/Declarations.svelte"),
  examination: () => import("../pages/Examination.svelte"),
  examinations: () => import("../pages/Worklist.svelte"),
  holds: () => import("../pages/Holds.svelte"),
  lane: () => import("../pages/Lane.svelte"),
  lanes: () => import("../pages/Lanes.svelte"),
  ledger: () => import("../pages/Ledger.svelte"),
  orders: () => import("../pages/RegionOrders.svelte"),
  overview: () => import("../pages/Overview.svelte"),
  papers: () => import("../pages/Papers.svelte"),
  passage: () => import("../pages/Passage.svelte"),
  passages: () => import("../pages/Passages.svelte"),
  reads: () => import("../pages/Reads.svelte"),
  region: () => import("../pages/Region.svelte"),
  "region-port": () => import("../pages/RegionPort.svelte"),
  reviews: () => import("../pages/Reviews.svelte"),
  roster: () => import("../pages/Roster.svelte"),
  rules: () => import("../pages/Rules.svelte"),
  "sign-in": () => import("../pages/SignIn.svelte"),
  study: () => import("../pages/Study.svelte"),
  targeting: () => import("../pages/Targeting.svelte"),
  vehicles: () => import("../pages/Vehicles.svelte"),
  yard: () => import("../pages/Yard.svelte"),
} satisfies Record<string, () => Promise<{ default: Component<any> }>>;

export type PageName = keyof typeof FILES;
const IDLE_MS = 2_000; // our choice: the first page has stood for so long before others are fetched

/** What has been fetched; a page that could not be is null. */
export const pages = $state<Partial<Record<PageName, Component<any> | null>>>({});
const asked = new Set<PageName>();

export function isPage(name: string): name is PageName {
  return name in FILES;
}

/** Fetch a page once; one that cannot be is tried again when it is next wanted. */
export async function load(name: PageName): Promise<void> {
  if (asked.has(name)) return;
  asked.add(name);
  let page: Component<any> | null = null;
  try {
    page = (await FILES[name]()).default;
  } catch {
    asked.delete(name);
  }
  pages[name] = page;
}

const whenIdle = (act: () => void): void => void ("requestIdleCallback" in window ? requestIdleCallback(act) : setTimeout(act, IDLE_MS));

/** Fetch pages one after the other while the browser has nothing better to do; returns how to leave off. */
export function prefetch(names: readonly PageName[]): () => void {
  let left = [...names];
  const next = (): void => {
    const name = left.shift();
    if (name !== undefined) void load(name).then(() => whenIdle(next));
  };
  const timer = setTimeout(() => whenIdle(next), IDLE_MS);
  return () => {
    clearTimeout(timer);
    left = [];
  };
}

// The keyboard: `g` and a letter goes to a page, single letters act on the page. Nothing dangerous is one key away.
import { tick } from "svelte";
import { go } from "./router.svelte";
import { atHub } from "./session.svelte";

export const PLACES: Record<string, string> = {
  o: "/",
  l: "/lanes",
  r: "/reviews",
  p: "/passages",
  e: "/ledger",
  d: "/papers",
  h: "/holds",
  u: "/rules",
  x: "/examinations",
  c: "/declarations",
  t: "/targeting",
  y: "/yard",
  v: "/vehicles",
  w: "/reads",
  s: "/roster",
  f: "/study",
};
/** At a region's hub there are other places. */
export const HUB_PLACES: Record<string, string> = { o: "/", h: "/orders", e: "/ledger" };
const SEQUENCE_MS = 1500;
const KEPT_MS = 5_000; // our choice: of a page that takes longer nobody expects what they pressed
const KEPT = 16;

type Handler = (event: KeyboardEvent) => void;
const handlers: Record<string, Handler>[] = [];
let waitingForPlace = 0;
let waitingForPage = false;
/** What was pressed while the page it was meant for had not arrived. */
let early: KeyboardEvent[] = [];

/** Let a page answer keys while it is shown; returns what to call when it goes. */
export function bind(map: Record<string, Handler>): () => void {
  handlers.push(map);
  return () => {
    const at = handlers.indexOf(map);
    if (at >= 0) handlers.splice(at, 1);
  };
}

/** Say whether the page of the address is still to come: what is pressed meanwhile is kept, and done when it is there. */
export function awaitPage(waiting: boolean): void {
  const arrived = waitingForPage && !waiting;
  waitingForPage = waiting;
  if (!arrived) return;
  void tick().then(() => {
    const kept = early.filter((event) => performance.now() - event.timeStamp < KEPT_MS);
    early = [];
    kept.forEach(answer);
  });
}

/** Let the page that was shown last and knows the key answer it; say whether there was one. */
function answer(event: KeyboardEvent): boolean {
  const handler = handlers.findLast((map) => event.key in map)?.[event.key];
  handler?.(event);
  return handler !== undefined;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}

export function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (document.querySelector("dialog[open]") !== null && event.key !== "?") return;
  if (performance.now() < waitingForPlace) {
    waitingForPlace = 0;
    const place = (atHub() ? HUB_PLACES : PLACES)[event.key];
    if (place !== undefined) {
      event.preventDefault();
      early = [];
      go(place);
      return;
    }
  }
  if (event.key === "g") {
    waitingForPlace = performance.now() + SEQUENCE_MS;
    return;
  }
  if (event.key === "Enter" && event.target instanceof Element && event.target.closest("a, button, summary")) return;
  if (answer(event)) event.preventDefault();
  else if (waitingForPage && early.length < KEPT) early.push(event);
}

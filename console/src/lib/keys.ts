// The keyboard: `g` and a letter goes to a page, single letters act on the page. Nothing dangerous is one key away.
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
};
/** At a region's hub there are other places. */
export const HUB_PLACES: Record<string, string> = { o: "/", h: "/orders", e: "/ledger" };
const SEQUENCE_MS = 1500;

type Handler = (event: KeyboardEvent) => void;
const handlers: Record<string, Handler>[] = [];
let waitingForPlace = 0;

/** Let a page answer keys while it is shown; returns what to call when it goes. */
export function bind(map: Record<string, Handler>): () => void {
  handlers.push(map);
  return () => {
    const at = handlers.indexOf(map);
    if (at >= 0) handlers.splice(at, 1);
  };
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
      go(place);
      return;
    }
  }
  if (event.key === "g") {
    waitingForPlace = performance.now() + SEQUENCE_MS;
    return;
  }
  if (event.key === "Enter" && event.target instanceof Element && event.target.closest("a, button, summary")) return;
  for (const map of [...handlers].reverse()) {
    const handler = map[event.key];
    if (handler !== undefined) {
      event.preventDefault();
      handler(event);
      return;
    }
  }
}

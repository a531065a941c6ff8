// What arrives in a list may be seen to take its place; nothing moves for those who asked that nothing should.
const SETTLE_MS = 150;

/** How long an item of a list takes to its new place, for `animate:flip`. */
export function settling(): { duration: number } {
  return { duration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : SETTLE_MS };
}

// The Merkle tree of RFC 9162 (RFC 6962's, unchanged): what the ledger's proofs are checked by, in this browser.
import { equal, joined, sha256 } from "./bytes";

type Hash = Uint8Array<ArrayBuffer>;

/** A leaf's hash: a zero byte goes before the data (RFC 9162 section 2.1.1). */
export const leafHash = (data: Hash): Promise<Hash> => sha256(joined(new Uint8Array([0]), data));
/** An inner node's hash: a byte 1 goes before the children. */
export const nodeHash = (left: Hash, right: Hash): Promise<Hash> => sha256(joined(new Uint8Array([1]), left, right));

// Sizes stay below 2^53, beyond which JSON has no whole numbers; bit operators end at 2^31, so arithmetic does the work.
const odd = (n: number): boolean => n % 2 === 1;
const half = (n: number): number => Math.floor(n / 2);

/** The root that a leaf and its audit path lead to (RFC 9162 section 2.1.3.2); null where the path cannot fit. */
export async function rootFromPath(leaf: Hash, index: number, size: number, path: Hash[]): Promise<Hash | null> {
  if (index < 0 || index >= size) return null;
  let [fn, sn, root] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (sn === 0) return null;
    if (odd(fn) || fn === sn) {
      root = await nodeHash(sibling, root);
      while (!odd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      root = await nodeHash(root, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 ? root : null;
}

/** Whether the tree of ``second`` leaves only adds to the tree of ``first`` (RFC 9162 section 2.1.4.2). */
export async function consistent(first: number, second: number, firstRoot: Hash, secondRoot: Hash, path: Hash[]): Promise<boolean> {
  if (first > second || first < 1) return false;
  if (first === second) return path.length === 0 && equal(firstRoot, secondRoot);
  const powerOfTwo = Number.isInteger(Math.log2(first)) && 2 ** Math.round(Math.log2(first)) === first;
  const proof = powerOfTwo ? [firstRoot, ...path] : [...path];
  const start = proof.shift();
  if (start === undefined) return false;
  let [fn, sn] = [first - 1, second - 1];
  while (odd(fn)) [fn, sn] = [half(fn), half(sn)];
  let [older, newer] = [start, start];
  for (const node of proof) {
    if (sn === 0) return false;
    if (odd(fn) || fn === sn) {
      older = await nodeHash(node, older);
      newer = await nodeHash(node, newer);
      while (!odd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      newer = await nodeHash(newer, node);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && equal(older, firstRoot) && equal(newer, secondRoot);
}

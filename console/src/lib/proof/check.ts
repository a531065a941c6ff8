// Checks that need no trust in the platform beyond its public key: each step says what it compared and whether it held.
import { get, query } from "../api";
import type { ConsistencyProof, InclusionProof, LedgerEntry, SignedHead } from "../types";
import { equal, fromBase64, fromHex, toHex } from "./bytes";
import { consistent, leafHash, rootFromPath } from "./merkle";

export type StepName = "content" | "hash" | "path" | "root" | "signature" | "consistency" | "error";
/** ``held`` is null where this browser cannot check. */
export interface Step {
  name: StepName;
  held: boolean | null;
  note?: string;
}
export type Result = "proven" | "unchecked" | "broken";

export interface LedgerKey {
  key_id: string;
  raw: Uint8Array<ArrayBuffer>;
}

const HEAD_DOMAIN = "kouan-ledger-head/1\0";

export const canHash = (): boolean => globalThis.crypto?.subtle !== undefined;

export function resultOf(steps: Step[]): Result {
  if (steps.some((step) => step.held === false)) return "broken";
  return steps.length === 0 || steps.some((step) => step.held === null) ? "unchecked" : "proven";
}

/** Read the public key whatever its wrapping: raw hex, base64, or SubjectPublicKeyInfo, whose last 32 bytes are the key. */
export function readKey(answer: Record<string, unknown>): LedgerKey {
  const text = [answer.key, answer.public_key, answer.x].find((value): value is string => typeof value === "string") ?? "";
  const bytes = /^[0-9a-fA-F]{64}$/.test(text) ? fromHex(text) : fromBase64(text.replace(/-----[^-]+-----|\s/g, ""));
  return { key_id: String(answer.key_id ?? answer.kid ?? ""), raw: bytes.slice(-32) };
}

/** The bytes that a head's signature goes over: all its fields but the signature, in canonical order. */
export function signedBytes(head: SignedHead): Uint8Array<ArrayBuffer> {
  const { at, epoch, key_id, last, port, root, size } = head;
  return new TextEncoder().encode(HEAD_DOMAIN + JSON.stringify({ at, epoch, key_id, last, port, root, size }));
}

/** Check a head's Ed25519 signature; null where this browser has no Ed25519. */
export async function headSigned(head: SignedHead, key: LedgerKey): Promise<boolean | null> {
  if (head.key_id !== key.key_id) return false;
  let imported: CryptoKey;
  try {
    imported = await crypto.subtle.importKey("raw", key.raw, { name: "Ed25519" }, false, ["verify"]);
  } catch {
    return null;
  }
  return crypto.subtle.verify({ name: "Ed25519" }, imported, fromHex(head.signature), signedBytes(head));
}

/** Compare what the page shows with what the hashed bytes say. */
function sameContent(entry: LedgerEntry, bytes: Uint8Array): boolean {
  const said = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  const shown: Record<string, unknown> = { ...entry };
  return (
    ["seq", "at", "kind", "stream", "prev", "epoch", "key"].every((field) => said[field] === shown[field]) &&
    JSON.stringify(said.body) === JSON.stringify(entry.body)
  );
}

async function guarded(steps: Step[], check: () => Promise<void>): Promise<Step[]> {
  try {
    await check();
  } catch (error) {
    steps.push({ name: "error", held: false, note: error instanceof Error ? error.message : String(error) });
  }
  return steps;
}

/** Prove that an entry stands in the tree of a signed head. */
export async function proveEntry(entry: LedgerEntry, head: SignedHead, key: LedgerKey): Promise<Step[]> {
  const steps: Step[] = [];
  if (!canHash()) return [{ name: "hash", held: null }];
  return guarded(steps, async () => {
    let leaf = fromHex(entry.hash);
    if (entry.encoded === null) {
      steps.push({ name: "content", held: null }); // withheld: what is proven is that something with this hash stands there
    } else {
      const bytes = fromBase64(entry.encoded);
      leaf = await leafHash(bytes);
      steps.push({ name: "content", held: sameContent(entry, bytes) });
      steps.push({ name: "hash", held: toHex(leaf) === entry.hash, note: toHex(leaf) });
    }
    const proof = await get<InclusionProof>(`/ledger/proof/${entry.seq}${query({ size: head.size })}`);
    const root = await rootFromPath(leaf, entry.seq - 1, head.size, proof.path.map(fromHex));
    steps.push({ name: "path", held: root !== null && proof.size === head.size, note: String(proof.path.length) });
    steps.push({ name: "root", held: root !== null && equal(root, fromHex(head.root)), note: head.root });
    steps.push({ name: "signature", held: await headSigned(head, key), note: key.key_id });
  });
}

/** Prove that the tree of a later head only adds to that of an earlier one. */
export async function proveConsistency(older: SignedHead, newer: SignedHead, key: LedgerKey): Promise<Step[]> {
  const steps: Step[] = [];
  if (!canHash()) return [{ name: "consistency", held: null }];
  return guarded(steps, async () => {
    const proof = await get<ConsistencyProof>(`/ledger/consistency${query({ first: older.size, second: newer.size })}`);
    const held = await consistent(older.size, newer.size, fromHex(older.root), fromHex(newer.root), proof.path.map(fromHex));
    steps.push({ name: "consistency", held, note: String(proof.path.length) });
    const signed = [await headSigned(older, key), await headSigned(newer, key)];
    steps.push({ name: "signature", held: signed.includes(false) ? false : signed.includes(null) ? null : true, note: key.key_id });
  });
}

export async function loadHeads(): Promise<SignedHead[]> {
  const answer = await get<SignedHead[] | { items: SignedHead[] }>("/ledger/heads");
  const heads = Array.isArray(answer) ? answer : answer.items;
  return [...heads].sort((a, b) => b.size - a.size || b.at - a.at);
}

export async function loadKey(): Promise<LedgerKey> {
  return readKey(await get<Record<string, unknown>>("/ledger/key"));
}

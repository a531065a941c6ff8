// One event stream: a full snapshot at each (re)connection, then what changes; and what is known of the connection.
import { halt, tell } from "./clock.svelte";
import type { Instant } from "./types";

const SILENCE_MS = 12_000; // two heartbeats of 5 s and some slack: then the stream is taken for dead
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 5_000;

export const connection = $state<{ connected: boolean; everConnected: boolean; lostAt: number | null }>({
  connected: false,
  everConnected: false,
  lostAt: null,
});

/** What to do with the data of each event; `heartbeat` is seen to here. */
export type Handlers = Record<string, (data: any) => void>;

let source: EventSource | null = null;
let silence: ReturnType<typeof setTimeout> | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let retryMs = RETRY_MIN_MS;
let lastHeard = Date.now();

function heard(): void {
  lastHeard = Date.now();
  retryMs = RETRY_MIN_MS;
  connection.connected = true;
  connection.everConnected = true;
  connection.lostAt = null;
  clearTimeout(silence);
  silence = setTimeout(() => lose(null), SILENCE_MS);
}

let address = "";
let handlers: Handlers = {};

function lose(stream: EventSource | null): void {
  if (stream !== null && stream !== source) return; // one that was hung up
  source?.close();
  source = null;
  clearTimeout(silence);
  connection.connected = false;
  connection.lostAt ??= lastHeard;
  halt();
  clearTimeout(retry);
  retry = setTimeout(connect, retryMs);
  retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
}

function connect(): void {
  source?.close();
  const stream = new EventSource(address);
  source = stream;
  const beat = { heartbeat: (data: { now?: Instant }) => data?.now && tell(data.now) };
  for (const [name, take] of Object.entries({ ...beat, ...handlers })) {
    stream.addEventListener(name, (event) => {
      heard();
      take(JSON.parse((event as MessageEvent<string>).data));
    });
  }
  stream.onopen = heard;
  stream.onerror = () => lose(stream);
  clearTimeout(silence);
  silence = setTimeout(() => lose(null), SILENCE_MS);
}

/** Listen to a stream and no other; return false where it is listened to already. */
export function listen(to: string, take: Handlers): boolean {
  if (address === to && (source !== null || retry !== undefined)) return false;
  hangUp();
  [address, handlers] = [to, take];
  connect();
  return true;
}

export function hangUp(): void {
  source?.close();
  source = null;
  clearTimeout(silence);
  clearTimeout(retry);
  retry = undefined;
  connection.connected = false;
  connection.lostAt = null;
}

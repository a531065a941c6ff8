// One way to ask the platform: JSON in, JSON out, refusals as Problem.

export interface FieldError {
  field: string;
  rule: string;
  mend: string;
}

/** An answer of problem+json, or a platform that could not be reached (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly errors: FieldError[] = [],
    readonly members: Record<string, unknown> = {},
  ) {
    super(detail || title);
  }
}

export async function problemOf(answer: Response): Promise<Problem> {
  try {
    const body = (await answer.json()) as Record<string, unknown> & Partial<Problem>;
    return new Problem(answer.status, body.title ?? answer.statusText, body.detail ?? "", body.errors ?? [], body);
  } catch {
    return new Problem(answer.status, answer.statusText, "");
  }
}

export async function ask<T>(method: string, path: string, body?: unknown, more: Record<string, string> = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json", ...more };
  if (method !== "GET") headers["X-Kouan-CSRF"] = "console";
  const bytes = body instanceof ArrayBuffer;
  if (body !== undefined && !bytes) headers["Content-Type"] = "application/json";
  let answer: Response;
  try {
    answer = await fetch(`/api/v1${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: bytes ? body : JSON.stringify(body) }),
    });
  } catch {
    throw new Problem(0, "unreachable", "");
  }
  if (!answer.ok) throw await problemOf(answer);
  if (answer.status === 204) return undefined as T;
  return (await answer.json()) as T;
}

/** Read; what is protected comes with it only for a `purpose`, and that it was read is then recorded. */
export const get = <T>(path: string, purpose?: string): Promise<T> =>
  ask<T>("GET", path, undefined, purpose === undefined ? {} : { "Kouan-Purpose": purpose });
/** Read a picture as part of the matter that names it; that it was looked at is recorded before it is sent. */
export async function picture(sha256: string, about: string, purpose: string): Promise<Blob> {
  let answer: Response;
  try {
    answer = await fetch(`/api/v1/images/${sha256}${query({ about })}`, { headers: { "Kouan-Purpose": purpose } });
  } catch {
    throw new Problem(0, "unreachable", "");
  }
  if (!answer.ok) throw await problemOf(answer);
  return answer.blob();
}
/** Post; what is sent again under the same `key` is done once. */
export const post = <T>(path: string, body: unknown, key?: string): Promise<T> =>
  ask<T>("POST", path, body, key === undefined ? {} : { "Idempotency-Key": key });

/** Build a query string without the empty values. */
export function query(values: Record<string, string | number | null | undefined>): string {
  const entries = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return entries.length ? `?${new URLSearchParams(entries.map(([k, v]) => [k, String(v)]))}` : "";
}

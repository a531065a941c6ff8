import { ask, get, post, Problem } from "./api";
import type { Action, Session, SignInOptions } from "./types";

export const session = $state<{ user: Session | null; asked: boolean; options: SignInOptions }>({
  user: null,
  asked: false,
  options: {},
});

/** Ask who is signed in; nobody is when the platform answers 401. */
export async function refresh(): Promise<void> {
  try {
    session.user = await get<Session>("/session");
  } catch (problem) {
    session.user = null;
    // The refusal says what the sign-in page may offer.
    if (problem instanceof Problem && problem.status === 401) session.options = problem.members as SignInOptions;
  } finally {
    session.asked = true;
  }
}

/** Whether the person may do this; the platform checks again, this only spares a refusal. */
export function may(action: Action): boolean {
  return session.user?.actions?.includes(action) ?? true;
}

/** Whether the person may watch this kind of thing, which is no part of a passage. */
export function watches(field: "lot" | "targeting" | "yard" | "rules"): boolean {
  return session.user?.watches?.includes(field) ?? false;
}

/** Whether the person may acknowledge an alarm of one of these owners. */
export function acknowledges(owners: string[]): boolean {
  return owners.some((owner) => session.user?.acknowledges?.includes(owner));
}

/** Whether the page looks at a region's hub, not at a port. */
export function atHub(): boolean {
  return session.user?.place === "hub";
}

export async function signIn(username: string, password: string): Promise<void> {
  await post("/session", { username, password });
  await refresh();
}

export async function signOut(): Promise<void> {
  await ask("DELETE", "/session");
  await refresh();
}

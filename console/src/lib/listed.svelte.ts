// A list that a page asks for again and again and acts upon, and what became of the last act.
import { Polled } from "./polled.svelte";

const EVERY_MS = 10_000; // our choice: what others change shows within ten seconds

export class Listed<T> extends Polled<T[] | null> {
  /** Why the last act was refused. */
  refusal = $state.raw<unknown>(null);
  busy = $state(false);

  /** `ask` says null as long as it cannot be asked yet. */
  constructor(ask: () => Promise<{ items: T[] | null }>) {
    super(async () => (await ask()).items, EVERY_MS);
  }

  /** Do something and ask for the list anew; a refusal is kept for the form that asked. */
  async attempt(act: () => Promise<unknown>): Promise<void> {
    this.busy = true;
    this.refusal = null;
    try {
      await act();
      await this.refresh();
    } catch (refused) {
      this.refusal = refused;
    } finally {
      this.busy = false;
    }
  }
}

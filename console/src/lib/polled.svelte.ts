// What is asked for again and again while a page is shown; what was heard last stays there, and its age is known.
import { onDestroy } from "svelte";

const LATE_AFTER = 3; // our choice: two answers may be missed before what is shown counts as old

export class Polled<T> {
  value = $state.raw<T | null>(null);
  problem = $state.raw<unknown>(null);
  #heardAt = $state(0);
  #now = $state(Date.now());
  #asked = 0;
  readonly #load: () => Promise<T>;
  readonly #everyMs: number;

  /** Ask every so many milliseconds until the component is gone; made while one is. */
  constructor(load: () => Promise<T>, everyMs: number) {
    this.#load = load;
    this.#everyMs = everyMs;
    void this.refresh();
    const timer = setInterval(() => void this.refresh(), everyMs);
    onDestroy(() => clearInterval(timer));
  }

  /** Ask now; an answer that is overtaken by a later question's is let go. */
  async refresh(): Promise<void> {
    const asked = ++this.#asked;
    this.#now = Date.now();
    try {
      const heard = await this.#load();
      if (asked === this.#asked) this.take(heard);
    } catch (refused) {
      if (asked === this.#asked) this.problem = refused;
    }
    this.#now = Date.now();
  }

  /** Show what was heard otherwise: the answer to an act says how things stand after it. */
  take(heard: T): void {
    this.#asked += 1;
    this.value = heard;
    this.problem = null;
    this.#heardAt = this.#now = Date.now();
  }

  /** How old what is shown is, in microseconds; null while it is fresh. */
  get late(): number | null {
    const age = this.#now - this.#heardAt;
    return this.value !== null && age > LATE_AFTER * this.#everyMs ? age * 1000 : null;
  }
}

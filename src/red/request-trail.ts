/**
 * How far the latest requests came, as red saw it, for `ppadm trace`: what it sent, what the broker
 * confirmed, what expired, and what grey told as stored. A ring of fixed size, so that a note costs
 * four stores into arrays, and looking something up is one pass over it.
 */

/** What red can see of a request. */
export const TRAIL_STEPS = ['sent', 'confirmed', 'missed', 'expired', 'stored'] as const;

/** A step that red saw. */
export type TrailStep = (typeof TRAIL_STEPS)[number];

/** Which request, or what became of it: a check has one at an instant. */
export interface RequestKey {
  readonly checkId: number;
  readonly scheduledAt: number;
}

/** One step and when red saw it. */
export interface TrailNote {
  readonly step: TrailStep;
  readonly at: number;
}

/** Three notes for each request, so the last 50,000; 4 MB. */
const CAPACITY = 150_000;

/** The latest notes. */
export class RequestTrail {
  readonly #checkIds: Float64Array;
  readonly #scheduledAts: Float64Array;
  readonly #ats: Float64Array;
  readonly #steps: Uint8Array;
  /** Of all that were ever made. */
  #count = 0;

  constructor(capacity = CAPACITY) {
    this.#checkIds = new Float64Array(capacity);
    this.#scheduledAts = new Float64Array(capacity);
    this.#ats = new Float64Array(capacity);
    this.#steps = new Uint8Array(capacity);
  }

  /** Notes a step; the oldest note goes. */
  note(step: TrailStep, { checkId, scheduledAt }: RequestKey, at: number): void {
    const index = this.#count++ % this.#steps.length;
    this.#checkIds[index] = checkId;
    this.#scheduledAts[index] = scheduledAt;
    this.#ats[index] = at;
    this.#steps[index] = TRAIL_STEPS.indexOf(step);
  }

  /** What is noted of one request, in the order in which it was; empty when nothing is. */
  find({ checkId, scheduledAt }: RequestKey): TrailNote[] {
    const notes: TrailNote[] = [];
    for (const index of this.#indexes()) {
      if (this.#checkIds[index] !== checkId || this.#scheduledAts[index] !== scheduledAt) continue;
      const step = TRAIL_STEPS[this.#steps[index] ?? 0];
      if (step !== undefined) notes.push({ step, at: this.#ats[index] ?? 0 });
    }
    return notes;
  }

  /** When the newest request of a check was due of which something is noted; null = nothing is. */
  newestScheduledAt(checkId: number): number | null {
    let newest: number | null = null;
    for (const index of this.#indexes()) {
      const scheduledAt = this.#scheduledAts[index] ?? 0;
      if (this.#checkIds[index] === checkId) newest = Math.max(newest ?? 0, scheduledAt);
    }
    return newest;
  }

  /** From the oldest to the newest. */
  *#indexes(): Generator<number> {
    const size = this.#steps.length;
    const first = Math.max(0, this.#count - size);
    for (let number = first; number < this.#count; number++) yield number % size;
  }
}

/** What a request's id says; undefined for a text that is none. */
export function parseRequestId(id: string): RequestKey | undefined {
  const found = /^(\d{1,15})-(\d{1,15})(-[\w-]{1,60})?$/.exec(id);
  return found ? { checkId: Number(found[1]), scheduledAt: Number(found[2]) } : undefined;
}

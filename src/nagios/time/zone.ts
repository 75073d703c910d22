/**
 * Section 10.3: what clocks on the wall show in a time zone, with its shifts in spring and autumn.
 * Instants are milliseconds since the epoch; wall time is a day (`civil-day.ts`) and a second of it.
 */

/** A time zone. */
export interface Zone {
  /** As given: `Europe/Helsinki`, `UTC`. */
  readonly name: string;
  /** By how much its clocks are ahead of UTC at an instant, in milliseconds. */
  offsetMsAt(at: number): number;
}

/** Wall time. */
export interface WallTime {
  readonly day: number;
  /** 0..86399 */
  readonly second: number;
}

const DAY_MS = 86_400_000;
const SECOND_MS = 1_000;
/** Clocks are shifted at such times only, so an offset holds from one to the next. */
const BLOCK_MS = 15 * 60_000;

/**
 * The zone with this IANA name, by the time zone data of Node; null when there is none. It holds a
 * formatter that is dear to make (some 50 microseconds): keep it.
 */
export function findZone(name: string): Zone | null {
  const formatter = makeFormatter(name);
  if (formatter === null) return null;
  let knownBlock = Number.NaN;
  let knownOffsetMs = 0;
  return {
    name,
    offsetMsAt(at) {
      const block = Math.floor(at / BLOCK_MS);
      if (block !== knownBlock) {
        knownBlock = block;
        knownOffsetMs = readOffsetMs(formatter, block * BLOCK_MS);
      }
      return knownOffsetMs;
    },
  };
}

function makeFormatter(timeZone: string): Intl.DateTimeFormat | null {
  const two = '2-digit';
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: two,
      day: two,
      hour: two,
      minute: two,
      second: two,
    });
  } catch {
    // RangeError is how Intl says that there is no such zone.
    return null;
  }
}

/** From `11/23/2026, 14:33:38`. */
function readOffsetMs(formatter: Intl.DateTimeFormat, at: number): number {
  const [month, day, year, hour, minute, second] = formatter.format(at).split(/\D+/).map(Number);
  const wallMs = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
  return wallMs - Math.floor(at / SECOND_MS) * SECOND_MS;
}

/** What the clocks show at an instant. */
export function wallTimeAt(zone: Zone, at: number): WallTime {
  const wallMs = at + zone.offsetMsAt(at);
  const day = Math.floor(wallMs / DAY_MS);
  return { day, second: Math.floor((wallMs - day * DAY_MS) / SECOND_MS) };
}

/** When the clocks show this: once, twice in autumn's repeated hour, never in spring's gap. */
export function instantsOf(zone: Zone, { day, second }: WallTime): number[] {
  const wallMs = day * DAY_MS + second * SECOND_MS;
  return offsetsAround(zone, wallMs)
    .map((offsetMs) => wallMs - offsetMs)
    .filter((at) => at + zone.offsetMsAt(at) === wallMs)
    .sort((one, other) => one - other);
}

/**
 * The instant that a time of an appointment means (RFC 5545, 3.3.5): of two the first; in a gap, as
 * if the clocks had not been shifted yet.
 */
export function instantOf(zone: Zone, wall: WallTime): number {
  const [first] = instantsOf(zone, wall);
  if (first !== undefined) return first;
  const wallMs = wall.day * DAY_MS + wall.second * SECOND_MS;
  return wallMs - Math.min(...offsetsAround(zone, wallMs));
}

/** When a day begins: at midnight, or at the end of a gap that swallows it. */
export function startOfDay(zone: Zone, day: number): number {
  const [first] = instantsOf(zone, { day, second: 0 });
  if (first !== undefined) return first;
  const [early = 0, late = 0] = offsetsAround(zone, day * DAY_MS).map((ms) => day * DAY_MS - ms);
  return shiftWithin(zone, Math.min(early, late), Math.max(early, late)) ?? late;
}

/** When clocks are shifted after `from` and until `to`; null when they are not. */
export function shiftWithin(zone: Zone, from: number, to: number): number | null {
  const offsetMs = zone.offsetMsAt(to);
  if (zone.offsetMsAt(from) === offsetMs) return null;
  let before = from;
  let after = to;
  while (after - before > SECOND_MS) {
    const middle = Math.floor((before + after) / 2 / SECOND_MS) * SECOND_MS;
    if (middle <= before) break;
    if (zone.offsetMsAt(middle) === offsetMs) after = middle;
    else before = middle;
  }
  return after;
}

/** The offsets a day before and after; one when they are alike. */
function offsetsAround(zone: Zone, wallMs: number): number[] {
  const before = zone.offsetMsAt(wallMs - DAY_MS);
  const after = zone.offsetMsAt(wallMs + DAY_MS);
  return before === after ? [before] : [before, after];
}

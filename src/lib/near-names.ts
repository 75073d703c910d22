/** A word that is none of those known -> those that may have been meant. */

const MAX_NAMES = 3;
/** Long enough for every name; a comparison takes the product of the lengths. */
const MAX_LENGTH = 100;

/** At most three of `names`, the nearest first. */
export function findNear(wanted: string, names: readonly string[]): string[] {
  const target = normalize(wanted);
  const tolerance = Math.max(1, Math.floor(target.length / 3));
  return [...new Set(names)]
    .map((name) => ({ name, distance: distanceOf(target, normalize(name)) }))
    .filter(({ distance }) => distance <= tolerance)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, MAX_NAMES)
    .map(({ name }) => name);
}

function normalize(name: string): string {
  return name.slice(0, MAX_LENGTH).toLowerCase();
}

/** Changes that make `a` to `b`: a character more, less or other, or two neighbours swapped. */
function distanceOf(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (beforeLast[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

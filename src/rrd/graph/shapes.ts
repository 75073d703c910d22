/** Values -> lines and areas of an SVG path. Unknown values are gaps, never bridged. */

/** Pixels of what stands for a value alone. */
const MIN_STROKE = 4;

/** Where a value is drawn. */
export interface Frame {
  /** Pixels of the value with this index. */
  x(index: number): number;
  /** Pixels of a value. */
  y(value: number): number;
  /** Pixels of one step. */
  readonly stepWidth: number;
}

/** A line through the values; one that stands alone is a short stroke. Empty without any. */
export function drawLine(values: readonly (number | null)[], frame: Frame): string {
  return runsOf(values)
    .map((run) => {
      const [first] = run;
      if (run.length === 1 && first !== undefined) {
        const half = Math.max(MIN_STROKE / 2, frame.stepWidth / 2);
        const y = pixel(frame.y(first.value));
        return `M${pixel(frame.x(first.index) - half)},${y}h${pixel(2 * half)}`;
      }
      const points = run.map(({ index, value }) => point(frame, index, value));
      return `M${points.join('L')}`;
    })
    .join('');
}

/** The area between two rows of values, where both are known. */
export function drawArea(
  lower: readonly (number | null)[],
  upper: readonly (number | null)[],
  frame: Frame,
): string {
  return runsOf(upper)
    .map((run) => {
      const only = run.length === 1 ? run[0] : undefined;
      if (only !== undefined) {
        const half = Math.max(MIN_STROKE / 2, frame.stepWidth / 2);
        const [top, bottom] = [pixel(frame.y(only.value)), pixel(frame.y(lower[only.index] ?? 0))];
        const left = pixel(frame.x(only.index) - half);
        return `M${left},${bottom}V${top}h${pixel(2 * half)}V${bottom}Z`;
      }
      const above = run.map(({ index, value }) => point(frame, index, value));
      const below = run.map(({ index }) => point(frame, index, lower[index] ?? 0)).reverse();
      return `M${[...above, ...below].join('L')}Z`;
    })
    .join('');
}

/** Sums of each series and those before it; unknown only where all are. */
export function stackValues(series: readonly (readonly (number | null)[])[]): (number | null)[][] {
  const length = Math.max(0, ...series.map((values) => values.length));
  const isKnown = Array.from({ length }, (_, index) =>
    series.some((values) => (values[index] ?? null) !== null),
  );
  let below: (number | null)[] = isKnown.map((known) => (known ? 0 : null));
  return series.map((values) => {
    below = below.map((sum, index) => (sum === null ? null : sum + (values[index] ?? 0)));
    return below;
  });
}

function runsOf(values: readonly (number | null)[]): { index: number; value: number }[][] {
  const runs: { index: number; value: number }[][] = [];
  let run: { index: number; value: number }[] | undefined;
  values.forEach((value, index) => {
    if (value === null) {
      run = undefined;
      return;
    }
    if (run === undefined) {
      run = [];
      runs.push(run);
    }
    run.push({ index, value });
  });
  return runs;
}

function point(frame: Frame, index: number, value: number): string {
  return `${pixel(frame.x(index))},${pixel(frame.y(value))}`;
}

/** To a tenth, which nobody sees and which keeps the text short. */
export function pixel(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** What a graph shows, without saying how it is drawn. */

/** What values are measured in: `s`, `B`, `%`, ...; empty = plain numbers. */
export type Unit = string;

/** One drawn series. */
export interface GraphSeries {
  readonly label: string;
  /** One for each step; null = unknown, a gap. */
  readonly values: readonly (number | null)[];
  /** Of `SERIES_COLORS`, or of a state. */
  readonly color: GraphColor;
}

/** Colours by what they mean; the numbered ones mean nothing. */
export type GraphColor =
  | 'good'
  | 'warning'
  | 'bad'
  | 'unclear'
  | 'waiting'
  | `c${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7}`;

/** A line across a panel. */
export interface GraphThreshold {
  readonly label: string;
  readonly value: number;
  readonly color: 'warning' | 'bad';
}

/** Series of one unit over one scale. */
export interface GraphPanel {
  readonly title: string;
  readonly unit: Unit;
  readonly isStacked: boolean;
  readonly series: readonly GraphSeries[];
  readonly thresholds: readonly GraphThreshold[];
}

/** Panels over one span of time, one below the other. */
export interface Graph {
  readonly title: string;
  /** What is seen, for those who do not see it, and whatever was left out. */
  readonly description: string;
  /** The value `i` belongs to the step that ends at `startS + i * stepS`, seconds since the epoch. */
  readonly startS: number;
  readonly stepS: number;
  /** What the axis spans, whatever values there are. */
  readonly fromS: number;
  readonly toS: number;
  readonly panels: readonly GraphPanel[];
}

/** Pixels. */
export interface GraphSize {
  readonly width: number;
  readonly height: number;
}

/** `auto`: light, or dark for who prefers it. */
export type GraphTheme = 'auto' | 'light' | 'dark';

/** Most series of a panel and panels of a graph; more cannot be told apart. */
export const MAX_SERIES = 8;
export const MAX_PANELS = 8;

/** The colour of the n-th series that means nothing by itself. */
export function seriesColor(index: number): GraphColor {
  const colors = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7'] as const;
  return colors[index % colors.length] ?? 'c0';
}

/** The height that these panels need to be read well. */
export function naturalHeight(panels: readonly GraphPanel[]): number {
  const legendLines = panels.reduce((sum, panel) => sum + panel.series.length, 0);
  return 60 + panels.length * 160 + legendLines * 16;
}

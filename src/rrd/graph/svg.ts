/** A graph -> SVG text. Pure; the size of the text is bounded by what `graph.ts` allows. */

import {
  type Graph,
  type GraphPanel,
  type GraphSeries,
  type GraphSize,
  type GraphTheme,
  MAX_PANELS,
  MAX_SERIES,
} from './graph.ts';
import { formatValue, scaleTime, scaleValues, type ValueScale } from './scale.ts';
import { drawArea, drawLine, type Frame, pixel, stackValues } from './shapes.ts';
import { graphStyle } from './style.ts';
import { cutText, escapeText } from './text.ts';

/** Pixels around the plots. */
const LEFT = 70;
const RIGHT = 16;
const TOP = 34;
const BOTTOM = 8;
const PANEL_HEAD = 26;
const TIME_AXIS = 18;
const LEGEND_LINE = 16;
const MIN_PLOT = 24;
/** Pixels that a character of the small font takes, on the safe side. */
const CHARACTER = 7;
/** Columns of the legend from the right: last, min, avg, max. */
const COLUMN = 78;
const COLUMN_NAMES = ['last', 'min', 'avg', 'max'];
/** A limit that is further away than so many times the values' range is told, not drawn. */
const LIMIT_REACH = 2;

/** Draws the graph in exactly this size; panels for which there is no room are left out, the last first. */
export function writeSvg(
  graph: Graph,
  { width, height }: GraphSize,
  theme: GraphTheme = 'auto',
): string {
  const panels = graph.panels.slice(0, MAX_PANELS);
  while (panels.length > 1 && plotHeightOf(panels, height) < MIN_PLOT) panels.pop();
  const legendHeights = panels.map(legendHeightOf);
  const plotHeight = Math.max(MIN_PLOT, plotHeightOf(panels, height));
  let top = TOP;
  const parts = panels.map((panel, index) => {
    const drawn = drawPanel(graph, panel, { top: top + PANEL_HEAD, width, plotHeight });
    top += PANEL_HEAD + plotHeight + TIME_AXIS + (legendHeights[index] ?? 0);
    return drawn;
  });
  const title = escapeText(cutText(graph.title, Math.floor((width - 2 * LEFT) / 8)));
  const empty = `<text class="faint mid" x="${width / 2}" y="${height / 2}">no values</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${escapeText(graph.title)}</title>`,
    `<desc id="desc">${escapeText(graph.description)}</desc>`,
    `<style>${graphStyle(theme)}</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    `<text class="title" x="${LEFT}" y="21">${title}</text>`,
    `<text class="faint num" x="${width - RIGHT}" y="21">UTC</text>`,
    ...(panels.length === 0 ? [empty] : parts),
    '</svg>\n',
  ].join('\n');
}

/** What each plot gets of the height. */
function plotHeightOf(panels: readonly GraphPanel[], height: number): number {
  const legends = panels.reduce((sum, panel) => sum + legendHeightOf(panel), 0);
  const room = height - TOP - BOTTOM - legends;
  return Math.floor(room / Math.max(1, panels.length)) - PANEL_HEAD - TIME_AXIS;
}

function legendHeightOf({ series, thresholds }: GraphPanel): number {
  const lines = Math.min(series.length, MAX_SERIES) + (thresholds.length > 0 ? 1 : 0);
  return (lines + 1) * LEGEND_LINE;
}

interface PanelPlace {
  /** Of the plot. */
  readonly top: number;
  readonly width: number;
  readonly plotHeight: number;
}

function drawPanel(graph: Graph, panel: GraphPanel, place: PanelPlace): string {
  const series = panel.series.slice(0, MAX_SERIES);
  const { top, width, plotHeight } = place;
  const sums = panel.isStacked ? stackValues(series.map(({ values }) => values)) : null;
  const shown = (sums ?? series.map(({ values }) => values))
    .flat()
    .filter((value) => value !== null);
  const limits = panel.thresholds.filter(({ value }) => isNear(value, shown));
  const scale = scaleValues([...shown, ...limits.map(({ value }) => value), ...(sums ? [0] : [])], {
    unit: panel.unit,
    tickCount: Math.max(2, Math.floor(plotHeight / 32)),
  });
  const frame = frameOf(graph, scale, place);
  const clip = `clip${Math.round(top)}`;
  const plotWidth = width - LEFT - RIGHT;
  const shapes = series.map(({ values, color }, index) => {
    const sum = sums?.[index];
    if (sum === undefined) return `<path class="line s-${color}" d="${drawLine(values, frame)}"/>`;
    const below = sums?.[index - 1] ?? sum.map(() => 0);
    return `<path class="f-${color}" d="${drawArea(below, sum, frame)}"/>`;
  });
  const limitLines = limits.map(
    ({ value, color }) =>
      `<path class="limit s-${color}" d="M${LEFT},${pixel(frame.y(value))}H${width - RIGHT}"/>`,
  );
  const missing = shown.length === 0 ? [noValues(place)] : [];
  return [
    '<g>',
    `<clipPath id="${clip}"><rect x="${LEFT}" y="${top - 1}" width="${plotWidth}" height="${plotHeight + 2}"/></clipPath>`,
    `<text class="panel" x="${LEFT}" y="${top - 6}">${escapeText(cutText(panel.title, Math.floor(plotWidth / CHARACTER)))}</text>`,
    drawAxes(graph, scale, place, frame),
    `<g clip-path="url(#${clip})">`,
    ...shapes,
    ...limitLines,
    '</g>',
    ...missing,
    drawLegend(panel, series, place),
    '</g>',
  ].join('\n');
}

function noValues({ top, width, plotHeight }: PanelPlace): string {
  const [x, y] = [(LEFT + width - RIGHT) / 2, top + plotHeight / 2 + 4];
  return `<text class="faint mid" x="${x}" y="${y}">no values in this span</text>`;
}

/** Whether a limit can be drawn without pressing the values flat. */
function isNear(limit: number, values: readonly number[]): boolean {
  if (values.length === 0) return true;
  const low = values.reduce((least, value) => Math.min(least, value), 0);
  const high = values.reduce((most, value) => Math.max(most, value), 0);
  const reach = LIMIT_REACH * Math.max(high - low, Number.MIN_VALUE);
  return limit >= low - reach && limit <= high + reach;
}

function frameOf(graph: Graph, scale: ValueScale, { top, width, plotHeight }: PanelPlace): Frame {
  const perSecond = (width - LEFT - RIGHT) / Math.max(1, graph.toS - graph.fromS);
  const perUnit = plotHeight / (scale.high - scale.low);
  return {
    x: (index) => LEFT + (graph.startS + index * graph.stepS - graph.fromS) * perSecond,
    y: (value) => top + (scale.high - value) * perUnit,
    stepWidth: graph.stepS * perSecond,
  };
}

function drawAxes(graph: Graph, scale: ValueScale, place: PanelPlace, frame: Frame): string {
  const { top, width, plotHeight } = place;
  const bottom = top + plotHeight;
  const lines = scale.ticks.map(
    ({ value }) => `M${LEFT},${pixel(frame.y(value))}H${width - RIGHT}`,
  );
  const texts = scale.ticks.map(
    ({ value, text }) =>
      `<text class="faint num" x="${LEFT - 6}" y="${pixel(frame.y(value) + 4)}">${escapeText(cutText(text, 10))}</text>`,
  );
  const perSecond = (width - LEFT - RIGHT) / Math.max(1, graph.toS - graph.fromS);
  const ticks = scaleTime(graph.fromS, graph.toS, Math.max(2, Math.floor(width / 90)));
  const places = ticks.map(({ value, text }) => {
    const x = pixel(LEFT + (value - graph.fromS) * perSecond);
    lines.push(`M${x},${top}V${bottom + 3}`);
    return `<text class="faint mid" x="${x}" y="${bottom + 14}">${text}</text>`;
  });
  return [`<path class="mesh" d="${lines.join('')}"/>`, ...texts, ...places].join('\n');
}

function drawLegend(
  { unit, thresholds }: GraphPanel,
  series: readonly GraphSeries[],
  { top, width, plotHeight }: PanelPlace,
): string {
  const first = top + plotHeight + TIME_AXIS + 10;
  const right = width - RIGHT;
  const columnX = (column: number) => right - (COLUMN_NAMES.length - 1 - column) * COLUMN;
  const labelLength = Math.max(4, Math.floor((columnX(0) - COLUMN - LEFT - 14) / CHARACTER));
  const heads = COLUMN_NAMES.map(
    (name, column) => `<text class="faint num" x="${columnX(column)}" y="${first}">${name}</text>`,
  );
  const lines = series.map(({ label, color, values }, index) => {
    const y = first + (index + 1) * LEGEND_LINE;
    const figures = summarize(values).map((value, column) => {
      const text = value === null ? '–' : formatValue(value, unit);
      return `<text class="num" x="${columnX(column)}" y="${y}">${escapeText(cutText(text, 11))}</text>`;
    });
    const swatch = `<rect class="f-${color}" x="${LEFT}" y="${y - 9}" width="9" height="9"/>`;
    const name = `<text x="${LEFT + 14}" y="${y}">${escapeText(cutText(label, labelLength))}</text>`;
    return [swatch, name, ...figures].join('');
  });
  if (thresholds.length > 0) {
    const texts = thresholds.map(({ label, value }) => `${label} ${formatValue(value, unit)}`);
    const y = first + (series.length + 1) * LEGEND_LINE;
    const text = cutText(texts.join(', '), Math.floor((right - LEFT) / CHARACTER));
    lines.push(`<text class="faint" x="${LEFT}" y="${y}">${escapeText(text)}</text>`);
  }
  return [heads.join(''), ...lines].join('\n');
}

/** Last, least, average and greatest of the known values. */
export function summarize(values: readonly (number | null)[]): (number | null)[] {
  const known = values.filter((value) => value !== null);
  const last = known.at(-1);
  if (last === undefined) return [null, null, null, null];
  const sum = known.reduce((total, value) => total + value, 0);
  const least = known.reduce((low, value) => Math.min(low, value), last);
  const greatest = known.reduce((high, value) => Math.max(high, value), last);
  return [last, least, sum / known.length, greatest];
}

import { Resvg } from '@resvg/resvg-js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Graph, type GraphPanel, naturalHeight } from './graph.ts';
import { summarize, writeSvg } from './svg.ts';

const SIZE = { width: 800, height: 400 };

function panel(fields: Partial<GraphPanel> = {}): GraphPanel {
  const series = [{ label: 'a', values: [1, 2, 3], color: 'c0' as const }];
  return { title: 'Values', unit: '', isStacked: false, series, thresholds: [], ...fields };
}

function graph(...panels: readonly GraphPanel[]): Graph {
  const axis = { startS: 60, stepS: 60, fromS: 0, toS: 180 };
  return { title: 'title', description: 'what is seen', ...axis, panels };
}

function lineOf(values: readonly (number | null)[]): string {
  const svg = writeSvg(graph(panel({ series: [{ label: 'a', values, color: 'c0' }] })), SIZE);
  return /<path class="line s-c0" d="([^"]*)"/.exec(svg)?.[1] ?? '';
}

/** The vertical pixels of the points of a path. */
function heightsOf(path: string): number[] {
  return [...path.matchAll(/[ML][\d.-]+,([\d.-]+)/g)].map(([, y]) => Number(y));
}

describe('a graph', () => {
  test('is well-formed whatever titles and labels hold, and holds nothing but them', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom(
        '<script>alert(1)</script>',
        ']]>',
        '"onload="x',
        "'&amp;&#0;",
        '\ud800',
        '\u202e',
      ),
    );
    fc.assert(
      fc.property(text, text, text, (title, label, unit) => {
        const series = [{ label, values: [1, null, 2], color: 'c1' as const }];
        const thresholds = [{ label, value: 2, color: 'bad' as const }];
        const svg = writeSvg(
          { ...graph(panel({ title, unit, series, thresholds })), title, description: label },
          SIZE,
        );
        // The parser refuses what is not well-formed.
        expect(new Resvg(svg, { font: { loadSystemFonts: false } })).toMatchObject(SIZE);
        expect(svg).not.toMatch(/<script|onload=\S*"x|[\u0000-\u0008\u202e\ud800]/u);
        const tags = new Set([...svg.matchAll(/<([a-zA-Z]+)/g)].map(([, tag]) => tag));
        const known = ['svg', 'title', 'desc', 'style', 'rect', 'text', 'g', 'clipPath', 'path'];
        expect([...tags].filter((tag) => !known.includes(tag ?? ''))).toEqual([]);
      }),
    );
  });

  test('is told to those who do not see it', () => {
    const svg = writeSvg(graph(panel()), SIZE);
    expect(svg).toContain('role="img" aria-labelledby="title desc"');
    expect(svg).toContain('<title id="title">title</title>');
    expect(svg).toContain('<desc id="desc">what is seen</desc>');
  });

  test('has a gap where values are unknown', () => {
    expect(lineOf([1, 2, null, 3, 4]).match(/M/g)).toHaveLength(2);
    expect(lineOf([1, 2, 3]).match(/M/g)).toHaveLength(1);
    expect(lineOf([null, 2, null])).toMatch(/^M[\d.]+,[\d.]+h[\d.]+$/);
    expect(lineOf([null, null])).toBe('');
  });

  test('draws higher values higher, in proportion', () => {
    const [first = 0, second = 0, third = 0] = heightsOf(lineOf([0, 5, 10]));
    expect(first - second).toBeCloseTo(second - third, 0);
    expect(second).toBeGreaterThan(third);
  });

  test('stacks states on each other', () => {
    const state = (label: string, color: 'good' | 'bad', value: number) => ({
      ...{ label, color, values: [value, value] },
    });
    const series = [state('ok', 'good', 3), state('critical', 'bad', 1)];
    const svg = writeSvg(graph(panel({ isStacked: true, series })), SIZE);
    const path = (color: string) =>
      heightsOf(new RegExp(`class="f-${color}" d="(M[^"]*)"`).exec(svg)?.[1] ?? '');
    const [good, bad] = [path('good'), path('bad')];
    expect(Math.max(...bad)).toBe(Math.min(...good));
    expect(
      (Math.max(...good) - Math.min(...good)) / (Math.max(...bad) - Math.min(...bad)),
    ).toBeCloseTo(3, 1);
  });

  test('draws limits as lines, and tells those that are too far away to draw', () => {
    const thresholds = [
      { label: 'warning', value: 4, color: 'warning' as const },
      { label: 'critical', value: 4_000, color: 'bad' as const },
    ];
    const svg = writeSvg(graph(panel({ thresholds })), SIZE);
    expect(svg).toContain('<path class="limit s-warning"');
    expect(svg).not.toContain('<path class="limit s-bad"');
    expect(svg).toContain('warning 4, critical 4 k');
  });

  test('says last, least, average and greatest value', () => {
    expect(summarize([null, 4, 1, null, 2.5, null])).toEqual([2.5, 1, 2.5, 4]);
    expect(summarize([null])).toEqual([null, null, null, null]);
    const series = [{ label: 'a', values: [4, 1, 2.5], color: 'c0' as const }];
    const svg = writeSvg(graph(panel({ series })), SIZE);
    const figures = [...svg.matchAll(/<text class="num"[^>]*>([^<]*)</g)].map(([, text]) => text);
    expect(figures).toEqual(['2.5', '1', '2.5', '4']);
  });

  test('follows who prefers the dark, or is light or dark as asked', () => {
    const draw = (theme: 'auto' | 'light' | 'dark') => writeSvg(graph(panel()), SIZE, theme);
    expect(draw('auto')).toContain('@media(prefers-color-scheme:dark)');
    expect(draw('light')).not.toContain('@media');
    expect(draw('dark')).toContain('.paper{fill:#0d1117}');
  });

  test('says so when there are no values', () => {
    const series = [{ label: 'a', values: [null], color: 'c0' as const }];
    expect(writeSvg(graph(panel({ series })), SIZE)).toContain('no values in this span');
    expect(writeSvg(graph(), SIZE)).toContain('no values');
  });

  test('leaves out panels for which there is no room, and is bounded in what it draws', () => {
    const many = Array.from({ length: 50 }, (_, index) => panel({ title: `panel ${index}` }));
    const count = (svg: string) => svg.match(/class="panel"/g)?.length;
    expect(count(writeSvg(graph(...many), { width: 800, height: 150 }))).toBe(1);
    expect(count(writeSvg(graph(...many), { width: 800, height: 2_000 }))).toBe(8);
    expect(naturalHeight(many.slice(0, 3))).toBeGreaterThan(400);
    const series = Array.from({ length: 50 }, (_, index) => ({
      ...{ label: `s${index}`, values: [index], color: 'c0' as const },
    }));
    expect(writeSvg(graph(panel({ series })), SIZE).match(/class="line/g)).toHaveLength(8);
  });
});

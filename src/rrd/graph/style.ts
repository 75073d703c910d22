/** Colours and fonts of graphs. The series colours differ in brightness too, for who sees no hues. */

import type { GraphTheme } from './graph.ts';

/** The font that is drawn into pictures; a browser has its own. */
export const FONT_FAMILY = 'DejaVu Sans';

type Palette = Readonly<Record<string, string>>;

const LIGHT: Palette = {
  ...{ paper: '#ffffff', ink: '#1f2328', faint: '#59636e', grid: '#d8dee4' },
  ...{
    good: '#2da44e',
    warning: '#d29922',
    bad: '#cf222e',
    unclear: '#8250df',
    waiting: '#8c959f',
  },
  ...{ c0: '#0969da', c1: '#bc4c00', c2: '#1a7f37', c3: '#8250df' },
  ...{ c4: '#bf3989', c5: '#0a7d91', c6: '#7d4e00', c7: '#57606a' },
};
const DARK: Palette = {
  ...{ paper: '#0d1117', ink: '#e6edf3', faint: '#9198a1', grid: '#30363d' },
  ...{
    good: '#3fb950',
    warning: '#d29922',
    bad: '#f85149',
    unclear: '#a371f7',
    waiting: '#8b949e',
  },
  ...{ c0: '#58a6ff', c1: '#f0883e', c2: '#56d364', c3: '#bc8cff' },
  ...{ c4: '#f778ba', c5: '#39c5cf', c6: '#e3b341', c7: '#b1bac4' },
};

/** The content of the style element. */
export function graphStyle(theme: GraphTheme): string {
  const base = `text{font-family:"${FONT_FAMILY}",Verdana,sans-serif;font-size:11px}.title{font-size:14px;font-weight:bold}.panel{font-weight:bold}.line{fill:none;stroke-width:1.5;stroke-linejoin:round}.limit{fill:none;stroke-width:1;stroke-dasharray:5 3}.mesh{stroke-width:1;fill:none}.num{text-anchor:end}.mid{text-anchor:middle}`;
  if (theme === 'dark') return base + paint(DARK);
  if (theme === 'light') return base + paint(LIGHT);
  return `${base}${paint(LIGHT)}@media(prefers-color-scheme:dark){${paint(DARK)}}`;
}

function paint(palette: Palette): string {
  const { paper, ink, faint, grid, ...colors } = palette;
  const fixed = `.paper{fill:${paper}}text{fill:${ink}}.faint{fill:${faint}}.mesh{stroke:${grid}}`;
  const series = Object.entries(colors).map(
    ([name, color]) => `.f-${name}{fill:${color}}.s-${name}{stroke:${color}}`,
  );
  return fixed + series.join('');
}

/** SVG text -> PNG, by a library that draws in a thread of its own. */

import { createRequire } from 'node:module';
import { createSlots } from '../../lib/slots.ts';
import { Unavailable } from '../../model/errors.ts';
import { FONT_FAMILY } from './style.ts';

/** Pictures drawn at the same time, and those that may wait. */
const MAX_DRAWN = 2;
const MAX_WAITING = 20;
/** Of the package with the fonts; a server often has none of its own. */
const FONT_FILES = [
  'dejavu-fonts-ttf/ttf/DejaVuSans.ttf',
  'dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf',
];

/** Draws SVG texts. Rejects with `Unavailable` when too many wait, or where it cannot draw. */
export type DrawPng = (svg: string) => Promise<Buffer>;

/** Creates it; the library is loaded when it is first needed. */
export function createPngDrawer(): DrawPng {
  const slots = createSlots(MAX_DRAWN);
  return (svg) => {
    if (slots.waiting() >= MAX_WAITING) {
      return Promise.reject(
        new Unavailable('png', 'Too many pictures are being drawn: try again, or ask for SVG.'),
      );
    }
    return slots.run(() => draw(svg));
  };
}

async function draw(svg: string): Promise<Buffer> {
  const { renderAsync } = await import('@resvg/resvg-js').catch((error: unknown) => {
    throw new Unavailable('png', 'Pictures cannot be drawn on this machine: ask for SVG.', error);
  });
  const { resolve } = createRequire(import.meta.url);
  const picture = await renderAsync(svg, {
    font: {
      fontFiles: FONT_FILES.map((file) => resolve(file)),
      loadSystemFonts: false,
      defaultFontFamily: FONT_FAMILY,
    },
  });
  return picture.asPng();
}

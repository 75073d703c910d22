import { inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Graph } from './graph.ts';
import { createPngDrawer } from './png.ts';
import { writeSvg } from './svg.ts';

const GRAPH: Graph = {
  ...{ title: 'Checks of <site>', description: '', startS: 60, stepS: 60, fromS: 60, toS: 180 },
  panels: [
    {
      ...{ title: 'Checks', unit: '', isStacked: true, thresholds: [] },
      series: [{ label: 'ok', color: 'good', values: [10, 10, 10] }],
    },
  ],
};

/** Size and colours of a picture without interlacing; filters undone. */
function decode(png: Buffer) {
  expect(png.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  const parts: Buffer[] = [];
  let [width, height] = [0, 0];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') {
      [width, height] = [body.readUInt32BE(0), body.readUInt32BE(4)];
      expect([...body.subarray(8, 13)]).toEqual([8, 6, 0, 0, 0]);
    }
    if (type === 'IDAT') parts.push(body);
    at += 12 + length;
  }
  const raw = inflateSync(Buffer.concat(parts));
  const stride = width * 4;
  expect(raw.length).toBe((stride + 1) * height);
  const pixels = Buffer.alloc(stride * height);
  const at = (x: number, y: number) => (x < 0 || y < 0 ? 0 : (pixels[y * stride + x] ?? 0));
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const [left, up, corner] = [at(x - 4, y), at(x, y - 1), x < 4 ? 0 : at(x - 4, y - 1)];
      const guesses = [0, left, up, (left + up) >> 1, paeth(left, up, corner)];
      pixels[y * stride + x] = (raw[y * (stride + 1) + 1 + x] ?? 0) + (guesses[filter ?? 0] ?? 0);
    }
  }
  const colorAt = (x: number, y: number) =>
    `#${pixels.subarray(y * stride + x * 4, y * stride + x * 4 + 3).toString('hex')}`;
  return { width, height, colorAt };
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [left, up, corner].map((value) => Math.abs(guess - value)) as [
    number,
    number,
    number,
  ];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

test('a picture has the size asked for, paper, areas and text', async () => {
  const svg = writeSvg(GRAPH, { width: 640, height: 220 }, 'light');
  const { width, height, colorAt } = decode(await createPngDrawer()(svg));
  expect([width, height]).toEqual([640, 220]);
  expect(colorAt(2, 2)).toBe('#ffffff');
  expect(colorAt(300, 110)).toBe('#2da44e');
  const title = Array.from({ length: 150 * 14 }, (_, index) =>
    colorAt(70 + (index % 150), 10 + Math.floor(index / 150)),
  );
  expect(title.filter((color) => color === '#1f2328').length).toBeGreaterThan(50);
});

test('more pictures than can wait are refused, the others are drawn', async () => {
  const draw = createPngDrawer();
  const svg = writeSvg({ ...GRAPH, panels: [] }, { width: 300, height: 150 }, 'light');
  const drawn = await Promise.allSettled(Array.from({ length: 30 }, () => draw(svg)));
  const refused = drawn.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(8);
  expect(refused[0]).toMatchObject({ reason: { code: 'unavailable' } });
});

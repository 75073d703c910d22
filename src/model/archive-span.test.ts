import { expect, test } from 'vitest';
import { parseArchives } from './archive-span.ts';
import { ConfigError } from './errors.ts';

test('archives are read in any of their units', () => {
  expect(parseArchives(['10s:1h', '1m:2d', '5m:2w', '1h:2y'])).toEqual([
    { resolutionS: 10, spanS: 3_600 },
    { resolutionS: 60, spanS: 2 * 86_400 },
    { resolutionS: 300, spanS: 14 * 86_400 },
    { resolutionS: 3_600, spanS: 730 * 86_400 },
  ]);
});

test('a span that is shorter than its resolution, or too long for it, is told with the remedy', () => {
  expect(() => parseArchives(['1h:5m'])).toThrow(ConfigError);
  expect(() => parseArchives(['1s:1y'])).toThrow(/"1s:1y" comes to 31536000 values: write/);
});

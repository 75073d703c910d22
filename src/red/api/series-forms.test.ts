import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseForm, formatCsv, readEnding } from './series-forms.ts';

test.each([
  ['/api/v1/stats/common.svg', '/api/v1/stats/common', 'image/svg+xml'],
  ['/api/v1/stats/common.csv?period=1d', '/api/v1/stats/common?period=1d', 'text/csv'],
  ['/api/v1/stats/workers/a.b.png', '/api/v1/stats/workers/a.b', 'image/png'],
  ['/api/v1/stats/workers/a.svg.json', '/api/v1/stats/workers/a.svg', 'application/json'],
  ['/api/v1/checks/h.de/p%20q/perfdata.png', '/api/v1/checks/h.de/p%20q/perfdata', 'image/png'],
])('%s means %s as %s', (url, path, accept) => {
  expect(readEnding(url)).toEqual({ url: path, accept });
});

test.each([
  ['/api/v1/stats/common'],
  ['/api/v1/stats/common.html'],
  ['/api/v1/hosts/a.svg'],
  ['/api/v1/stats/common?x=/a.svg'],
  ['/api/v1/stats/workers/a/last.svg'],
])('%s has no ending of ours', (url) => {
  expect(readEnding(url)).toBeNull();
});

test.each([
  [undefined, 'json'],
  ['*/*', 'json'],
  ['application/json', 'json'],
  ['text/csv', 'csv'],
  ['image/*', 'svg'],
  ['image/png,image/svg+xml', 'png'],
  ['image/png;q=0.5, image/svg+xml;q=0.9', 'svg'],
  ['text/csv;q=0, */*;q=0.1', 'json'],
  ['video/mp4', 'json'],
  ['text/html,image/avif,*/*;q=0.8', 'json'],
])('Accept: %s is answered as %s', (accept, form) => {
  expect(chooseForm(accept)).toBe(form);
});

describe('CSV', () => {
  test('has times, names and empty places for unknown values', () => {
    const columns = [
      { name: 'rta (s)', values: [1, null] },
      { name: 'a,"b"', values: [null, 2.5] },
    ];
    expect(formatCsv({ startS: 60, stepS: 60 }, columns)).toBe(
      'time,rta (s),"a,""b"""\r\n' +
        '1970-01-01T00:01:00.000Z,1,\r\n1970-01-01T00:02:00.000Z,,2.5\r\n',
    );
  });

  test('has no name that a spreadsheet takes for a formula, and as many cells as names', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
        const text = formatCsv({ startS: 0, stepS: 1 }, [{ name, values: [] }]);
        const cell = text.slice('time,'.length, -2);
        expect(cell).not.toMatch(/^"?[=+\-@]/);
        expect(cell.startsWith('"') || !/[,"\r\n]/.test(cell)).toBe(true);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { skipOld } from './too-old.ts';

const samples = [10, 20, 30, 40, 50].map((atS) => ({ atS, values: [atS] }));
const batch = samples.slice(0, 4);

function complaint(at: string, last: string): string {
  return `./a.rrd: illegal attempt to update using time ${at} when last update time is ${last} (minimum one second step)`;
}

describe('of samples of which one was refused', () => {
  test.each([
    ['those that the file has are dropped', complaint('10', '30'), [40, 50], 3],
    ['those before the refused one are in the file', complaint('20', '20'), [30, 40, 50], 1],
    ['the same goes for rrdcached', complaint('20.000000', '40.000000'), [50], 3],
    ['none may be left', complaint('10', '90'), [], 5],
  ])('%s', (_, reason, left, oldCount) => {
    const remainder = skipOld(samples, batch, reason);
    expect(remainder?.samples.map(({ atS }) => atS)).toEqual(left);
    expect(remainder?.oldCount).toBe(oldCount);
  });

  test.each([
    ['for another reason', "opening './a.rrd': No such file or directory"],
    ['with a time that is none of theirs', complaint('15', '20')],
    ['with a time after the batch', complaint('50', '60')],
    ['although it is newer', complaint('20', '10')],
    ['for nothing', ''],
  ])('nothing is known %s', (_, reason) => {
    expect(skipOld(samples, batch, reason)).toBeNull();
  });

  test('any complaint is read, and what is left is always less', () => {
    const number = fc.oneof(fc.constantFrom('10', '20', '30'), fc.nat().map(String), fc.string());
    fc.assert(
      fc.property(number, number, (at, last) => {
        const remainder = skipOld(samples, batch, complaint(at, last));
        expect(remainder?.samples.length ?? 0).toBeLessThan(samples.length);
      }),
    );
  });
});

/** Numbers that plugins have for their checks and hosts for themselves, over HTTP. */

import Type from 'typebox';

/** Seconds between checks. */
export const Interval = Type.Number({
  minimum: 1,
  maximum: 31_536_000,
  description: 'seconds',
});

/** As above; null: as always. */
export const NullableInterval = Type.Union([
  Type.Number({ minimum: 1, maximum: 31_536_000 }),
  Type.Null(),
]);

/** Results in a row that make a problem hard. */
export const MaxCheckAttempts = Type.Integer({ minimum: 1, maximum: 10_000 });

/** How long one check may take. */
export const Timeout = Type.Number({ minimum: 0.1, maximum: 3_600, description: 'seconds' });

/** Percent of changes; null: as the site has it. */
export const Threshold = Type.Union([Type.Number({ minimum: 0, maximum: 100 }), Type.Null()], {
  description: 'Percent of changes at which flapping stops or starts; null: as the site has it',
});

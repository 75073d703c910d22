/** The policy of a check on its way: red says it, violet passes it on, grey goes by it. */

import Type from 'typebox';

const Percent = Type.Union([Type.Number({ minimum: 0, maximum: 100 }), Type.Null()]);

/** `CheckPolicy` of the model. */
export const CheckPolicySchema = Type.Object({
  maxCheckAttempts: Type.Integer({ minimum: 1, maximum: 10_000 }),
  retryIntervalMs: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
  isVolatile: Type.Boolean(),
  flapDetection: Type.Boolean(),
  lowFlapThreshold: Percent,
  highFlapThreshold: Percent,
  stalking: Type.Array(
    Type.Union([
      Type.Literal('ok'),
      Type.Literal('warning'),
      Type.Literal('critical'),
      Type.Literal('unknown'),
    ]),
    { maxItems: 4 },
  ),
});

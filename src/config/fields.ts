/** Kinds of settings that `schema.ts` is made of. */

import Type from 'typebox';

/** A section: no other keys than these, so that a misspelt one is found. */
export const Section = <Properties extends Parameters<typeof Type.Object>[0]>(
  properties: Properties,
) => Type.Object(properties, { additionalProperties: false });

/** A span; a day at most unless it says so. */
export const Seconds = (options: {
  default: number;
  minimum?: number;
  maximum?: number;
  description: string;
}) => Type.Number({ minimum: 0.1, maximum: 86_400, ...options });

/** A whole number of things, at least one unless it says so. */
export const Count = (options: {
  default: number;
  minimum?: number;
  maximum: number;
  description: string;
}) => Type.Integer({ minimum: 1, ...options });

/** A whole number, or `auto`, the default. */
export const AutoOr = ({
  description,
  ...range
}: {
  minimum: number;
  maximum: number;
  description: string;
}) => Type.Union([Type.Literal('auto'), Type.Integer(range)], { default: 'auto', description });

/** What a plugin may use; 0 is without limit. */
export const Limit = (value: number) =>
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: value });

/** How long something is kept. */
export const Days = (value: number, kept: string) =>
  Type.Integer({
    minimum: 0,
    maximum: 36_500,
    default: value,
    description: `${kept}: days that they are kept; 0: for ever`,
  });

/** The name of a queue on the broker. */
export const QueueName = (name: string, description: string) =>
  Type.String({ pattern: '^[A-Za-z0-9_.:-]{1,100}$', default: name, description });

/** A path on another machine. */
export const RemotePath = Type.String({ pattern: '^/', maxLength: 4_096 });

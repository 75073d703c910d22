/** Time periods over HTTP. */

import Type, { type Static } from 'typebox';
import { Description, Instant, Name, PAGE_QUERY, Query, StoredFields } from './common.ts';
import { type Operation, objectOperations } from './operation.ts';

const Times = Type.String({
  minLength: 1,
  maxLength: 400,
  description: '09:00-12:00,13:00-17:00; both ends are inside, 24:00 is the end of the day',
});

const WEEKDAYS = [
  ...(['monday', 'tuesday', 'wednesday', 'thursday', 'friday'] as const),
  ...(['saturday', 'sunday'] as const),
];

const timeperiodFields = {
  timeZone: Type.String({
    maxLength: 100,
    default: 'UTC',
    description: 'By whose clocks, summer time included, as Europe/Berlin',
  }),
  weekdays: Type.Record(Type.String({ pattern: `^(${WEEKDAYS.join('|')})$` }), Times, {
    maxProperties: 7,
    additionalProperties: false,
    default: {},
    description: 'Times by weekday (monday ... sunday); one that is not there has none',
  }),
  exceptions: Type.Record(Type.String({ pattern: '^[A-Za-z0-9 /-]{1,90}$' }), Times, {
    maxProperties: 1_000,
    additionalProperties: false,
    default: {},
    description:
      'Times by days that have their own, which replace those of their weekday. In this order the ' +
      'first that fits counts: 2026-12-24 - 2026-12-26; july 4 or february 1 - march 15; day 1 - 15 ' +
      '(day -1 is the last of a month); monday 3 september; thursday -1. Behind it may stand / 3: ' +
      'every third day. 00:00-00:00: nothing of the day',
  }),
  exclude: Type.Array(Name, {
    maxItems: 100,
    default: [],
    description: 'Periods that are taken out of it',
  }),
  description: Description,
};

/** What a client sends to create or replace a time period. */
export const TimeperiodInputSchema = Type.Object(
  { ...Type.Partial(Type.Object(timeperiodFields)).properties, name: Name },
  { additionalProperties: false },
);

/** A time period as sent by a client. */
export type TimeperiodInput = Static<typeof TimeperiodInputSchema>;

/** A time period as answered. */
export const TimeperiodSchema = Type.Object({
  ...StoredFields,
  name: Name,
  ...timeperiodFields,
  inside: Type.Boolean({ description: 'Whether it is inside now' }),
  nextChange: Type.Optional(
    Type.Union([Instant, Type.Null()], {
      description: 'When that changes; null: not in the next 300 days. Not in lists of several',
    }),
  ),
});

/** A time period as answered. */
export type TimeperiodJson = Static<typeof TimeperiodSchema>;

/** Parameters of the list of time periods. */
export const TimeperiodQuerySchema = Query({
  ...PAGE_QUERY,
  q: Type.Optional(Type.String({ maxLength: 200 })),
});

const operations = objectOperations({
  name: 'timeperiod',
  plural: 'timeperiods',
  input: TimeperiodInputSchema,
  stored: TimeperiodSchema,
  query: TimeperiodQuerySchema,
  example: {
    name: 'workhours',
    timeZone: 'Europe/Berlin',
    weekdays: { monday: '09:00-17:00', friday: '09:00-12:00,13:00-15:00' },
    exceptions: { 'december 24 - 26': '00:00-00:00', 'day -1': '08:00-18:00' },
    exclude: ['holidays'],
  },
  changeExample: { weekdays: { friday: '09:00-12:00', saturday: null } },
});

/** The operations of time periods. */
export const TIMEPERIOD_OPERATIONS = {
  listTimeperiods: operations.list,
  createTimeperiod: operations.create,
  getTimeperiod: operations.get,
  replaceTimeperiod: operations.replace,
  changeTimeperiod: operations.change,
  deleteTimeperiod: {
    ...operations.delete,
    description:
      'One that is used cannot be deleted; the refusal says by whom. ' +
      '`Prefer: return=representation` answers what was removed.',
    problems: { 409: 'It is used, or If-Match names an older version of it' },
  },
} as const satisfies Record<string, Operation>;

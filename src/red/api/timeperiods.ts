/** Time periods over HTTP: what they may say, and whether now is inside. */

import { type TimeperiodInput, TimeperiodInputSchema } from '../../contract/timeperiods.ts';
import type { Sql } from '../../database/database.ts';
import {
  listTimeperiodUsers,
  readAllTimeperiods,
  timeperiodQueries,
} from '../../database/queries/timeperiods.ts';
import type { Clock } from '../../lib/clock.ts';
import { formatInstant } from '../../lib/instant.ts';
import { Conflict, InvalidInput } from '../../model/errors.ts';
import type { Timeperiod } from '../../model/objects.ts';
import {
  findExcludeFault,
  findPeriodFaults,
  MAX_EXCLUDED,
  makePeriodsById,
} from '../../nagios/time/site-periods.ts';
import { isInside, nextTurn, type TimePeriod } from '../../nagios/time/time-period.ts';
import { createEditor, type Editor } from './editing.ts';

/** Names of users that a refusal tells, of each kind. */
const USERS_TOLD = 5;

/** Creates the editor of time periods. */
export function createTimeperiodEditor({ clock }: { readonly clock: Clock }): Editor<Timeperiod> {
  return createEditor<Timeperiod, TimeperiodInput>({
    queries: timeperiodQueries,
    input: TimeperiodInputSchema,
    memberships: ['exclude'],
    toJson: (spec) => ({ ...spec }),
    async toSpec(input) {
      const spec = {
        name: input.name,
        timeZone: input.timeZone ?? 'UTC',
        weekdays: input.weekdays ?? {},
        exceptions: input.exceptions ?? {},
        exclude: input.exclude ?? [],
        description: input.description ?? '',
      };
      const faults = findPeriodFaults(spec);
      if (faults.length > 0) throw new InvalidInput(faults);
      return spec;
    },
    async refuseCollision(sql, spec, id) {
      const same = await timeperiodQueries.find(sql, spec.name);
      if (same && same.id !== id) {
        throw new Conflict(`There is a timeperiod "${spec.name}" already.`);
      }
    },
    refuseOutcome: refuseCircles,
    async refuseDeletion(sql, { id, spec }) {
      const users = await listTimeperiodUsers(sql, id, USERS_TOLD);
      if (users.length === 0) return;
      const told = users.map(({ kind, names }) => `${kind} ${names.join(', ')}`);
      throw new Conflict(
        `The timeperiod "${spec.name}" is used by ${told.join('; ')}: change that first.`,
      );
    },
    observed: {
      fields: ['inside', 'nextChange'],
      async read(sql, ids) {
        const all = await readAllTimeperiods(sql);
        const periods = makePeriodsById(all);
        const now = clock.now();
        const isOne = ids.length === 1;
        return new Map(ids.map((id) => [id, observe(periods.get(id), now, isOne)]));
      },
    },
  });
}

/** Of all periods: one that was changed may close a circle that begins elsewhere. */
async function refuseCircles(sql: Sql, { exclude }: Timeperiod): Promise<void> {
  if (exclude.length === 0) return;
  const all = await readAllTimeperiods(sql);
  const nameOf = new Map(all.map(({ id, name }) => [id, name]));
  const fault = findExcludeFault(new Map(all.map(({ id, exclude }) => [id, exclude])));
  if (fault === null) return;
  const message =
    fault.kind === 'circle'
      ? `goes round: ${fault.way.map((id) => nameOf.get(id)).join(' excludes ')}`
      : `"${nameOf.get(fault.key)}" excludes more than ${MAX_EXCLUDED} periods, one in another`;
  throw new InvalidInput([{ path: '/exclude', message }]);
}

/** Undefined: it cannot be read. To look for the next change is dear, and done for one only. */
function observe(period: TimePeriod | undefined, now: number, isOne: boolean) {
  const inside = period === undefined || isInside(period, now);
  if (!isOne) return { inside };
  const turn = period === undefined ? null : nextTurn(period, now);
  return { inside, nextChange: turn === null ? null : formatInstant(turn) };
}

/** `dummy`: the state it is told, as `check_dummy`. For tests of a set-up. */

import { CHECK_STATES } from '../../model/check.ts';
import { UsageError } from './options.ts';
import { type Probe, report } from './probe.ts';

/**
 * `STATE [TEXT]...`: STATE is 0 to 3. TEXT is given on as it is, performance data included. Words that
 * nobody quoted are all given on, where `check_dummy` keeps the first and drops the rest in silence.
 */
export const probeDummy: Probe = async (args) => {
  const [code, ...words] = args;
  if (code === undefined) throw new UsageError('there is no STATE');
  if (!/^[+-]?\d+$/.test(code)) throw new UsageError(`STATE is no whole number: "${code}"`);
  const state = CHECK_STATES[Number(code)];
  if (state === undefined) {
    return report('unknown', `UNKNOWN: Status ${Number(code)} is not a supported error state`);
  }
  const title = state.toUpperCase();
  return report(state, words.length === 0 ? title : `${title}: ${words.join(' ')}`);
};

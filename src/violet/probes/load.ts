/** `load`: how busy the violet's own host is, as `check_load`. */

import { cpus, loadavg } from 'node:os';
import type { CheckStateName, Perfdatum } from '../../model/check.ts';
import { readNumber, readOptions, UsageError } from './options.ts';
import { type Probe, report } from './probe.ts';

const OPTIONS = {
  warning: { letter: 'w', takes: 'value' },
  critical: { letter: 'c', takes: 'value' },
  percpu: { letter: 'r', takes: 'nothing' },
} as const;

const MINUTES = [1, 5, 15] as const;
const MAX_LOAD = 1_000_000;

/** An average over some minutes, as it is and as it is judged. */
interface Average {
  readonly minutes: number;
  readonly total: number;
  readonly judged: number;
  /** More than these alert. */
  readonly warning: number;
  readonly critical: number;
}

/** See `probes.ts` for the arguments. Other than most probes it has nothing to do with `-H`. */
export const probeLoad: Probe = async (args) => {
  const options = readOptions(args, OPTIONS);
  const warnings = readTriple('-w', options.get('warning'));
  const criticals = readTriple('-c', options.get('critical'));
  const isPerCpu = options.has('percpu');
  const totals = loadavg();
  const share = isPerCpu ? cpus().length : 1;
  const averages = MINUTES.map((minutes, index): Average => {
    const total = totals[index] ?? 0;
    const warning = warnings[index] ?? 0;
    const critical = criticals[index] ?? 0;
    if (warning > critical) {
      throw new UsageError(`the limit of -w for ${minutes} minutes is beyond that of -c`);
    }
    return { minutes, total, judged: total / share, warning, critical };
  });
  return judge(averages, isPerCpu);
};

/** `LOAD1,LOAD5,LOAD15`; the last one given stands for those after it. */
function readTriple(option: string, text: string | undefined): number[] {
  if (text === undefined)
    throw new UsageError(`there is no limit: give ${option} LOAD1,LOAD5,LOAD15`);
  const limits = text.split(',').map((one) => {
    return readNumber(one, { name: `limit of ${option}`, max: MAX_LOAD, isWhole: false });
  });
  if (limits.length > MINUTES.length) {
    throw new UsageError(`"${text}" has more limits than averages: give LOAD1,LOAD5,LOAD15`);
  }
  return MINUTES.map((_minutes, index) => limits[index] ?? limits.at(-1) ?? 0);
}

function judge(averages: readonly Average[], isPerCpu: boolean) {
  let state: CheckStateName = 'ok';
  if (averages.some(({ judged, warning }) => judged > warning)) state = 'warning';
  if (averages.some(({ judged, critical }) => judged > critical)) state = 'critical';
  const list = (values: readonly number[]) => values.map((value) => value.toFixed(2)).join(', ');
  const scaled = `scaled load average: ${list(averages.map(({ judged }) => judged))} - `;
  const total = `total load average: ${list(averages.map((average) => average.total))}`;
  const text = `LOAD ${state.toUpperCase()} - ${isPerCpu ? scaled : ''}${total}`;
  const perfdata = averages.flatMap((average) => {
    const { minutes, total: value, judged } = average;
    const plain = `load${minutes}`;
    return isPerCpu
      ? [toPerfdatum(plain, value), toPerfdatum(`scaled_load${minutes}`, judged, average)]
      : [toPerfdatum(plain, value, average)];
  });
  return report(state, text, perfdata);
}

function toPerfdatum(label: string, value: number, limits?: Average): Perfdatum {
  return {
    label,
    value: Number(value.toFixed(3)),
    unit: '',
    warn: limits === undefined ? null : String(limits.warning),
    crit: limits === undefined ? null : String(limits.critical),
    min: 0,
    max: null,
  };
}

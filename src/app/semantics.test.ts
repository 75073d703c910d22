import { expect, test } from 'vitest';
import { loadConfig } from '../config/load.ts';
import { NAGIOS_SEMANTICS } from '../nagios/state/semantics.ts';
import { readSemantics } from './semantics.ts';

async function read(flags: Readonly<Record<string, unknown>>) {
  const { config } = await loadConfig({ environment: {}, flags: { data: '/nowhere', ...flags } });
  return readSemantics(config.semantics);
}

test('what is not configured is as Nagios has it, but that flapping is looked for', async () => {
  expect(await read({})).toMatchObject({ ...NAGIOS_SEMANTICS, enableFlapDetection: true });
});

test('durations are written in seconds, and a state that is left alone as unchanged', async () => {
  const configured = await read({
    'semantics.additionalFreshnessLatency': 1.5,
    'semantics.maxCheckSpread': 60,
    'semantics.serviceSkipCheckParentStatus': 'unknown',
    'semantics.hostSkipCheckDependencyStatus': 'unreachable',
    'semantics.flapWeightNewest': 1.18,
  });
  expect(configured).toMatchObject({
    additionalFreshnessLatencyMs: 1_500,
    maxCheckSpreadMs: 60_000,
    serviceSkipCheckParentStatus: 'unknown',
    serviceSkipCheckDependencyStatus: null,
    hostSkipCheckDependencyStatus: 'unreachable',
    flapWeightNewest: 1.18,
  });
});

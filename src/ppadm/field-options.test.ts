import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import {
  AuditQuerySchema,
  AuditSchema,
  TokenQuerySchema,
  TokenSchema,
} from '../contract/access.ts';
import {
  CheckQuerySchema,
  CheckSchema,
  JobSchema,
  ScheduleQuerySchema,
} from '../contract/checks.ts';
import { ProblemAnswer } from '../contract/client.ts';
import { CommentQuerySchema, CommentSchema } from '../contract/comments.ts';
import {
  DependencyInputSchema,
  DependencyQuerySchema,
  DependencySchema,
} from '../contract/dependencies.ts';
import { DiscoveryQuerySchema, DiscoverySchema } from '../contract/discoveries.ts';
import { DowntimeQuerySchema, DowntimeSchema } from '../contract/downtimes.ts';
import { HostInputSchema, HostQuerySchema, HostSchema } from '../contract/hosts.ts';
import { PluginInputSchema, PluginQuerySchema, PluginSchema } from '../contract/plugins.ts';
import { WorkerSchema } from '../contract/statistics.ts';
import { SubnetInputSchema, SubnetQuerySchema, SubnetSchema } from '../contract/subnets.ts';
import { SuiteInputSchema, SuiteQuerySchema, SuiteSchema } from '../contract/suites.ts';
import {
  TimeperiodInputSchema,
  TimeperiodQuerySchema,
  TimeperiodSchema,
} from '../contract/timeperiods.ts';
import { InvalidInput } from '../model/errors.ts';
import {
  addFieldOptions,
  addFilterOptions,
  addMemberOptions,
  nameOptions,
  readChange,
  readFields,
  readFilters,
} from './field-options.ts';
import type { Item, Kind } from './kind.ts';
import { HOST, KINDS, PLUGIN, SUBNET, SUITE } from './kinds.ts';
import { CHECK } from './observed-kinds.ts';

function parse(kind: Kind, add: ((command: Command, kind: Kind) => void)[], args: string[]) {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  for (const one of add) one(command, kind);
  return command.parse(args, { from: 'user' }).opts();
}
const fields = (kind: Kind, ...args: string[]) =>
  readFields(kind, parse(kind, [addFieldOptions], args));
const filters = (kind: Kind, ...args: string[]) =>
  readFilters(kind, parse(kind, [addFilterOptions], args), Date.UTC(2026, 0, 1));
const change = (kind: Kind, current: Item, ...args: string[]) =>
  readChange(kind, parse(kind, [addFieldOptions, addMemberOptions], args), async () => current);

describe('options become fields', () => {
  test('of a host', () => {
    expect(
      fields(
        ...([
          HOST,
          '--address',
          '10.0.0.1',
          '--name',
          'web1',
          '--suite',
          'a',
          '--suite',
          'b,c',
        ] as const),
        ...['--subnet', 'n', '--login', 'root', '--ssh-port', '2222', '--history', 'on'],
        ...[
          '--maintenance',
          'off',
          '--zone',
          'z',
          '--label',
          'a=1',
          '--label',
          'b=2',
          '--var',
          'V=x=y',
        ],
      ),
    ).toEqual({
      address: '10.0.0.1',
      name: 'web1',
      suites: ['a', 'b', 'c'],
      subnet: 'n',
      login: 'root',
      sshPort: 2222,
      history: true,
      maintenance: false,
      zone: 'z',
      labels: { a: '1', b: '2' },
      vars: { V: 'x=y' },
    });
  });

  test('of a plugin, whose parameters may look like options', () => {
    expect(
      fields(
        PLUGIN,
        '--builtin',
        'ping',
        '--params',
        '-o json',
        '--interval',
        '5m',
        '--timeout',
        '500ms',
      ),
    ).toEqual({ builtin: 'ping', params: '-o json', interval: 300, timeout: 0.5 });
    expect(fields(PLUGIN, '--params', '--url')).toEqual({ params: '--url' });
  });

  test('of a suite and a subnet', () => {
    expect(fields(SUITE, '--host', 'a', '--plugin', 'p', '--subnet', 's')).toEqual({
      hosts: ['a'],
      plugins: ['p'],
      subnets: ['s'],
    });
    expect(
      fields(
        SUBNET,
        '--subnet',
        '10.0.0.0',
        '--netmask',
        '255.0.0.0',
        '--exclude',
        '10.0.0.1,10.0.0.2',
      ),
    ).toEqual({ subnet: '10.0.0.0', netmask: '255.0.0.0', exclude: ['10.0.0.1', '10.0.0.2'] });
  });

  test('by the names of the first program too', () => {
    expect(fields(HOST, '--ipaddress', '10.0.0.1')).toEqual({ address: '10.0.0.1' });
    expect(fields(PLUGIN, '--customname', 'p')).toEqual({ name: 'p' });
    expect(fields(SUBNET, '--autodisc', 'on', '--discint', '30m')).toEqual({
      autoDiscovery: true,
      interval: 1_800,
    });
  });

  test('but not under two names at once', () => {
    expect(() => fields(HOST, '--ipaddress', 'a', '--address', 'b')).toThrow(InvalidInput);
  });

  test('empty text clears what can be cleared', () => {
    expect(fields(HOST, '--subnet', '', '--suite', '')).toEqual({ subnet: null, suites: [] });
  });

  test.each([
    [HOST, '--history', 'maybe'],
    [HOST, '--ssh-port', 'x'],
    [HOST, '--label', 'novalue'],
    [PLUGIN, '--interval', 'often'],
  ])('and what cannot be read is refused: %# %s', (kind, option, text) => {
    expect(() => fields(kind, option, text)).toThrow(/is invalid/);
  });
});

describe('a change', () => {
  test('sends only what was given', async () => {
    expect(await change(HOST, {}, '--maintenance', 'on')).toEqual({ maintenance: true });
  });

  test('clears what stands in the way', async () => {
    expect(await change(PLUGIN, {}, '--script', 'check_x')).toEqual({
      script: 'check_x',
      builtin: null,
    });
  });

  test('leaves the server to refuse two that exclude each other', async () => {
    expect(await change(PLUGIN, {}, '--script', 'x', '--builtin', 'ping')).toEqual({
      script: 'x',
      builtin: 'ping',
    });
  });

  test('adds to and removes from the list that is there', async () => {
    const current = { suites: ['a', 'b'] };
    expect(await change(HOST, current, '--add-suite', 'c,a', '--remove-suite', 'b')).toEqual({
      suites: ['a', 'c'],
    });
  });

  test('cannot both replace a list and add to it', async () => {
    await expect(change(HOST, {}, '--suite', 'a', '--add-suite', 'b')).rejects.toThrow(
      InvalidInput,
    );
  });
});

describe('filters', () => {
  test('become parameters', () => {
    expect(
      filters(CHECK, '--problem', '--host', 'h', '--state', 'OK, critical', '-q', 'x'),
    ).toEqual({
      problem: 'true',
      host: 'h',
      state: 'ok,critical',
      q: 'x',
    });
    expect(filters(HOST, '--maintenance', 'on')).toEqual({ maintenance: 'true' });
  });

  test('of states refuse what is none', () => {
    expect(() => filters(CHECK, '--state', 'good')).toThrow(/must be of: ok, warning/);
  });
});

describe('the table of kinds', () => {
  const properties = (schema: { properties: object }) => Object.keys(schema.properties);
  const CONTRACT: Readonly<Record<string, { json: object; input?: object; query?: object }>> = {
    host: { json: HostSchema, input: HostInputSchema, query: HostQuerySchema },
    plugin: { json: PluginSchema, input: PluginInputSchema, query: PluginQuerySchema },
    suite: { json: SuiteSchema, input: SuiteInputSchema, query: SuiteQuerySchema },
    subnet: { json: SubnetSchema, input: SubnetInputSchema, query: SubnetQuerySchema },
    timeperiod: {
      json: TimeperiodSchema,
      input: TimeperiodInputSchema,
      query: TimeperiodQuerySchema,
    },
    dependency: {
      json: DependencySchema,
      input: DependencyInputSchema,
      query: DependencyQuerySchema,
    },
    check: { json: CheckSchema, query: CheckQuerySchema },
    worker: { json: WorkerSchema },
    job: { json: JobSchema, query: ScheduleQuerySchema },
    discovery: { json: DiscoverySchema, query: DiscoveryQuerySchema },
    token: { json: TokenSchema, query: TokenQuerySchema },
    comment: { json: CommentSchema, query: CommentQuerySchema },
    downtime: { json: DowntimeSchema, query: DowntimeQuerySchema },
    change: { json: AuditSchema, query: AuditQuerySchema },
  };

  test.each(KINDS.map((kind) => [kind.name, kind] as const))(
    '%s agrees with the contract',
    (name, kind) => {
      const contract = CONTRACT[name] as { json: never; input: never; query: never };
      const known = properties(contract.json);
      expect(known).toEqual(expect.arrayContaining(kind.columns.map(({ field }) => field)));
      expect(known).toEqual(expect.arrayContaining(kind.key.map(({ field }) => field)));
      if (kind.filters.length > 0) {
        const parameters = properties(contract.query);
        expect(parameters).toEqual(expect.arrayContaining(kind.filters.map(({ query }) => query)));
      }
      if (kind.changes === undefined) return;
      // Every field of the contract has its option.
      expect(kind.fields.map(({ field }) => field).sort()).toEqual(
        properties(contract.input).sort(),
      );
    },
  );
});

describe('a refusal', () => {
  const refusal = (...paths: string[]) =>
    new ProblemAnswer({
      type: 'about:blank',
      title: 'Invalid content',
      status: 422,
      detail: 'wrong',
      errors: paths.map((path) => ({ path, message: 'is wrong' })),
    });
  const named = (kind: Kind, ...paths: string[]) => {
    const error = nameOptions(refusal(...paths), kind);
    return error instanceof InvalidInput ? error.errors.map(({ path }) => path) : error;
  };

  test('names the options, not the fields', () => {
    expect(named(HOST, '/suites/0', '/sshPort', '/labels/a', '/other')).toEqual([
      '--suite',
      '--ssh-port',
      '--label',
      '/other',
    ]);
    expect(named(CHECK, 'q', '/state', 'sort', 'limit')).toEqual([
      '--search',
      '--state',
      '--sort',
      '--limit',
    ]);
  });

  test('of another sort stays as it is', () => {
    const error = new Error('other');
    expect(nameOptions(error, HOST)).toBe(error);
  });
});

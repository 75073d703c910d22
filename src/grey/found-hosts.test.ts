import { expect, test } from 'vitest';
import { judgeFound } from './found-hosts.ts';

const at = (address: string, name: string | null = null) => ({ address, name });

test('a new host is called by its DNS name, else by its address', () => {
  const { fresh, known } = judgeFound(
    [at('10.0.0.1', 'web1.example'), at('10.0.0.2'), at('2001:db8::1')],
    [],
  );
  expect(fresh.map(({ name }) => name)).toEqual(['web1.example', '10.0.0.2', '2001:db8::1']);
  expect(known).toEqual([]);
});

test.each([
  ['its address', at('10.0.0.1'), { name: 'web1', address: '10.0.0.1' }],
  ['its DNS name as address', at('10.0.0.1', 'w.example'), { name: 'web1', address: 'w.example' }],
  ['its address as name', at('10.0.0.1'), { name: '10.0.0.1', address: 'w.example' }],
])('an address is known when a host has %s', (_what, answered, host) => {
  expect(judgeFound([answered], [host])).toEqual({ fresh: [], known: [host.name] });
});

test('a name that another host has is not given again, nor is it within a slice', () => {
  const hosts = [{ name: 'gw.example', address: '10.9.9.9' }];
  const answered = [at('10.0.0.1', 'gw.example'), at('10.0.0.2', 'x.example')];
  const { fresh } = judgeFound([...answered, at('10.0.0.3', 'x.example')], hosts);
  expect(fresh.map(({ name }) => name)).toEqual(['10.0.0.1', 'x.example', '10.0.0.3']);
});

test.each(['-oProxyCommand=x', 'a b', '../x', '$(id)', 'x\ny', '', `${'long.'.repeat(25)}example`])(
  'a DNS name like %j is not taken',
  (name) => {
    expect(judgeFound([at('10.0.0.1', name)], []).fresh).toEqual([
      { address: '10.0.0.1', name: '10.0.0.1' },
    ]);
  },
);

test('an address that is given twice counts once', () => {
  const twice = [at('10.0.0.1'), at('10.0.0.1', 'web1.example')];
  expect(judgeFound(twice, []).fresh).toHaveLength(1);
  const hosts = [{ name: 'web1', address: '10.0.0.1' }];
  expect(judgeFound(twice, hosts).known).toEqual(['web1']);
});

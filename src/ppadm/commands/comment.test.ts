import { describe, expect, test } from 'vitest';
import { page, problem, useScriptedPpadm } from '../../../test/cli/scripted-ppadm.ts';

const cli = useScriptedPpadm();

const refusal = (path: string, message: string) =>
  problem(422, 'The request is wrong.', [{ path, message }]);

describe('what is refused since a name is not there, with near names', () => {
  test.each([
    ['downtime', ['add', '--host', 'wbe1', '--end', '2h'], '/host'],
    ['comment', ['add', 'wbe1', 'in rack 3'], '/host'],
  ])('%s %j', async (verb, words, path) => {
    cli.answer = (asked) =>
      asked.path === '/api/v1/hosts'
        ? page([{ name: 'web1' }, { name: 'db1' }])
        : refusal(path, 'there is no host "wbe1"');
    expect(await cli.ppadm(verb, ...words)).toEqual({
      exitCode: 3,
      output: '',
      errors: 'ppadm: There is no host "wbe1". Did you mean "web1"?\n',
    });
  });

  test('but another refusal is told as it is', async () => {
    cli.answer = () => refusal('/end', 'must be in the future');
    const { exitCode, errors } = await cli.ppadm('downtime', 'add', '--host', 'h', '--end', '2h');
    expect(exitCode).toBe(2);
    expect(errors).toContain('must be in the future');
  });
});

describe('comment add', () => {
  test('takes a host or a check, and the text', async () => {
    cli.answer = ({ body }) => ({ status: 201, body: { id: 'c1', ...(body as object) } });
    await cli.ppadm('comment', 'add', 'web1', 'in rack 3');
    await cli.ppadm('comment', 'add', 'web1', 'disk', 'a new one');
    await cli.ppadm('comment', 'add', 'web1/disk', 'a new one');
    expect(cli.server.asked.map(({ body }) => body)).toEqual([
      { host: 'web1', text: 'in rack 3' },
      { host: 'web1', plugin: 'disk', text: 'a new one' },
      { host: 'web1', plugin: 'disk', text: 'a new one' },
    ]);
  });

  test('wants the text in quotes', async () => {
    const { exitCode, errors } = await cli.ppadm('comment', 'add', 'web1', 'a', 'new', 'disk');
    expect([exitCode, errors]).toEqual([2, expect.stringContaining('quotes')]);
  });
});

import { afterEach, beforeEach, expect, test } from 'vitest';
import { run, surroundingsOf } from '../../../test/cli/ppadm-surroundings.ts';
import {
  type Asked,
  type Scripted,
  type ScriptedServer,
  startScriptedServer,
} from '../../../test/cli/scripted-server.ts';
import { type TempFolder, tempFolder } from '../../../test/servers/temp.ts';

let folder: TempFolder;
let server: ScriptedServer;
let answer: (asked: Asked) => Scripted;

beforeEach(async () => {
  folder = await tempFolder();
  server = await startScriptedServer((asked) => answer(asked));
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const ppadm = (columns: number | undefined, ...args: string[]) => {
  const environment = { PPADM_URL: server.url, PPADM_TOKEN: 'secret-token', NO_COLOR: '1' };
  return run(args, surroundingsOf(folder.path, { environment }), columns);
};

const discovery = (fields: Record<string, unknown>) => ({
  id: 'd1',
  subnet: 'office',
  state: 'running',
  scanned: 0,
  total: 254,
  found: 0,
  addedCount: 0,
  added: [],
  problem: null,
  ...fields,
});
/** Begins, and then stands as these say, one after the other. */
const script = (...steps: Record<string, unknown>[]) => {
  answer = ({ method }) => {
    if (method === 'POST') return { status: 202, body: { id: 'd1' } };
    return { body: discovery((steps.length > 1 ? steps.shift() : steps[0]) ?? {}) };
  };
};

test('a discovery is begun and not waited for', async () => {
  script();
  expect(await ppadm(undefined, 'run', 'discovery', 'office')).toEqual({
    exitCode: 0,
    output: 'd1\n',
    errors: 'The discovery has begun: "ppadm get discovery d1" shows it.\n',
  });
  const [asked] = server.asked;
  expect(asked).toMatchObject({ method: 'POST', path: '/api/v1/subnets/office/discover' });
});

test('waited for, it shows lines in a pipe, and the discovery at the end', async () => {
  script(
    { scanned: 64, found: 2, addedCount: 1 },
    { state: 'done', scanned: 254, found: 3, addedCount: 2, added: ['web1', 'web2'] },
  );
  const { exitCode, output, errors } = await ppadm(
    undefined,
    ...['run', 'discovery', 'office', '--wait', '-o', 'json'],
  );
  expect(exitCode).toBe(0);
  expect(errors.split('\n')).toEqual([
    '[######------------------]  25% 64 of 254 addresses, 2 hosts, 1 new',
    '[########################] 100% 254 of 254 addresses, 3 hosts, 2 new',
    '',
  ]);
  expect(JSON.parse(output)).toMatchObject({ state: 'done', added: ['web1', 'web2'] });
});

test('on a terminal the bar moves', async () => {
  script({ scanned: 64 }, { state: 'done', scanned: 254 });
  const { output, errors } = await ppadm(100, 'run', 'discovery', 'office', '--wait');
  expect(errors.split('\r')).toHaveLength(3);
  expect(errors.endsWith('\n')).toBe(true);
  expect(output).toMatch(/^state +done$/m);
});

test('one that fails ends with 1 and says why', async () => {
  script({ state: 'failed', problem: 'No worker answered.' });
  const { exitCode, output } = await ppadm(undefined, 'run', 'discovery', 'office', '--wait');
  expect(exitCode).toBe(1);
  expect(output).toContain('No worker answered.');
});

test('a subnet that is not there, or is being searched, is told', async () => {
  const problem = (status: number, detail: string) => ({
    status,
    body: { type: 'about:blank', title: 'T', status, detail },
  });
  const items = [{ name: 'office' }];
  answer = ({ method }) =>
    method === 'POST'
      ? problem(404, 'There is no subnet "ofice".')
      : { body: { items, total: 1, nextCursor: null } };
  const missing = await ppadm(undefined, 'run', 'discovery', 'ofice');
  expect(missing.exitCode).toBe(3);
  expect(missing.errors).toContain('Did you mean "office"?');
  answer = () => problem(409, 'A discovery of "office" is running already.');
  const refused = await ppadm(undefined, 'run', 'discovery', 'office', '--wait');
  expect(refused).toMatchObject({ exitCode: 5, output: '' });
});

/** Routes of acknowledgements: by them people say that they know of a problem. */

import { randomUUID } from 'node:crypto';
import type { AcknowledgementInput } from '../../contract/downtimes.ts';
import { readCheckMemories } from '../../database/queries/check-states.ts';
import {
  type CommandTarget,
  findCheckTargets,
  findHostTargets,
} from '../../database/queries/check-targets.ts';
import {
  deleteAcknowledgementComments,
  deleteComment,
  insertComment,
} from '../../database/queries/comments.ts';
import { sleep } from '../../lib/clock.ts';
import { formatInstant, parseInstant } from '../../lib/instant.ts';
import { Conflict, InvalidInput, NoAnswer, NotFound } from '../../model/errors.ts';
import type { Acknowledgement } from '../../nagios/state/acknowledgement.ts';
import { sendCommands } from '../commander.ts';
import type { CheckReader } from './checks.ts';
import type { ApiContext } from './context.ts';
import type { HostStateReader } from './host-states.ts';
import { type Call, defineRoute, type Route } from './server.ts';

/** From a command on the broker to the database. */
const EFFECT_LIMIT_MS = 15_000;
const LOOK_MS = 50;

/** What the routes need. */
export type AcknowledgementContext = Pick<
  ApiContext,
  'database' | 'broker' | 'topology' | 'envelope' | 'shards' | 'clock'
> & { readonly readCheck: CheckReader; readonly readHostState: HostStateReader };

/** Creates the routes. */
export function acknowledgementRoutes(context: AcknowledgementContext): Route[] {
  const { readCheck, readHostState } = context;
  return [
    defineRoute('acknowledgeCheck', async (call) => {
      const subject = await findCheckSubject(context, call);
      const { state } = await readCheck(call.params);
      await acknowledge(context, call, { ...subject, state });
      return { status: 200, body: await readCheck(call.params) };
    }),
    defineRoute('acknowledgeHost', async (call) => {
      const subject = await findHostSubject(context, call);
      const { state } = await readHostState(call.params);
      await acknowledge(context, call, { ...subject, state });
      return { status: 200, body: await readHostState(call.params) };
    }),
    defineRoute('removeAcknowledgement', async (call) => {
      await takeBack(context, call, await findCheckSubject(context, call));
      return { status: 204 };
    }),
    defineRoute('removeHostAcknowledgement', async (call) => {
      await takeBack(context, call, await findHostSubject(context, call));
      return { status: 204 };
    }),
  ];
}

/** A check or a host whose problem is acknowledged. */
interface Subject {
  readonly target: CommandTarget;
  /** For people. */
  readonly name: string;
}

async function findCheckSubject(
  { database }: AcknowledgementContext,
  { params }: Call,
): Promise<Subject> {
  const { host = '', plugin = '' } = params;
  const [target] = await findCheckTargets(database, [{ host, plugin }]);
  if (!target) throw new NotFound('check', `${host} ${plugin}`);
  return { target, name: `${target.host.name} ${target.plugin.name}` };
}

async function findHostSubject(
  { database }: AcknowledgementContext,
  { params }: Call,
): Promise<Subject> {
  const { host = '' } = params;
  const [target] = await findHostTargets(database, [host]);
  if (!target) throw new NotFound('host', host);
  return { target, name: target.host.name };
}

const FINE: readonly string[] = ['ok', 'up', 'pending'];

/** Resolves when grey has stored it. Throws `Conflict` without a problem. */
async function acknowledge(
  context: AcknowledgementContext,
  call: Call<unknown, AcknowledgementInput>,
  { target, name, state }: Subject & { readonly state: string },
): Promise<void> {
  const { body, token } = call;
  if (FINE.includes(state)) {
    throw new Conflict(`There is no problem to acknowledge: ${name} is ${state}.`);
  }
  const acknowledgement = {
    id: randomUUID(),
    isSticky: body.sticky ?? false,
    isPersistent: body.persistent ?? false,
    author: token.name,
    comment: body.comment ?? '',
    expiresAt: readExpiry(body.expiresAt ?? null, context.clock.now()),
  };
  const command = { kind: 'acknowledge', notify: body.notify ?? true, acknowledgement } as const;
  const { database } = context;
  const { checkId } = target;
  const notedAt = context.clock.now();
  await noteComment(context, { checkId, acknowledgement, notedAt });
  await sendCommands(context, [{ target, command }]);
  const memory = await waitForMemory(context, call, target, ({ text }) =>
    text.includes(acknowledgement.id),
  );
  // Settled instead of set: the problem ended on the way.
  if (!memory.isAcknowledged) {
    await deleteComment(database, acknowledgement.id);
    throw new Conflict('The problem was over before it was acknowledged.');
  }
  // One at a time stands, so those before are not needed again.
  await deleteAcknowledgementComments(database, { checkId, before: notedAt });
}

/** Before the acknowledgement, so that there is none without it; it shows once that stands. */
async function noteComment(
  { database }: AcknowledgementContext,
  noted: {
    readonly checkId: number;
    readonly acknowledgement: Acknowledgement;
    readonly notedAt: number;
  },
): Promise<void> {
  const { checkId, notedAt: createdAt } = noted;
  const { id, author, comment, isPersistent } = noted.acknowledgement;
  if (comment === '') return;
  const facts = { id, checkId, author, text: comment, isPersistent, createdAt };
  await insertComment(database, { ...facts, kind: 'acknowledgement' });
}

async function takeBack(
  context: AcknowledgementContext,
  call: Call<unknown, unknown>,
  { target, name }: Subject,
): Promise<void> {
  const { acknowledgement } = await readMemory(context, target);
  if (acknowledgement === null) throw new NotFound('acknowledgement', name);
  const command = { kind: 'removeAcknowledgement', id: acknowledgement } as const;
  await sendCommands(context, [{ target, command }]);
  await waitForMemory(
    context,
    call,
    target,
    (memory) => memory.acknowledgement !== acknowledgement,
  );
}

function readExpiry(text: string | null, now: number): number | null {
  if (text === null) return null;
  const at = parseInstant(text);
  if (Number.isFinite(at) && at > now) return at;
  const message = `must be an instant in the future, as ${formatInstant(now + 3_600_000)}`;
  throw new InvalidInput([{ path: '/expiresAt', message }]);
}

interface KnownMemory {
  readonly text: string;
  readonly isAcknowledged: boolean;
  /** Id of the acknowledgement; null when there is none. */
  readonly acknowledgement: string | null;
}

async function readMemory(
  { database }: AcknowledgementContext,
  { checkId }: CommandTarget,
): Promise<KnownMemory> {
  const [row] = await readCheckMemories(database, [checkId]);
  const text = row?.memory ?? '';
  const kept = text === '' ? {} : (JSON.parse(text) as { acknowledgement?: { id: string } | null });
  return {
    text,
    isAcknowledged: row?.is_acknowledged === 1,
    acknowledgement: kept.acknowledgement?.id ?? null,
  };
}

/** Waits until grey has stored what a command came to. Throws `NoAnswer` when it does not. */
async function waitForMemory(
  context: AcknowledgementContext,
  { signal }: Call,
  target: CommandTarget,
  isThere: (memory: KnownMemory) => boolean,
): Promise<KnownMemory> {
  const { clock } = context;
  const endAt = clock.monotonic() + EFFECT_LIMIT_MS;
  for (;;) {
    const memory = await readMemory(context, target);
    if (isThere(memory)) return memory;
    if (clock.monotonic() > endAt || signal.aborted) {
      throw new NoAnswer('The command is on its way, but no grey has stored it yet.');
    }
    await sleep(clock, LOOK_MS, signal);
  }
}

/** Many changes in one transaction. */

import type { BatchAnswerJson, BatchOperation } from '../../contract/batch.ts';
import type { Change } from '../../database/queries/configuration.ts';
import { assert } from '../../lib/assert.ts';
import { Conflict, type FieldError, InvalidInput, NotFound } from '../../model/errors.ts';
import type { ObjectKind, Stored } from '../../model/objects.ts';
import { type Draft, type Editor, refuseLostUpdate } from './editing.ts';
import { commitChange, type ResourceContext } from './resource.ts';
import { defineRoute, type Route } from './server.ts';

/** The editors by kind. */
export type Editors = Readonly<Record<ObjectKind, Editor>>;

type Result = BatchAnswerJson['results'][number];

/** Rolls a dry run back, or what changes nothing, carrying what it would have answered. */
class NothingWritten extends Error {
  readonly results: Result[];

  constructor(results: Result[]) {
    super('nothing is written');
    this.results = results;
  }
}

/** Creates the route. */
export function batchRoutes(context: ResourceContext, editors: Editors): Route[] {
  return [
    defineRoute('applyBatch', async (call) => {
      const { operations, dryRun = false } = call.body;
      const drafts = await readDrafts(operations, editors);
      try {
        const { result, ...removed } = await commitChange(context, call, async (change) => {
          const results: Result[] = [];
          let isChanged = false;
          for (const [index, operation] of operations.entries()) {
            const step = { operation, draft: drafts[index], editor: editors[operation.kind] };
            const done = await nameOperation(index, () => apply(change, step));
            results.push(done.result);
            isChanged ||= done.isChanged;
          }
          if (dryRun || !isChanged) throw new NothingWritten(results);
          return results;
        });
        const { removedChecks, orphans, removedDependencies } = removed;
        const body = { results: result, removedChecks, orphans, removedDependencies };
        return { status: 200, body };
      } catch (error) {
        if (!(error instanceof NothingWritten)) throw error;
        const nothing = { removedChecks: 0, orphans: [], removedDependencies: [] };
        return { status: 200, body: { results: error.results, ...nothing } };
      }
    }),
  ];
}

/**
 * The drafts of what is created or replaced, all checked before anything is begun. Throws
 * `InvalidInput` with every wrong field of every operation.
 */
async function readDrafts(
  operations: readonly BatchOperation[],
  editors: Editors,
): Promise<(Draft | undefined)[]> {
  const errors: FieldError[] = [];
  const drafts: (Draft | undefined)[] = [];
  for (const [index, operation] of operations.entries()) {
    try {
      drafts.push(await readDraft(operation, editors[operation.kind]));
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      drafts.push(undefined);
      errors.push(...error.errors.map((each) => nameField(index, each)));
    }
  }
  if (errors.length > 0) throw new InvalidInput(errors.slice(0, 1_000));
  return drafts;
}

async function readDraft(operation: BatchOperation, editor: Editor): Promise<Draft | undefined> {
  if (operation.op !== 'create' && operation.op !== 'replace') return undefined;
  const { body } = operation;
  const hasName = typeof body === 'object' && body !== null && 'name' in body;
  if (!hasName) throw new InvalidInput([{ path: '/name', message: 'is required in a batch' }]);
  return editor.readDraft(body);
}

async function apply(
  change: Change,
  step: {
    readonly operation: BatchOperation;
    readonly draft: Draft | undefined;
    readonly editor: Editor;
  },
): Promise<{ readonly result: Result; readonly isChanged: boolean }> {
  const { operation, draft, editor } = step;
  const done = (status: number, stored: Stored<unknown>, isChanged = true) => {
    const { id, name } = editor.toJson(stored);
    return { result: { status, id, name }, isChanged };
  };
  if (operation.op === 'create') {
    assert(draft, 'what is created was read');
    return done(201, await editor.create(change, draft));
  }
  const before = await editor.get(change, operation.ref);
  // That a parent was deleted by this very batch is no change by somebody else.
  const version = change.orphans.get(editor.toJson(before).name) ?? before.version;
  refuseLostUpdate({ ...before, version }, operation.ifMatch);
  if (operation.op === 'delete') {
    await editor.delete(change, before);
    return done(204, before);
  }
  const isPatch = operation.op === 'change';
  const next = isPatch ? await editor.mergeDraft(before, operation.body) : draft;
  assert(next, 'what replaces was read');
  const after = await editor.update(change, before, next);
  return done(200, after, after !== before);
}

/** Runs an operation; its refusal names it. */
async function nameOperation<Value>(index: number, run: () => Promise<Value>): Promise<Value> {
  try {
    return await run();
  } catch (error) {
    const place = `/operations/${index}`;
    if (error instanceof InvalidInput) {
      throw new InvalidInput(error.errors.map((each) => nameField(index, each)));
    }
    if (error instanceof Conflict) throw new Conflict(`${place}: ${error.message}`);
    if (error instanceof NotFound) throw new NotFound(error.kind, error.reference, `${place}: `);
    throw error;
  }
}

function nameField(index: number, { path, message }: FieldError): FieldError {
  return { path: `/operations/${index}/body${path}`, message };
}

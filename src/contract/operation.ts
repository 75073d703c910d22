/** What an operation of the API is: all that its handler, its validation and its documentation need. */

import Type, { type TObject, type TSchema } from 'typebox';
import type { Role } from '../model/access.ts';
import { Query } from './common.ts';

/** The chapters of the documentation. */
export const TAGS = {
  Configuration:
    'Hosts, plugins, suites, subnets, time periods and dependencies, and many changes at once',
  Checks: 'States, history, checks on demand and results from outside',
  Maintenance: 'Acknowledged problems and planned downtimes',
  Discovery: 'Searching subnets for hosts',
  Operation: 'How the services do, and what happens now',
  Statistics: 'Series from the statistics files',
  Access: 'Tokens, and who changed what',
} as const;

/** One operation; `paths.ts` has its method and path under the same name. */
export interface Operation {
  readonly tag: keyof typeof TAGS;
  /** One line, what it does. */
  readonly summary: string;
  /** What is worth knowing beyond the summary and the schemas; Markdown. */
  readonly description?: string;
  readonly role: Role;
  /** Undefined = it takes no parameters, and any is refused. */
  readonly query?: TObject;
  /** Undefined = a body is ignored. */
  readonly body?: TSchema;
  /** What the body may be sent as; default: JSON. */
  readonly bodyTypes?: readonly string[];
  /** The status of success. */
  readonly status: number;
  /** Undefined = no content. */
  readonly answer?: TSchema;
  /** What the answer is sent as; default: JSON. */
  readonly answerType?: string;
  /** What else the answer may be sent as, by `Accept` or by an ending of the path. */
  readonly otherTypes?: readonly string[];
  /** Other successes, by status. */
  readonly otherAnswers?: Readonly<Record<number, TSchema>>;
  /** Refusals beyond those that every operation of its form knows, and why. */
  readonly problems?: Readonly<Record<number, string>>;
  readonly bodyExample?: unknown;
}

/** A part of a list. */
export function Page<Item extends TSchema>(item: Item) {
  return Type.Object({
    items: Type.Array(item),
    total: Type.Integer({ description: 'How many there are in all' }),
    nextCursor: Type.Union([Type.String(), Type.Null()], {
      description: 'For `cursor`; null on the last page',
    }),
  });
}

/** What a deletion took with it; answered to `Prefer: return=representation`. */
export const RemovedSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  removedChecks: Type.Integer({ description: 'Checks that are gone with it' }),
  orphans: Type.Array(Type.String(), { description: 'Hosts that have lost it as a parent' }),
  removedDependencies: Type.Array(Type.String(), {
    description: 'Dependencies that named it, and are gone with it',
  }),
});

/** Whether to wait for the outcome. */
export const WaitQuerySchema = Query({
  wait: Type.Optional(
    Type.Union([Type.Literal('true'), Type.Literal('false')], {
      description: 'Answers when it is done instead of at once',
    }),
  ),
});

const NOTHING = 'What changes nothing makes no new version.';

/** The six operations of a configured object. */
export function objectOperations<
  Input extends TObject,
  Stored extends TObject,
  ListQuery extends TObject,
>(definition: {
  readonly name: string;
  readonly plural: string;
  readonly input: Input;
  readonly stored: Stored;
  readonly query: ListQuery;
  readonly example: Readonly<Record<string, unknown>>;
  readonly changeExample: unknown;
}) {
  const { name, plural, input, stored, query, example, changeExample } = definition;
  const tag = 'Configuration';
  const lost = { 409: `The name is taken, or If-Match names an older version of the ${name}` };
  return {
    list: {
      tag,
      summary: `List ${plural}`,
      role: 'viewer',
      query,
      status: 200,
      answer: Page(stored),
    },
    create: {
      tag,
      summary: `Create a ${name}`,
      role: 'admin',
      body: input,
      bodyExample: example,
      status: 201,
      answer: stored,
      problems: { 409: `There is a ${name} of that name` },
    },
    get: { tag, summary: `Get one ${name}`, role: 'viewer', status: 200, answer: stored },
    replace: {
      tag,
      summary: `Replace a ${name}`,
      description: `Fields that are left out take their defaults. ${NOTHING}`,
      role: 'admin',
      body: input,
      bodyExample: example,
      status: 200,
      answer: stored,
      problems: lost,
    },
    change: {
      tag,
      summary: `Change fields of a ${name}`,
      description: `A merge patch (RFC 7396): null takes a field back to its default. ${NOTHING}`,
      role: 'admin',
      body: Patch(input),
      bodyTypes: ['application/json', 'application/merge-patch+json'],
      bodyExample: changeExample,
      status: 200,
      answer: stored,
      problems: lost,
    },
    delete: {
      tag,
      summary: `Delete a ${name}`,
      description:
        'Its checks leave schedule and status at once; their history stays readable until its ' +
        'retention ends. `Prefer: return=representation` answers what was removed.',
      role: 'admin',
      status: 204,
      otherAnswers: { 200: RemovedSchema },
      problems: lost,
    },
  } as const satisfies Record<string, Operation>;
}

/** Any of the fields; null clears. Their values are checked after the merge. */
function Patch<Input extends TObject>(input: Input) {
  const properties: Record<string, TSchema> = {};
  for (const [name, field] of Object.entries(input.properties)) {
    properties[name] = Type.Optional(Type.Union([withClearableEntries(field), Type.Null()]));
  }
  return Type.Object(properties, { description: 'Any fields of the object' });
}

/** Null as the value of an entry takes it out of a map. */
function withClearableEntries(field: TSchema): TSchema {
  if (!('patternProperties' in field)) return field;
  const entries = Object.entries(field.patternProperties as Record<string, TSchema>);
  const clearable = entries.map(([pattern, value]) => [pattern, Type.Union([value, Type.Null()])]);
  return { ...field, patternProperties: Object.fromEntries(clearable) };
}

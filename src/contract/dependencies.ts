/** Dependencies over HTTP. */

import Type, { type Static } from 'typebox';
import { DEFAULT_DEPENDENCY_KINDS } from '../model/dependency.ts';
import { Description, Name, PAGE_QUERY, Query, StoredFields } from './common.ts';
import { type Operation, objectOperations } from './operation.ts';

const NullableName = (description: string) =>
  Type.Union([Name, Type.Null()], { default: null, description });

const Kind = Type.Union([
  Type.Literal('execution'),
  Type.Literal('notification'),
  Type.Literal('parent'),
]);

const FailedState = Type.Union([
  ...[Type.Literal('ok'), Type.Literal('warning'), Type.Literal('critical')],
  ...[Type.Literal('unknown'), Type.Literal('up'), Type.Literal('down')],
  ...[Type.Literal('unreachable'), Type.Literal('pending')],
]);

const dependencyFields = {
  host: NullableName('The dependent host, or that of `plugin`; null: each host that has `plugin`'),
  plugin: NullableName('The dependent check; null: the host itself'),
  masterHost: NullableName('What it depends on, or the host of that; null: the same host'),
  masterPlugin: NullableName('The check that `plugin` depends on; null: the host `masterHost`'),
  kinds: Type.Array(Kind, {
    minItems: 1,
    maxItems: 3,
    default: [...DEFAULT_DEPENDENCY_KINDS],
    description:
      'What is held back: execution, the check is not run; notification, nobody is told; parent, the ' +
      'check is not run while the last hard state of a parent, or of one above, is critical or ' +
      'unknown, and nobody is told while none of its parents is ok, whatever failsOn, period and ' +
      'inheritsParent say',
  }),
  failsOn: Type.Array(FailedState, {
    minItems: 1,
    maxItems: 8,
    description:
      'States in which the master has failed: of a check ok, warning, critical, unknown, pending ' +
      '(default: critical, unknown), of a host up, down, unreachable, pending (default: down, ' +
      'unreachable). While it is soft its last hard state counts, unless softStateDependencies',
  }),
  period: NullableName('The time period outside which it does not count; null: it always does'),
  inheritsParent: Type.Boolean({
    default: false,
    description: 'Whether what the master depends on counts too',
  }),
  description: Description,
};

/** What a client sends to create or replace a dependency. */
export const DependencyInputSchema = Type.Object(
  { ...Type.Partial(Type.Object(dependencyFields)).properties, name: Name },
  { additionalProperties: false },
);

/** A dependency as sent by a client. */
export type DependencyInput = Static<typeof DependencyInputSchema>;

/** A dependency as answered. */
export const DependencySchema = Type.Object({
  ...StoredFields,
  name: Name,
  ...dependencyFields,
});

/** A dependency as answered. */
export type DependencyJson = Static<typeof DependencySchema>;

/** Parameters of the list of dependencies. */
export const DependencyQuerySchema = Query({
  ...PAGE_QUERY,
  q: Type.Optional(Type.String({ maxLength: 200 })),
});

const operations = objectOperations({
  name: 'dependency',
  plural: 'dependencies',
  input: DependencyInputSchema,
  stored: DependencySchema,
  query: DependencyQuerySchema,
  example: {
    name: 'shop-needs-database',
    host: 'web1',
    plugin: 'shop',
    masterHost: 'db1',
    masterPlugin: 'mysql',
    kinds: ['notification'],
    failsOn: ['critical', 'unknown'],
  },
  changeExample: { kinds: ['execution', 'notification'], inheritsParent: true },
});

/** The operations of dependencies. */
export const DEPENDENCY_OPERATIONS = {
  listDependencies: operations.list,
  createDependency: {
    ...operations.create,
    description:
      'A check depends on a check, or a host on a host. Dependencies of one kind must not go round ' +
      'in a circle. A host or plugin that is deleted takes the dependencies along that name it.',
  },
  getDependency: operations.get,
  replaceDependency: operations.replace,
  changeDependency: operations.change,
  deleteDependency: operations.delete,
} as const satisfies Record<string, Operation>;

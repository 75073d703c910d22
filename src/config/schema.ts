/** Every configuration key: type, default, unit and meaning. The example file is printed from it. */

import Type, { type Static } from 'typebox';
import { DEFAULT_ARCHIVES } from '../model/archive-span.ts';
import { AutoOr, Count, Days, Limit, QueueName, RemotePath, Seconds, Section } from './fields.ts';
import { SEMANTICS } from './semantics.ts';

/** Above what well-behaved plugins use, those that bring a runtime of their own included. */
const LIMITS = {
  ...{ cpu: 60, memory: 2 * 2 ** 30, openFiles: 1_024, fileSize: 100 * 2 ** 20, processes: 0 },
};

/** HOST:PORT, the host of an IPv6 address in brackets. */
const ADDRESS = '(\\[[0-9a-fA-F:.]+\\]|[^:\\[\\]]+):[0-9]{1,5}';

const ARCHIVE_PATTERN = '^[1-9][0-9]{0,4}[smhdwy]:[1-9][0-9]{0,4}[smhdwy]$';

/** Checks that run on the host itself. */
const SshSection = Section({
  pluginPaths: Type.Array(RemotePath, {
    minItems: 1,
    maxItems: 20,
    default: ['/usr/lib/nagios/plugins', '/usr/lib64/nagios/plugins', '/usr/local/nagios/libexec'],
    description: 'Folders of plugins on the checked hosts; a later one wins for equal names',
  }),
  keys: Type.Array(Type.String({ minLength: 1 }), {
    maxItems: 20,
    default: ['DATA/ssh/id_ed25519', 'DATA/ssh/id_ecdsa', 'DATA/ssh/id_rsa'],
    description:
      'Files of private keys without a passphrase; those that are missing are passed over',
  }),
  agent: Type.String({
    default: '',
    description: 'Socket of an ssh agent, for keys with a passphrase; empty: none',
  }),
  knownHosts: Type.Array(Type.String({ minLength: 1 }), {
    minItems: 1,
    maxItems: 20,
    default: ['DATA/ssh/known_hosts', '/etc/ssh/ssh_known_hosts'],
    description: 'Files of host keys as for OpenSSH; accepted keys are added to the first',
  }),
  hostKeyPolicy: Type.Union([Type.Literal('strict'), Type.Literal('accept-new')], {
    default: 'strict',
    description: 'Hosts without a known key: strict: refuse; accept-new: record what they show',
  }),
  failureState: Type.Union([Type.Literal('unknown'), Type.Literal('critical')], {
    default: 'unknown',
    description: 'State of a check that ssh could not run or bring to its end',
  }),
  jumpHost: Type.String({
    pattern: '^$|^([^@\\s]+@)?(\\[[^\\]\\s]+\\]|[^:@[\\]\\s]+)(:[0-9]{1,5})?$',
    default: '',
    description: '[LOGIN@]HOST[:PORT] through which all hosts are reached; empty: none',
  }),
  connectTimeout: Seconds({
    default: 5,
    description: 'Seconds from the look-up of the name to the login',
  }),
  idleTimeout: Seconds({
    default: 120,
    description: 'Seconds for which a connection is kept without a check',
  }),
  maxIdleConnections: Count({
    default: 500,
    maximum: 100_000,
    description: 'Connections kept without a check; the one idle for longest goes first',
  }),
  maxSessionsPerHost: Count({
    default: 8,
    maximum: 1_000,
    description: 'Checks at the same time over one connection; less than MaxSessions of sshd',
  }),
});

/** What the operator may write. `DATA` stands for the data folder. */
export const ConfigSchema = Section({
  data: Type.String({
    default: './var',
    description: 'Folder for everything that is kept in files',
  }),
  database: Section({
    url: Type.String({
      default: 'sqlite:DATA/ppalette.db',
      description:
        'sqlite:PATH, postgres://USER:PASSWORD@HOST/NAME or mysql://USER:PASSWORD@HOST/NAME',
    }),
    poolSize: Count({ default: 10, maximum: 200, description: 'Connections of one process' }),
  }),
  broker: Section({
    url: Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1, maxItems: 16 })], {
      default: 'memory:',
      description: 'memory: or amqp(s)://USER:PASSWORD@HOST:PORT/VHOST; a list for a cluster',
    }),
    prefix: QueueName('ppalette.', 'Put before every queue name'),
    checks: QueueName('checks', 'Queues of check requests; the zone follows'),
    results: QueueName('results', 'Queues of results; the shard follows'),
    heartbeats: QueueName('heartbeats', 'Queue of heartbeats'),
    events: QueueName('events', 'Exchange of hints'),
    expired: QueueName('expired', 'Queue of requests whose time passed'),
    discoveries: QueueName('discoveries', 'Queues of addresses to search; the zone follows'),
    discovered: QueueName('discovered', 'Queue of what was found there'),
    dead: QueueName('dead', 'Queue of messages that nobody understands'),
  }),
  rrd: Section({
    driver: Type.Union(
      [
        Type.Literal('auto'),
        Type.Literal('rrdcached'),
        Type.Literal('rrdtool'),
        Type.Literal('builtin'),
        Type.Literal('none'),
      ],
      {
        default: 'auto',
        description:
          'auto: rrdcached with an address, else builtin, which takes twice the updates of rrdtool',
      },
    ),
    dir: Type.String({
      default: 'DATA/rrd',
      description: 'Folder of the statistics files; that of rrdcached (-b) with a unix: address',
    }),
    address: Type.String({
      pattern: '^(unix:/.+|(?!unix:)(\\[[0-9a-fA-F:.]+\\]|[^:/\\[\\]]+):[0-9]{1,5})?$',
      default: '',
      description:
        'unix:/PATH or HOST:PORT of rrdcached; it knows no passwords: trusted networks only',
    }),
    archives: Type.Array(Type.String({ pattern: ARCHIVE_PATTERN }), {
      minItems: 1,
      maxItems: 10,
      default: DEFAULT_ARCHIVES,
      description:
        'RESOLUTION:SPAN of what new statistics files keep, in s, m, h, d, w or y; files that are there stay as they are',
    }),
  }),
  red: Section({
    listen: Type.String({
      pattern: `^${ADDRESS}$`,
      default: '127.0.0.1:5000',
      description: 'HOST:PORT of the API',
    }),
    tls: Section({
      certificate: Type.String({
        default: '',
        description: 'File with the certificate chain (PEM); empty: plain HTTP',
      }),
      key: Type.String({ default: '', description: 'File with its private key (PEM)' }),
    }),
    trustedProxies: Type.Array(Type.String({ minLength: 1 }), {
      maxItems: 100,
      default: [],
      description: 'Addresses or networks of proxies that add TLS; allows listening elsewhere',
    }),
  }),
  violet: Section({
    id: Type.String({
      pattern: '^[A-Za-z0-9_.-]{0,100}$',
      default: '',
      description: 'Unique name of this worker; empty: kept in DATA/violet.id, made at first start',
    }),
    zones: Type.Array(Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }), {
      minItems: 1,
      maxItems: 100,
      default: ['default'],
      description: 'Zones whose checks it runs',
    }),
    concurrency: AutoOr({
      ...{ minimum: 1, maximum: 10_000 },
      description:
        'Checks at the same time that start a program here; auto: from the processors, adapting to their load',
    }),
    lightConcurrency: AutoOr({
      ...{ minimum: 1, maximum: 20_000 },
      description:
        'Checks at the same time that start none: built-in probes, and plugins over ssh; auto: 256, adapting',
    }),
    probeThreads: AutoOr({
      ...{ minimum: 0, maximum: 16 },
      description:
        'Threads for built-in probes of services (tcp, http, dns, tls, ssh, smtp), started as they are needed; 0: no thread of their own; auto: a processor less than there are, at most 4',
    }),
    maxPerHost: Count({
      default: 16,
      maximum: 10_000,
      description:
        'Of each of these, checks of one address; what waits beyond twice as many is missed',
    }),
    maxPerPlugin: Count({
      default: 1_000,
      maximum: 10_000,
      description: 'Of each of these, checks by one plugin',
    }),
    pluginPaths: Type.Array(Type.String({ minLength: 1 }), {
      maxItems: 100,
      default: [
        '/usr/lib/nagios/plugins',
        '/usr/lib64/nagios/plugins',
        '/usr/local/nagios/libexec',
        'DATA/plugins',
      ],
      description: 'Folders of plugins; a later one wins for equal names',
    }),
    maxOutput: Count({
      default: 65_536,
      minimum: 1_024,
      maximum: 1_048_576,
      description: 'Bytes of output kept',
    }),
    executor: Type.Union(
      [Type.Literal('auto'), Type.Literal('spawn'), Type.Literal('childProcess')],
      {
        default: 'auto',
        description: 'How plugins are started; auto: spawn (Linux with koffi), else childProcess',
      },
    ),
    limits: Type.Object(
      {
        cpu: Limit(LIMITS.cpu),
        memory: Limit(LIMITS.memory),
        openFiles: Limit(LIMITS.openFiles),
        fileSize: Limit(LIMITS.fileSize),
        processes: Limit(LIMITS.processes),
      },
      {
        additionalProperties: false,
        default: LIMITS,
        description:
          'What one plugin may use (executor spawn): seconds of cpu, bytes of memory that it can write, openFiles, bytes of a file, processes of its user altogether; 0: no limit',
      },
    ),
    runAs: Type.String({
      pattern: '^[A-Za-z0-9_.$-]{0,64}$',
      default: '',
      description: 'User whom plugins run as, when violet runs as root; empty: the user of violet',
    }),
    nice: Type.Integer({
      minimum: 0,
      maximum: 19,
      default: 0,
      description: 'Lower priority of plugins, 19 the lowest',
    }),
    environment: Type.Record(
      Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,100}$' }),
      Type.String(),
      {
        default: {},
        description:
          'What plugins see of an environment beside PATH, LANG, LC_ALL and HOME, which it may replace',
      },
    ),
    heartbeatInterval: Seconds({
      default: 20,
      minimum: 1,
      description: 'Seconds between heartbeats',
    }),
    discovery: Section({
      rate: Count({
        default: 100,
        minimum: 5,
        maximum: 1_000,
        description: 'Addresses searched in a second',
      }),
      ports: Type.Array(Type.Integer({ minimum: 1, maximum: 65_535 }), {
        maxItems: 20,
        default: [22, 80, 443],
        description: 'TCP ports that are tried where ICMP has no answer',
      }),
      timeout: Seconds({
        default: 1,
        maximum: 10,
        description: 'Seconds in which a host must answer',
      }),
    }),
    macros: Type.Record(Type.String({ pattern: '^USER[0-9]{1,3}$' }), Type.String(), {
      default: {},
      description:
        'Values of $USERn$; leave this worker only as arguments of plugins over ssh, and are masked in what plugins print, except $USER1$ and those of less than 4 characters',
    }),
    macroFiles: Type.Record(
      Type.String({ pattern: '^USER[0-9]{1,3}$' }),
      Type.String({ minLength: 1 }),
      {
        default: {},
        description: 'Files with the values of $USERn$, for secrets; read when violet starts',
      },
    ),
    ssh: SshSection,
  }),
  grey: Section({
    shards: Count({
      default: 4,
      maximum: 256,
      description:
        'Result queues; the most greys that can share the work. One with the broker memory:',
    }),
    history: Type.Boolean({
      default: true,
      description: 'Keep single results of hosts that want it',
    }),
    statsInterval: Seconds({
      default: 10,
      minimum: 1,
      description: 'Seconds between common statistics',
    }),
    retention: Section({
      results: Days(30, 'Single results, of hosts that keep them'),
      states: Days(400, 'Stretches of states, which availability is computed from'),
      events: Days(90, 'The log: changes of states, notifications, downtimes, configuration'),
      downtimes: Days(400, 'Downtimes that are over'),
      discoveries: Days(90, 'Discoveries that are over'),
      audit: Days(730, 'What people changed'),
      workers: Days(90, 'Workers that are silent, with their statistics'),
    }),
  }),
  semantics: Section(SEMANTICS),
  security: Section({
    messageKey: Type.String({
      default: '',
      description: 'Shared key that signs every message on the broker; empty: unsigned',
    }),
  }),
  metrics: Section({
    violet: Type.String({
      pattern: `^(${ADDRESS})?$`,
      default: '127.0.0.1:5001',
      description:
        'HOST:PORT of /metrics, /healthz and /readyz of a violet without red; plain HTTP, no token; empty: none',
    }),
    grey: Type.String({
      pattern: `^(${ADDRESS})?$`,
      default: '127.0.0.1:5002',
      description: 'The same of a grey without red; red has them beside its API',
    }),
    checks: Type.Boolean({
      default: false,
      description: 'Series of the state and the performance data of every check, at red',
    }),
    maxCheckSeries: Count({
      default: 10_000,
      maximum: 1_000_000,
      description: 'The most of these; what is left out is counted',
    }),
  }),
  log: Section({
    level: Type.Union(
      [Type.Literal('error'), Type.Literal('warn'), Type.Literal('info'), Type.Literal('debug')],
      { default: 'info', description: 'Least important lines written' },
    ),
    format: Type.Union([Type.Literal('auto'), Type.Literal('json'), Type.Literal('text')], {
      default: 'auto',
      description: 'auto: text on a terminal, JSON otherwise',
    }),
  }),
});

/** The configuration as the program uses it: complete and valid. Durations are in seconds here. */
export type Config = Static<typeof ConfigSchema>;

/** Keys whose values are never shown, as `section.key`. URLs are shown without passwords. */
export const SECRET_KEYS: readonly string[] = [
  'security.messageKey',
  'violet.macros',
  'violet.environment',
];

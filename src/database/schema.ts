/**
 * The tables, as the queries see them. Truth values are 0 or 1, instants are milliseconds since the
 * epoch, and JSON is text, alike on all three databases. Made by `migrations/`.
 */

import type { Generated } from 'kysely';
import type { AuditTable, EventTable, TokenTable } from './schema-access.ts';
import type {
  DependencyTable,
  EventHandlerRunTable,
  TimeperiodExcludeTable,
  TimeperiodTable,
} from './schema-control.ts';
import type { DiscoverySliceTable, DiscoveryTable } from './schema-discoveries.ts';
import type { DowntimeStretchTable, ShardOwnerTable, SiteProblemTable } from './schema-grey.ts';
import type { CommentTable, DowntimeCheckTable, DowntimeTable } from './schema-maintenance.ts';
import type {
  HostTallyTable,
  ServiceFiguresTable,
  TallyMarkTable,
  TallyProgressTable,
  TallyTable,
} from './tally-schema.ts';

/** 0 or 1. */
export type Flag = 0 | 1;

/** A monitored host. Written by red; grey inserts discovered ones. */
export interface HostTable {
  id: string;
  name: string;
  address: string;
  login: string;
  ssh_port: number;
  maintenance: Flag;
  history: Flag;
  zone: string;
  subnet_id: string | null;
  /** JSON object of text values. */
  labels: string;
  /** JSON object of text values. */
  vars: string;
  /** The plugin that is its host check; null: that of its suites. May be gone or not of its suites. */
  host_check_id: string | null;
  /** JSON object, part of a `HostPolicy`. */
  policy: string;
  event_handler_period_id: string | null;
  created_at: number;
  updated_at: number;
  /** Configuration version of the last change; the ETag. */
  version: number;
}

/** What is run, and how often. Written by red. */
export interface PluginTable {
  id: string;
  name: string;
  /** Exactly one of `script` and `builtin` is set. */
  script: string | null;
  builtin: string | null;
  ssh: Flag;
  params: string;
  interval_ms: number;
  timeout_ms: number;
  /** JSON object, part of a `CheckPolicy`. */
  policy: string;
  check_period_id: string | null;
  event_handler_period_id: string | null;
  active_checks: Flag;
  passive_checks: Flag;
  /** 0: computed; null: never stale. */
  freshness_ms: number | null;
  /** Whether it is the host check of the hosts of its suites. */
  host_check: Flag;
  description: string;
  created_at: number;
  updated_at: number;
  version: number;
}

/** What joins hosts and plugins. Written by red. */
export interface SuiteTable {
  id: string;
  name: string;
  description: string;
  created_at: number;
  updated_at: number;
  version: number;
}

/** A range of addresses. Written by red. */
export interface SubnetTable {
  id: string;
  name: string;
  cidr: string;
  /** JSON array of CIDR texts. */
  exclude: string;
  auto_discovery: Flag;
  interval_ms: number;
  zone: string;
  description: string;
  created_at: number;
  updated_at: number;
  version: number;
}

/** Which suites a host, plugin or subnet is in: three tables of one shape. */
export interface MembershipTable {
  /** The host, plugin or subnet. */
  member_id: string;
  suite_id: string;
}

/** Through which hosts a host is reached. Written by red. */
export interface HostParentTable {
  host_id: string;
  parent_id: string;
}

/** What a host has for one of its checks instead of what the plugin says. Written by red. */
export interface HostOverrideTable {
  host_id: string;
  plugin_id: string;
  /** Null: as the plugin says. */
  interval_ms: number | null;
  timeout_ms: number | null;
  /** JSON object, part of a `CheckPolicy`. */
  policy: string;
}

/**
 * The checks there are: each host x plugin once, however many suites lead to it. Derived from the
 * suites in the transaction that changes them, so that lists need no distinct join. One row of each
 * host has no plugin: it stands for the host's own state, which is kept as that of a check. Written
 * by red; grey adds those of discovered hosts.
 */
export interface CheckPairTable {
  check_id: Generated<number>;
  host_id: string;
  /** Null: the host itself. */
  plugin_id: string | null;
}

/** The current state of each check and host that has had a result. Written by grey. */
export interface CheckStateTable {
  check_id: number;
  /** As `state-codes.ts` says. */
  state: number;
  exit_code: number;
  output: string;
  long_output: string;
  /** JSON array of `Perfdatum`. */
  perfdata: string;
  scheduled_at: number;
  /** On the way of its request and result; null = not told. */
  sent_at: number | null;
  received_at: number | null;
  started_at: number;
  finished_at: number;
  collected_at: number | null;
  worker: string;
  last_state_change_at: number;
  /** Index into `STATE_TYPES`. */
  state_type: number;
  attempt: number;
  max_check_attempts: number;
  last_hard_state_change_at: number;
  /** Whether the newest result came from outside. */
  is_passive: Flag;
}

/** What is remembered of a check beside its newest result; absent: nothing. Written by grey. */
export interface CheckMemoryTable {
  check_id: number;
  is_flapping: Flag;
  flap_percent: number;
  /** Null while it does not. */
  flapping_since: number | null;
  is_acknowledged: Flag;
  is_in_downtime: Flag;
  /** 0 while its results stay out. */
  is_measured: Flag;
  /** Whether they stay out since nobody asks for them. */
  is_silence_expected: Flag;
  /** Since when its newest result is known to be too old; null: it is not. */
  stale_since: number | null;
  /** When time alone changes it; null: never. */
  next_change_at: number | null;
  /** Until when it waits at the longest for a check of what it hangs on; null: it does not. */
  waits_until: number | null;
  /** JSON object, fields of an `ObjectState` that are not those of a new one. */
  memory: string;
  /** Goes up with each writing. */
  revision: number;
}

/** Single results of hosts that keep history. Written by grey. */
export interface ResultTable {
  check_id: number;
  scheduled_at: number;
  state: number;
  exit_code: number;
  output: string;
  long_output: string;
  perfdata: string;
  sent_at: number | null;
  received_at: number | null;
  started_at: number;
  finished_at: number;
  collected_at: number | null;
  worker: string;
}

/** State history: one row for each stretch of one state. Written by grey. */
export interface StateIntervalTable {
  check_id: number;
  /** It ends where the next stretch of the check begins. */
  from_at: number;
  /** As `state-codes.ts` says. */
  state: number;
  /** Of its first result. */
  output: string;
  /** Index into `STATE_TYPES`. */
  state_type: number;
  /** Why it began. */
  cause: string;
}

/** Which metrics a check has, and where their values are kept. Written by grey. */
export interface CheckMetricTable {
  check_id: number;
  label: string;
  unit: string;
  /** Of the check's statistics files. */
  file_number: number;
  /** Of the file's data sources. */
  source_number: number;
}

/** Every violet seen. Written by grey. */
export interface WorkerTable {
  id: string;
  hostname: string;
  version: string;
  /** JSON array of text. */
  zones: string;
  status: string;
  started_at: number;
  heartbeat_at: number;
  interval_ms: number;
  /** JSON object of the last heartbeat's figures. */
  figures: string;
}

/** Who may act for all, by name; see `red/lease.ts`. */
export interface LeaseTable {
  name: string;
  /** Null when it was given back. */
  holder: string | null;
  /** Goes up with each new holder. */
  fence: number;
  /** Goes up with each renewal. */
  beat: number;
}

/** Names of checks that are gone, so that their history can still be read. Written by red. */
export interface CheckArchiveTable {
  check_id: number;
  host: string;
  /** Empty: the host itself. */
  plugin: string;
  deleted_at: number;
}

/** Facts that all services must agree on. */
export interface SettingTable {
  name: string;
  value: string;
}

/** One row: the number of committed configuration changes. */
export interface ConfigVersionTable {
  id: number;
  version: number;
}

/** What each change touched, so that services can follow without reading everything. */
export interface ConfigChangeTable {
  id: Generated<number>;
  version: number;
  /** `host`, `plugin` or `timeperiod`. */
  kind: string;
  object_id: string;
}

/** All tables by name. */
export interface Tables {
  host: HostTable;
  plugin: PluginTable;
  suite: SuiteTable;
  subnet: SubnetTable;
  timeperiod: TimeperiodTable;
  timeperiod_exclude: TimeperiodExcludeTable;
  dependency: DependencyTable;
  event_handler_run: EventHandlerRunTable;
  host_suite: MembershipTable;
  plugin_suite: MembershipTable;
  /** The suites that hosts found in a subnet are given. */
  subnet_suite: MembershipTable;
  host_parent: HostParentTable;
  host_override: HostOverrideTable;
  check_pair: CheckPairTable;
  check_state: CheckStateTable;
  check_memory: CheckMemoryTable;
  downtime: DowntimeTable;
  downtime_check: DowntimeCheckTable;
  comment: CommentTable;
  result: ResultTable;
  state_interval: StateIntervalTable;
  check_archive: CheckArchiveTable;
  check_metric: CheckMetricTable;
  worker: WorkerTable;
  lease: LeaseTable;
  token: TokenTable;
  audit: AuditTable;
  event: EventTable;
  discovery: DiscoveryTable;
  discovery_slice: DiscoverySliceTable;
  downtime_stretch: DowntimeStretchTable;
  site_problem: SiteProblemTable;
  tally: TallyTable;
  host_tally: HostTallyTable;
  tally_mark: TallyMarkTable;
  tally_progress: TallyProgressTable;
  service_figures: ServiceFiguresTable;
  shard_owner: ShardOwnerTable;
  setting: SettingTable;
  config_version: ConfigVersionTable;
  config_change: ConfigChangeTable;
}

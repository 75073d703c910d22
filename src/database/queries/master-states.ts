/** The states of what others depend on, whichever grey owns them. */

import type { MasterState } from '../../model/dependency.ts';
import { STATE_TYPES, type StateType } from '../../model/state-type.ts';
import type { Sql } from '../database.ts';
import { listHostChecks } from './host-states.ts';
import { FIRST_HOST_CODE, readCheckCode, readHostCode } from './state-codes.ts';
import { chunksOf } from './upsert.ts';

/** A check, or a host: then without a plugin. */
export interface MasterReference {
  readonly hostId: string;
  readonly pluginId: string | null;
}

/** What is known of a master. */
export interface MasterSight extends MasterReference {
  /** Of its state. */
  readonly objectId: number;
  /** The check that says its state; null: nothing checks the host. */
  readonly checkId: number | null;
  /** `HOST/PLUGIN`, or `HOST`. */
  readonly name: string;
  readonly state: MasterState;
  readonly stateType: StateType;
  readonly lastHardState: string;
  /** Whether it has no result yet; a host that nothing checks is up. */
  readonly isPending: boolean;
}

/** Those of these masters that are there. */
export async function readMasterSights(
  sql: Sql,
  masters: readonly MasterReference[],
): Promise<MasterSight[]> {
  const hostIdsOf = new Map<string | null, string[]>();
  for (const { hostId, pluginId } of masters) {
    const known = hostIdsOf.get(pluginId);
    if (known) known.push(hostId);
    else hostIdsOf.set(pluginId, [hostId]);
  }
  const sights: MasterSight[] = [];
  for (const [pluginId, hostIds] of hostIdsOf) {
    const hostChecks = pluginId === null ? await listHostChecks(sql, hostIds) : new Map();
    for (const chunk of chunksOf(hostIds, 5_000)) {
      for (const row of await selectSights(sql, pluginId, chunk)) {
        const hostCheckId: number | null = hostChecks.get(row.host_id)?.checkId ?? null;
        const checkId = pluginId === null ? hostCheckId : row.check_id;
        sights.push({ ...readSight(row), pluginId, checkId, isPending: isPending(row, checkId) });
      }
    }
  }
  return sights;
}

interface SightRow {
  readonly check_id: number;
  readonly host_id: string;
  readonly host: string;
  readonly plugin: string | null;
  readonly state: number | null;
  readonly state_type: number | null;
  readonly memory: string | null;
}

function selectSights({ db }: Sql, pluginId: string | null, hostIds: readonly string[]) {
  return db
    .selectFrom('check_pair')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .leftJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
    .leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id')
    .leftJoin('check_memory', 'check_memory.check_id', 'check_pair.check_id')
    .select([
      'check_pair.check_id',
      'check_pair.host_id',
      'host.name as host',
      'plugin.name as plugin',
      'check_state.state',
      'check_state.state_type',
      'check_memory.memory',
    ])
    .where('check_pair.host_id', 'in', hostIds)
    .where(({ eb }) =>
      pluginId === null
        ? eb('check_pair.plugin_id', 'is', null)
        : eb('check_pair.plugin_id', '=', pluginId),
    )
    .execute();
}

function isPending({ state, plugin }: SightRow, checkId: number | null): boolean {
  return state === null && (plugin !== null || checkId !== null);
}

function readSight(row: SightRow) {
  const { state: code, plugin, memory } = row;
  const initial: MasterState = plugin === null ? 'up' : 'ok';
  const state = code === null ? initial : readState(code);
  const stateType = STATE_TYPES[row.state_type ?? -1] ?? 'hard';
  // As grey wrote it (grey/memory.ts): it is there where it differs from the state.
  const kept: { readonly lastHardState?: string } = memory ? JSON.parse(memory) : {};
  return {
    objectId: row.check_id,
    hostId: row.host_id,
    name: plugin === null ? row.host : `${row.host}/${plugin}`,
    state,
    stateType,
    lastHardState: kept.lastHardState ?? state,
  };
}

function readState(code: number): MasterState {
  return code < FIRST_HOST_CODE ? readCheckCode(code) : readHostCode(code);
}

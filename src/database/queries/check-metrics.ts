/** Which metrics a check has ever had, and where their values are kept. */

import type { Sql } from '../database.ts';
import { chunksOf, upsertRows } from './upsert.ts';

/** A metric and its place: the n-th source of the n-th statistics file of its check. */
export interface CheckMetric {
  readonly checkId: number;
  readonly label: string;
  readonly unit: string;
  readonly fileNumber: number;
  readonly sourceNumber: number;
}

/** The metrics of these checks, in the order of their places. */
export async function listCheckMetrics(
  { db }: Sql,
  checkIds: readonly number[],
): Promise<CheckMetric[]> {
  const metrics: CheckMetric[] = [];
  for (const chunk of chunksOf(checkIds, 5_000)) {
    const rows = await db
      .selectFrom('check_metric')
      .selectAll('check_metric')
      .where('check_metric.check_id', 'in', chunk)
      .orderBy('check_metric.check_id')
      .orderBy('check_metric.file_number')
      .orderBy('check_metric.source_number')
      .execute();
    for (const row of rows) {
      metrics.push({
        checkId: row.check_id,
        label: row.label,
        unit: row.unit,
        fileNumber: row.file_number,
        sourceNumber: row.source_number,
      });
    }
  }
  return metrics;
}

/** Notes new metrics; one that is known already keeps its place. */
export async function insertCheckMetrics(sql: Sql, metrics: readonly CheckMetric[]): Promise<void> {
  const rows = metrics.map(({ checkId, label, unit, fileNumber, sourceNumber }) => ({
    check_id: checkId,
    label,
    unit,
    file_number: fileNumber,
    source_number: sourceNumber,
  }));
  await upsertRows(sql, 'check_metric', rows, { key: ['check_id', 'label'], update: [] });
}

/** A statistics file by its place. */
export type CheckFilePlace = Pick<CheckMetric, 'checkId' | 'fileNumber'>;

/** The highest number of a check that ever had a metric; 0 when there was none. */
export async function getNewestMeteredCheckId({ db }: Sql): Promise<number> {
  const row = await db
    .selectFrom('check_metric')
    .select((builder) => builder.fn.max('check_metric.check_id').as('id'))
    .executeTakeFirst();
  return Number(row?.id ?? 0);
}

/**
 * The files of those of the checks `from <= id < to` that are gone and whose names are forgotten, so
 * that nobody can ask for their past any more. Numbers of checks are never given again.
 */
export async function listFilesOfForgottenChecks(
  { db }: Sql,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<CheckFilePlace[]> {
  const rows = await db
    .selectFrom('check_metric')
    .leftJoin('check_pair', 'check_pair.check_id', 'check_metric.check_id')
    .leftJoin('check_archive', 'check_archive.check_id', 'check_metric.check_id')
    .select(['check_metric.check_id', 'check_metric.file_number'])
    .distinct()
    .where('check_metric.check_id', '>=', from)
    .where('check_metric.check_id', '<', to)
    .where('check_pair.check_id', 'is', null)
    .where('check_archive.check_id', 'is', null)
    .orderBy('check_metric.check_id')
    .orderBy('check_metric.file_number')
    .execute();
  return rows.map((row) => ({ checkId: row.check_id, fileNumber: row.file_number }));
}

/** Forgets the metrics that are in a file. */
export async function deleteCheckFile(
  { db }: Sql,
  { checkId, fileNumber }: CheckFilePlace,
): Promise<void> {
  await db
    .deleteFrom('check_metric')
    .where('check_metric.check_id', '=', checkId)
    .where('check_metric.file_number', '=', fileNumber)
    .execute();
}

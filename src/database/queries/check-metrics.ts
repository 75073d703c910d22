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

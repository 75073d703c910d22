/** The operations of series. */

import type { Operation } from './operation.ts';
import {
  LastValuesSchema,
  PerfdataQuerySchema,
  PerfdataSchema,
  SeriesQuerySchema,
  SeriesSchema,
} from './statistics.ts';

/** What a series is sent as beside JSON. */
const SERIES_TYPES = ['text/csv', 'image/svg+xml', 'image/png'] as const;

const SERIES_DESCRIPTION =
  'As JSON, CSV, or a graph (SVG, PNG): by `Accept`, or by `.json`, `.csv`, `.svg` or `.png` behind ' +
  'the path. Gaps are null, or empty in CSV. Without `from` and `period`: the last hour.';

/** All of them. */
export const STATISTICS_OPERATIONS = {
  getCheckPerfdata: {
    tag: 'Statistics',
    summary: 'Get series of the metrics of one check',
    description: SERIES_DESCRIPTION,
    otherTypes: SERIES_TYPES,
    role: 'viewer',
    query: PerfdataQuerySchema,
    status: 200,
    answer: PerfdataSchema,
  },
  getCommonStatistics: {
    tag: 'Statistics',
    summary: 'Get series of the whole site',
    description: SERIES_DESCRIPTION,
    otherTypes: SERIES_TYPES,
    role: 'viewer',
    query: SeriesQuerySchema,
    status: 200,
    answer: SeriesSchema,
    problems: { 404: 'There are no statistics yet' },
  },
  getLastCommonStatistics: {
    tag: 'Statistics',
    summary: 'Get the latest values of the whole site',
    role: 'viewer',
    status: 200,
    answer: LastValuesSchema,
    problems: { 404: 'There are no statistics yet' },
  },
  getWorkerStatistics: {
    tag: 'Statistics',
    summary: 'Get series of one worker',
    description: SERIES_DESCRIPTION,
    otherTypes: SERIES_TYPES,
    role: 'viewer',
    query: SeriesQuerySchema,
    status: 200,
    answer: SeriesSchema,
  },
  getLastWorkerStatistics: {
    tag: 'Statistics',
    summary: 'Get the latest values of one worker',
    role: 'viewer',
    status: 200,
    answer: LastValuesSchema,
  },
} as const satisfies Record<string, Operation>;

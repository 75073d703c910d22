/** The files of contrib/ as tests read them. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

/** What is shipped for other programs. */
export const CONTRIB = join(import.meta.dirname, '..', '..', 'contrib');
/** The alert rules. */
export const ALERTS_FILE = join(CONTRIB, 'prometheus', 'alerts.yml');

/** One alert rule. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Every alert rule, in the order of the file. */
export async function readRules(): Promise<AlertRule[]> {
  const { groups } = parse(await readFile(ALERTS_FILE, 'utf8')) as {
    groups: { rules: AlertRule[] }[];
  };
  return groups.flatMap(({ rules }) => rules);
}

/** What of a dashboard is looked at. */
export interface Dashboard {
  readonly schemaVersion: number;
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly definition?: string }[];
  };
  readonly annotations: {
    readonly list: readonly { readonly name: string; readonly expr: string; textFormat: string }[];
  };
  readonly panels: readonly {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
    readonly fieldConfig?: { readonly defaults: { readonly unit: string } };
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
}

/** The dashboard for Grafana. */
export async function readDashboard(): Promise<Dashboard> {
  return JSON.parse(await readFile(join(CONTRIB, 'grafana', 'ppalette.json'), 'utf8')) as Dashboard;
}

/** A query of a dashboard. */
export interface DashboardQuery {
  /** Of its panel. */
  readonly title: string;
  /** As it stands there, with the dashboard's variables. */
  readonly expr: string;
  /** Labels that its legend shows. */
  readonly legend: readonly string[];
}

/** Every query of a dashboard: of its panels, then of its annotations. */
export function queriesOf({ panels, annotations }: Dashboard): DashboardQuery[] {
  const legendOf = (text: string) =>
    [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name = '']) => name);
  return [
    ...panels.flatMap(({ title, targets }) =>
      (targets ?? []).map(({ expr, legendFormat }) => ({
        ...{ title, expr, legend: legendOf(legendFormat) },
      })),
    ),
    ...annotations.list.map(({ name, expr, textFormat }) => ({
      ...{ title: name, expr, legend: legendOf(textFormat) },
    })),
  ];
}

/** A query as Grafana asks it: with these choices of the variables, and the times of a short span. */
export function fillIn(
  expr: string,
  { job = '.*', instance = '.*' }: { readonly job?: string; readonly instance?: string } = {},
): string {
  return expr
    .replaceAll('$job', job)
    .replaceAll('$instance', instance)
    .replaceAll('$__rate_interval', '10s')
    .replaceAll('$__range', '1m');
}

/** The names of our series in a query. */
export function seriesIn(query: string): string[] {
  return query.match(/\b(ppalette|process|nodejs)_[a-z0-9_]+/g) ?? [];
}

/** The names of our metrics in a query, without what a histogram adds. */
export function metricsIn(query: string): string[] {
  return seriesIn(query).map((name) => name.replace(/_(bucket|count|sum)$/, ''));
}

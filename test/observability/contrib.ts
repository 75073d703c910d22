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
  readonly templating: { readonly list: readonly { readonly name: string }[] };
  readonly panels: readonly {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
    readonly fieldConfig?: { readonly defaults: { readonly unit: string } };
    readonly targets?: readonly { readonly expr: string }[];
  }[];
}

/** The dashboard for Grafana. */
export async function readDashboard(): Promise<Dashboard> {
  return JSON.parse(await readFile(join(CONTRIB, 'grafana', 'ppalette.json'), 'utf8')) as Dashboard;
}

/** The names of our metrics in a query, without what a histogram adds. */
export function metricsIn(query: string): string[] {
  const names = query.match(/\b(ppalette|process|nodejs)_[a-z0-9_]+/g) ?? [];
  return names.map((name) => name.replace(/_(bucket|count|sum)$/, ''));
}

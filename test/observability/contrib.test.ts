/** What is shipped for others: alert rules that fire when they should, a dashboard, systemd units. */

import { spawnSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { findProgram } from '../../scripts/programs.mjs';
import { needs } from '../servers/needs.ts';
import { tempFolder } from '../servers/temp.ts';
import { ALERT_CASES, type Series } from './alert-cases.ts';
import { ALERTS_FILE, CONTRIB, readDashboard, readRules } from './contrib.ts';

const run = (name: string, args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(findProgram(name) ?? name, args, {
    encoding: 'utf8',
  });
  return { status, says: `${stdout}${stderr}` };
};

describe('alert rules', () => {
  test('each says what is wrong, how bad it is, and where is written what to do', async () => {
    const guide = await readFile(join(CONTRIB, '..', 'docs', 'alerts.md'), 'utf8');
    const rules = await readRules();
    expect(rules.length).toBeGreaterThan(15);
    for (const { alert, labels, annotations } of rules) {
      expect(labels['severity']).toMatch(/^(critical|warning|info)$/);
      expect(annotations['summary']).toBeTruthy();
      expect(annotations['description']).toMatch(/\.$/);
      expect(annotations['runbook_url']).toBe(`docs/alerts.md#${alert.toLowerCase()}`);
      const section = guide.split(/^## /m).find((text) => text.startsWith(`${alert}\n`));
      expect(section?.length, `${alert} has a section in docs/alerts.md`).toBeGreaterThan(200);
    }
    const sections = [...guide.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    expect(sections).toEqual(rules.map(({ alert }) => alert));
  });

  test.skipIf(needs('prometheus'))('are in order for promtool', () => {
    expect(run('promtool', ['check', 'rules', ALERTS_FILE])).toMatchObject({ status: 0 });
  });

  test('each has cases', async () => {
    const names = (await readRules()).map(({ alert }) => alert);
    expect(Object.keys(ALERT_CASES).sort()).toEqual(names.sort());
  });

  test.skipIf(needs('prometheus'))('fire when they should, and at no other time', async () => {
    await using folder = await tempFolder();
    const file = join(folder.path, 'cases.yml');
    const tests = Object.entries(ALERT_CASES).flatMap(([alert, { fires, quiet }]) => [
      ...fires.map((series) => toTest(alert, series, true)),
      ...quiet.map((series) => toTest(alert, series, false)),
    ]);
    const content = { rule_files: [ALERTS_FILE], evaluation_interval: '30s', tests };
    await writeFile(file, JSON.stringify(content));
    expect(run('promtool', ['test', 'rules', file])).toMatchObject({ status: 0 });
  });
});

/** One case for promtool: half an hour of samples every 30 s, looked at in the end. */
function toTest(alert: string, series: Series, fires: boolean) {
  return {
    name: `${alert} ${fires ? 'fires' : 'is quiet'}`,
    interval: '30s',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      {
        expr: `count(count by (alertname) (ALERTS{alertname="${alert}",alertstate="firing"}))`,
        eval_time: '30m',
        exp_samples: fires ? [{ labels: '{}', value: 1 }] : [],
      },
    ],
  };
}

describe('dashboard', () => {
  test('has panels that do not lie on one another, each with title, unit and queries', async () => {
    const { panels, schemaVersion, templating } = await readDashboard();
    // What Grafana 9.0 wrote; later ones bring it up to date by themselves.
    expect(schemaVersion).toBe(36);
    expect(templating.list.map(({ name }) => name)).toEqual(['datasource', 'job', 'instance']);
    const taken = new Set<string>();
    const ids = new Set<number>();
    for (const { id, type, title, gridPos, targets, fieldConfig } of panels) {
      expect(ids.has(id)).toBe(false);
      ids.add(id);
      expect(title).not.toBe('');
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
          expect(taken.has(`${x},${y}`), `${title} has its place for itself`).toBe(false);
          taken.add(`${x},${y}`);
        }
      }
      if (type === 'row') continue;
      expect(fieldConfig?.defaults.unit).toBeTruthy();
      expect(targets?.length).toBeGreaterThan(0);
      for (const { expr } of targets ?? [])
        expect(expr).toContain('job=~"$job",instance=~"$instance"');
    }
  });
});

describe('systemd units', () => {
  const UNITS = join(CONTRIB, 'systemd');

  test('give the services no more rights than they need', async () => {
    const names = (await readdir(UNITS)).filter((name) => name.endsWith('.service'));
    expect(names).toEqual([
      'ppalette-grey.service',
      'ppalette-red.service',
      'ppalette-violet@.service',
    ]);
    for (const name of names) {
      const text = await readFile(join(UNITS, name), 'utf8');
      for (const line of ['User=ppalette', 'NoNewPrivileges=yes', 'ProtectSystem=strict']) {
        expect(text).toContain(`\n${line}\n`);
      }
      expect(text).toMatch(/^CapabilityBoundingSet=(CAP_NET_RAW)?$/m);
    }
  });

  test.skipIf(needs('systemd'))('are in order for systemd', async () => {
    await using folder = await tempFolder();
    const files: string[] = [];
    for (const name of await readdir(UNITS)) {
      if (!name.endsWith('.service')) continue;
      const text = await readFile(join(UNITS, name), 'utf8');
      const file = join(folder.path, name.replace('@.', '@5001.'));
      // Node.js may be elsewhere on this machine, and nothing is installed in /opt.
      await writeFile(file, text.replace('/usr/bin/node', process.execPath));
      files.push(file);
    }
    expect(run('systemd-analyze', ['verify', ...files])).toEqual({ status: 0, says: '' });
  });
});

test('the example of scraping is YAML with the jobs that alerts and dashboard expect', async () => {
  const { scrape_configs: jobs } = parse(
    await readFile(join(CONTRIB, 'prometheus', 'scrape.yml'), 'utf8'),
  ) as { scrape_configs: { job_name: string }[] };
  expect(jobs.map(({ job_name: name }) => name)).toEqual([
    'ppalette-red',
    'ppalette-violet',
    'ppalette-grey',
  ]);
});

/** A private Prometheus in a temporary folder, on loopback, that scrapes every second. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram } from '../../scripts/programs.mjs';
import { freePort, startProcess, tempFolder, waitFor } from './temp.ts';

/** What is scraped. */
export interface ScrapeJob {
  readonly job: string;
  /** HOST:PORT. */
  readonly targets: readonly string[];
}

/** A running Prometheus. */
export interface PrometheusServer extends AsyncDisposable {
  /** Calls `/api/v1/...`; the field `data` of the answer. Throws with its error. */
  get<Data>(path: string): Promise<Data>;
}

/** Starts it; resolves when it is ready. `ruleFiles` are absolute paths. */
export async function startPrometheus(
  jobs: readonly ScrapeJob[],
  ruleFiles: readonly string[],
): Promise<PrometheusServer> {
  const folder = await tempFolder();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ruleFiles,
    scrape_configs: jobs.map(({ job, targets }) => ({
      job_name: job,
      static_configs: [{ targets }],
    })),
  };
  // JSON is YAML.
  await writeFile(join(folder.path, 'prometheus.yml'), JSON.stringify(config));
  const server = await startProcess(findProgram('prometheus') ?? 'prometheus', [
    `--config.file=${join(folder.path, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder.path, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  const dispose = async () => {
    await server.stop();
    await folder[Symbol.asyncDispose]();
  };
  try {
    await waitFor('Prometheus', async () => (await fetch(`${url}/-/ready`)).ok, 60_000);
  } catch (error) {
    const output = server.output().slice(-2_000);
    await dispose();
    throw new Error(`Prometheus did not start: ${output}`, { cause: error });
  }
  return {
    async get<Data>(path: string) {
      const answer = (await (await fetch(`${url}/api/v1${path}`)).json()) as {
        status: string;
        error?: string;
        data: Data;
      };
      if (answer.status !== 'success') throw new Error(`${path}: ${answer.error}`);
      return answer.data;
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** In which form a series is sent: what the client asks for, and CSV. */

import { formatInstant } from '../../lib/instant.ts';

/** How a series may be sent. */
export type SeriesForm = 'json' | 'csv' | 'svg' | 'png';

const TYPES: Readonly<Record<SeriesForm, string>> = {
  json: 'application/json',
  csv: 'text/csv',
  svg: 'image/svg+xml',
  png: 'image/png',
};
const FORMS = ['json', 'csv', 'svg', 'png'] as const;

const WITH_ENDING =
  /^(\/api\/v1\/(?:stats\/(?:common|workers\/[^/?]+)|checks\/[^/?]+\/[^/?]+\/perfdata))\.(json|csv|svg|png)(?=\?|$)/;

/**
 * An address of a series with an ending -> the address without it, and what the ending asks for as
 * `Accept`. Null for any other address.
 */
export function readEnding(url: string): { readonly url: string; readonly accept: string } | null {
  const [whole = '', path = '', ending = 'json'] = WITH_ENDING.exec(url) ?? [];
  if (whole === '') return null;
  return { url: path + url.slice(whole.length), accept: TYPES[ending as SeriesForm] };
}

/** The form that `Accept` likes best among ours; JSON when it names none of them. */
export function chooseForm(accept: string | undefined): SeriesForm {
  const wishes = (accept ?? '').split(',').flatMap((part) => {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    const form = FORMS.find((candidate) => isMeant(type, TYPES[candidate]));
    const weight = Number(quality ?? 1);
    return form === undefined || !(weight > 0) ? [] : [{ form, weight }];
  });
  const best = wishes.sort((one, other) => other.weight - one.weight)[0];
  return best?.form ?? 'json';
}

function isMeant(wish: string, type: string): boolean {
  return wish === type || wish === '*/*' || wish === `${type.split('/')[0]}/*`;
}

/** One column of a table. */
export interface CsvColumn {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

/** RFC 4180 with a line of names; unknown values are empty. */
export function formatCsv(
  { startS, stepS }: { readonly startS: number; readonly stepS: number },
  columns: readonly CsvColumn[],
): string {
  const lines = [['time', ...columns.map(({ name }) => quoteName(name))].join(',')];
  const rowCount = Math.max(0, ...columns.map(({ values }) => values.length));
  for (let index = 0; index < rowCount; index++) {
    const time = formatInstant((startS + index * stepS) * 1_000);
    lines.push([time, ...columns.map(({ values }) => values[index] ?? '')].join(','));
  }
  return `${lines.join('\r\n')}\r\n`;
}

/** Plugins choose names, and spreadsheets take some beginnings for a formula. */
function quoteName(name: string): string {
  const safe = /^[=+\-@\t\r]/.test(name) ? `'${name}` : name;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

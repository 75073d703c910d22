/** Everything that documents can say of a site, as the server has it. */

import { DEPENDENCY } from './dependency-kind.ts';
import type { DocumentKind } from './documents.ts';
import type { Kind } from './kind.ts';
import { HOST, PLUGIN, SUBNET, SUITE } from './kinds.ts';
import { fetchList, MAX_PAGE_SIZE } from './listing.ts';
import type { Session } from './session.ts';
import type { Site, SiteObject } from './site-changes.ts';
import { TIMEPERIOD } from './timeperiod-kind.ts';

const KINDS: Readonly<Record<DocumentKind, Kind>> = {
  timeperiod: TIMEPERIOD,
  suite: SUITE,
  plugin: PLUGIN,
  subnet: SUBNET,
  host: HOST,
  dependency: DEPENDENCY,
};
/** More than any site has. */
const MAX_OBJECTS = 10_000_000;

/** Reads all objects. */
export async function readSite(session: Session): Promise<Site> {
  const read = async (kind: DocumentKind) => {
    const client = await session.connect();
    const part = { query: {}, limit: MAX_OBJECTS, pageSize: MAX_PAGE_SIZE };
    const { items } = await fetchList(client, KINDS[kind], part);
    return new Map((items as readonly SiteObject[]).map((item) => [item.name, item]));
  };
  const [timeperiod, suite, plugin, subnet, host, dependency] = await Promise.all([
    read('timeperiod'),
    read('suite'),
    read('plugin'),
    read('subnet'),
    read('host'),
    read('dependency'),
  ]);
  return { timeperiod, suite, plugin, subnet, host, dependency };
}

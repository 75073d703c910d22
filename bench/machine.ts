/** What is measured on. */

import { cpus } from 'node:os';
import { join } from 'node:path';

/** Where Debian has the plugins of monitoring-plugins. */
export const PLUGIN_FOLDER = '/usr/lib/nagios/plugins';

/** The plugin that does nothing. */
export const CHECK_DUMMY = join(PLUGIN_FOLDER, 'check_dummy');

/** The one that connects. */
export const CHECK_TCP = join(PLUGIN_FOLDER, 'check_tcp');

/** For the results. */
export const MACHINE = { cores: cpus().length, model: cpus()[0]?.model, node: process.version };

/** Options of a plugin that say when its checks run, and what becomes of their results. */

import type { PluginInput } from '../contract/plugins.ts';
import type { FieldOption } from './kind.ts';

/** Of plugins and of hosts. */
export const EVENT_HANDLER_OPTION = {
  field: 'eventHandler',
  flags: '--event-handler <command>',
  reads: 'text',
  help: "script and arguments run when the state changes: 'mend $HOSTNAME$'",
} as const;

/** Of plugins and of hosts. */
export const EVENT_HANDLER_PERIOD_OPTION = {
  field: 'eventHandlerPeriod',
  flags: '--event-handler-period <name>',
  reads: 'clearable',
  help: 'time period in which event handlers run; empty: always',
} as const;

/** In the order of help. */
export const CHECK_CONTROL_OPTIONS: readonly FieldOption<keyof PluginInput & string>[] = [
  EVENT_HANDLER_OPTION,
  EVENT_HANDLER_PERIOD_OPTION,
  {
    field: 'checkPeriod',
    flags: '--check-period <name>',
    reads: 'clearable',
    help: 'time period in which its checks run; empty: always',
  },
  {
    field: 'activeChecks',
    flags: '--active-checks <on|off>',
    reads: 'onOff',
    help: 'whether its checks run by themselves',
  },
  {
    field: 'passiveChecks',
    flags: '--passive-checks <on|off>',
    reads: 'onOff',
    help: 'whether results from outside are taken',
  },
  {
    field: 'freshness',
    flags: '--freshness <duration>',
    reads: 'seconds',
    isClearable: true,
    help: 'age of a result at which a check is forced; 0: from the interval; none: never',
  },
];

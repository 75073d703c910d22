/** Scripts that run when a state changes, over HTTP. */

import Type from 'typebox';
import { Name } from './common.ts';

/** The command of an event handler. */
export const EventHandler = Type.String({
  pattern: '^([A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}([ \\t][^\\u0000]*)?)?$',
  maxLength: 2_000,
  default: '',
  description:
    'Script of the plugin folders with its arguments, split by shell rules without a shell, which a ' +
    'worker of the zone runs when the state changes; may hold macros as $SERVICESTATE$; empty: none',
});

/** When event handlers run. */
export const EventHandlerPeriod = Type.Union([Name, Type.Null()], {
  default: null,
  description: 'Time period in which event handlers run, those of the site too; null: always',
});

/** When checks run by themselves, whether they do, and what becomes of results, as their plugin says. */

/** The control of a plugin's checks. */
export interface CheckControl {
  /** The time period in which the schedule runs them; null: always. */
  readonly checkPeriod: string | null;
  /** The time period in which event handlers run; null: always. */
  readonly eventHandlerPeriod: string | null;
  /** Whether the schedule runs them; they can be run by hand all the same. */
  readonly activeChecks: boolean;
  /** Whether results from outside are taken. */
  readonly passiveChecks: boolean;
  /** Age of a result at which a check is forced; 0: computed from the interval; null: never. */
  readonly freshnessMs: number | null;
}

/** What a plugin has that says nothing else. */
export const DEFAULT_CONTROL: CheckControl = {
  checkPeriod: null,
  eventHandlerPeriod: null,
  activeChecks: true,
  passiveChecks: true,
  freshnessMs: null,
};

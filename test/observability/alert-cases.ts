/** When each alert fires and when not: series of half an hour, a sample every 30 s. */

/** Samples by series, in promtool's short form: `0+1x60` is 0, 1 ... 60. */
export type Series = Readonly<Record<string, string>>;

interface AlertCase {
  readonly fires: readonly Series[];
  readonly quiet: readonly Series[];
}

const FLAT = (value: number) => `${value}+0x60`;
const RISING = (by: number) => `0+${by}x60`;

const LATENESS = 'ppalette_red_schedule_lateness_seconds_bucket';
const API = 'ppalette_red_api_request_seconds_count';

/** By the name of the alert. */
export const ALERT_CASES: Readonly<Record<string, AlertCase>> = {
  PpaletteDown: {
    fires: [{ 'up{job="ppalette-violet",instance="w1:5001"}': FLAT(0) }],
    quiet: [
      { 'up{job="ppalette-violet",instance="w1:5001"}': FLAT(1) },
      { 'up{job="other",instance="w1:1"}': FLAT(0) },
      // One minute is a restart.
      { 'up{job="ppalette",instance="a"}': '1+0x58 0 0' },
    ],
  },
  PpaletteNoScheduler: {
    fires: [
      {
        'ppalette_red_lease_held{instance="a"}': FLAT(0),
        'ppalette_red_lease_held{instance="b"}': FLAT(0),
      },
      // It is gone, and its series with it.
      { 'ppalette_red_lease_held{instance="a"}': '1+0x40' },
    ],
    quiet: [
      {
        'ppalette_red_lease_held{instance="a"}': FLAT(0),
        'ppalette_red_lease_held{instance="b"}': FLAT(1),
      },
    ],
  },
  PpaletteLeaseChanges: {
    fires: [
      { 'ppalette_red_lease_held{instance="a"}': '1 0 1+0x40 0 1 0 1 1 1 1 1 1 1 1 1 1 1 1 1' },
    ],
    quiet: [{ 'ppalette_red_lease_held{instance="a"}': '0+0x40 1+0x19' }],
  },
  PpaletteNoWorkerInZone: {
    fires: [
      {
        'ppalette_red_zone_workers{zone="default"}': FLAT(2),
        'ppalette_red_zone_workers{zone="dmz"}': FLAT(0),
      },
    ],
    quiet: [{ 'ppalette_red_zone_workers{zone="default"}': FLAT(1) }],
  },
  PpaletteScheduleLate: {
    fires: [
      {
        [`${LATENESS}{le="1"}`]: RISING(50),
        [`${LATENESS}{le="5"}`]: RISING(100),
        [`${LATENESS}{le="+Inf"}`]: RISING(100),
      },
    ],
    quiet: [
      {
        [`${LATENESS}{le="0.1"}`]: RISING(100),
        [`${LATENESS}{le="5"}`]: RISING(100),
        [`${LATENESS}{le="+Inf"}`]: RISING(100),
      },
    ],
  },
  PpaletteChecksMissed: {
    fires: [
      {
        ppalette_red_requests_total: RISING(100),
        'ppalette_red_missed_checks_total{reason="expired"}': RISING(2),
      },
      // Nothing could be sent at all.
      {
        ppalette_red_requests_total: FLAT(7),
        'ppalette_red_missed_checks_total{reason="broker"}': RISING(10),
      },
    ],
    quiet: [
      {
        ppalette_red_requests_total: RISING(1_000),
        'ppalette_red_missed_checks_total{reason="expired"}': RISING(2),
      },
      {
        ppalette_red_requests_total: FLAT(7),
        'ppalette_red_missed_checks_total{reason="expired"}': FLAT(0),
      },
    ],
  },
  PpaletteWorkersBusy: {
    fires: [
      {
        'ppalette_violet_slots{instance="w",kind="program"}': FLAT(10),
        'ppalette_violet_slots_in_use{instance="w",kind="program"}': FLAT(10),
        'ppalette_violet_waiting_requests{instance="w",kind="program"}': FLAT(5),
      },
    ],
    quiet: [
      // What is free for one kind of checks is no slot for the other.
      {
        'ppalette_violet_slots{instance="w",kind="program"}': FLAT(10),
        'ppalette_violet_slots_in_use{instance="w",kind="program"}': FLAT(5),
        'ppalette_violet_waiting_requests{instance="w",kind="program"}': FLAT(0),
        'ppalette_violet_slots{instance="w",kind="light"}': FLAT(10),
        'ppalette_violet_slots_in_use{instance="w",kind="light"}': FLAT(10),
        'ppalette_violet_waiting_requests{instance="w",kind="light"}': FLAT(0),
      },
      {
        'ppalette_violet_slots{instance="w",kind="program"}': FLAT(10),
        'ppalette_violet_slots_in_use{instance="w",kind="program"}': FLAT(10),
        'ppalette_violet_waiting_requests{instance="w",kind="program"}': FLAT(0),
      },
    ],
  },
  PpaletteSpawnFailures: {
    fires: [{ 'ppalette_violet_spawn_failures_total{instance="w",reason="missing"}': RISING(1) }],
    quiet: [{ 'ppalette_violet_spawn_failures_total{instance="w",reason="missing"}': FLAT(9) }],
  },
  PpaletteDeadLetters: {
    fires: [{ 'ppalette_red_queue_messages{queue="dead"}': FLAT(1) }],
    quiet: [
      {
        'ppalette_red_queue_messages{queue="dead"}': FLAT(0),
        'ppalette_red_queue_messages{queue="results.0"}': FLAT(5),
      },
    ],
  },
  PpaletteResultsNotStored: {
    fires: [
      { ppalette_grey_store_failures_total: RISING(1) },
      { 'ppalette_red_queue_messages{queue="results.3"}': FLAT(6_000) },
      {
        'ppalette_violet_checks_total{outcome="exited"}': RISING(10),
        ppalette_grey_results_total: FLAT(100),
      },
      { 'ppalette_violet_checks_total{outcome="exited"}': RISING(10) },
    ],
    quiet: [
      {
        'ppalette_violet_checks_total{outcome="exited"}': RISING(10),
        ppalette_grey_results_total: RISING(10),
        ppalette_grey_store_failures_total: FLAT(4),
        'ppalette_red_queue_messages{queue="results.3"}': FLAT(60),
      },
    ],
  },
  PpaletteResultsHeld: {
    fires: [{ 'ppalette_violet_unsent_results{instance="w"}': FLAT(500) }],
    quiet: [{ 'ppalette_violet_unsent_results{instance="w"}': FLAT(20) }],
  },
  PpaletteDatabaseAway: {
    fires: [{ 'ppalette_database_available{instance="a"}': '1+0x50 0+0x9' }],
    quiet: [{ 'ppalette_database_available{instance="a"}': '1+0x50 0 1+0x8' }],
  },
  PpaletteBrokerAway: {
    fires: [{ 'ppalette_broker_available{instance="a"}': FLAT(0) }],
    quiet: [{ 'ppalette_broker_available{instance="a"}': FLAT(1) }],
  },
  PpaletteStatisticsNotWritten: {
    fires: [
      { 'ppalette_rrd_available{instance="a"}': FLAT(0) },
      { 'ppalette_rrd_failures_total{operation="update",instance="a"}': RISING(3) },
    ],
    quiet: [
      {
        'ppalette_rrd_available{instance="a"}': FLAT(1),
        'ppalette_rrd_failures_total{operation="update",instance="a"}': FLAT(3),
        'ppalette_rrd_failures_total{operation="fetch",instance="a"}': RISING(1),
      },
    ],
  },
  PpaletteRestarts: {
    fires: [
      {
        'process_start_time_seconds{job="ppalette-red",instance="a"}':
          '0+0x20 600+0x10 900+0x10 1200+0x16',
      },
    ],
    quiet: [{ 'process_start_time_seconds{job="ppalette-red",instance="a"}': '0+0x20 600+0x38' }],
  },
  PpaletteEventLoopBlocked: {
    fires: [{ 'nodejs_eventloop_lag_p99_seconds{job="ppalette",instance="a"}': FLAT(2) }],
    quiet: [{ 'nodejs_eventloop_lag_p99_seconds{job="ppalette",instance="a"}': '0+0x55 2 0+0x3' }],
  },
  PpaletteApiErrors: {
    fires: [{ [`${API}{status="2xx"}`]: RISING(80), [`${API}{status="5xx"}`]: RISING(20) }],
    quiet: [{ [`${API}{status="2xx"}`]: RISING(80), [`${API}{status="4xx"}`]: RISING(20) }],
  },
  PpaletteCheckSeriesLeftOut: {
    fires: [{ ppalette_red_check_series_left_out: FLAT(3) }],
    quiet: [{ ppalette_red_check_series_left_out: FLAT(0) }],
  },
};

/**
 * What the API and the dashboard read beside a specification's document: where its channels are.
 */
import { withoutPassword } from '#domain/specification/password.js';
import type { ChannelState } from '#protocol/api/specification.js';
import type { Database, Row } from './database.js';
import { iso } from './reading.js';

export interface Watched {
  readonly channels: readonly ChannelState[];
  readonly nextPollAt: string | null;
}

interface StateRow extends Row {
  specification_id: number;
  next_poll_at: Date;
  channel: string | null;
  url: string;
  branch: string;
  revision: string | null;
  fetched_at: Date | null;
  error_code: string | null;
  error_message: string | null;
  error_since: Date | null;
  failures: number;
  rewound_from: string | null;
  rewound_at: Date | null;
  via: string | null;
}

export class SpecificationQueries {
  constructor(private readonly database: Database) {}

  /** By id of the specification; channels that were never fetched have no state yet. */
  async watched(specifications: readonly number[]): Promise<Map<number, Watched>> {
    const rows = await this.database.query<StateRow>(
      `select s.id as specification_id, s.next_poll_at, c.channel, c.url, c.branch, c.revision,
              c.fetched_at, c.error_code, c.error_message, c.error_since, c.failures,
              c.rewound_from, c.rewound_at, c.via
         from specifications s left join channel_states c on c.specification_id = s.id
        where s.id = any($1) order by c.channel`,
      [specifications],
    );
    const watched = new Map<number, Watched>();
    for (const row of rows) {
      const before = watched.get(row.specification_id)?.channels ?? [];
      watched.set(row.specification_id, {
        channels: row.channel === null ? before : [...before, stateOf(row)],
        nextPollAt: iso(row.next_poll_at),
      });
    }
    return watched;
  }
}

function stateOf(row: StateRow): ChannelState {
  return {
    name: row.channel ?? '',
    url: withoutPassword(row.url),
    branch: row.branch,
    revision: row.revision,
    fetchedAt: iso(row.fetched_at),
    error:
      row.error_code === null
        ? null
        : {
            code: row.error_code,
            message: row.error_message ?? '',
            since: iso(row.error_since),
            failures: row.failures,
          },
    rewound: row.rewound_from === null ? null : { from: row.rewound_from, at: iso(row.rewound_at) },
    via: row.via,
  };
}

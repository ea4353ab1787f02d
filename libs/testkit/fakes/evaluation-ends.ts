/** Ends of readings in the fake database; what they mean for builds is left as intents. */
import type {
  EvaluationEnd,
  EvaluationLease,
  EvaluationLeases,
} from '#application/ports/evaluation-leases.js';
import type { EvaluationRow } from '../farm-subject.js';
import type { FakeFarmDatabase } from './farm-database.js';
import { ask } from './intent-store.js';
import { isLiveRow } from './need-walk.js';

export class FakeEvaluationEnds implements Pick<EvaluationLeases, 'finish'> {
  constructor(private readonly database: FakeFarmDatabase) {}

  finish({ evaluation, fence }: EvaluationLease, { status }: EvaluationEnd): Promise<boolean> {
    return this.database.transaction(() => {
      const { evaluations } = this.database;
      const row = evaluations.find(evaluation);
      if (row?.fence !== fence || row.status !== 'started') return false;
      evaluations.patch(row, { status, fence: null });
      if (status === 'succeeded') this.supersede(row);
      else ask(this.database, { kind: 'cancel', reason: 'evaluation-failed', evaluation });
      return true;
    });
  }

  private supersede({ id, specification }: EvaluationRow): void {
    const { evaluations, specifications, now } = this.database;
    if (specifications.find(specification)?.superseded !== 'cancel') return;
    for (const older of evaluations.all()) {
      const isOlder = older.specification === specification && older.id < id;
      if (!isOlder || !isLiveRow(older)) continue;
      const status = older.status === 'started' ? 'aborted' : older.status;
      evaluations.patch(older, { status, canceledAt: now, fence: null });
      ask(this.database, { kind: 'cancel', reason: 'superseded', evaluation: older.id });
    }
  }
}

/** Which evaluations another one is compared with: each is one step down an index. */
import type { AgainstChoice, AgainstWord, EvaluationMention } from '#protocol/api/difference.js';
import type { Database, Row } from './database.js';
import { iso } from './reading.js';
import { wasNotCut } from './whole-evaluations.js';

interface MentionRow extends Row {
  readonly id: number;
  readonly specification: string;
  readonly started_at: Date;
}

interface ChoiceRow extends MentionRow {
  readonly word: AgainstWord;
}

/** Read to their end, and not cut short: what they tell is whole. */
const isWhole = `e.status = 'succeeded' and e.pruned_at is null and ${wasNotCut}`;
const mention = 'e.id, s.name as specification, e.started_at';

const choices = `
  select k.word, ${mention}
    from evaluations of join specifications s on s.id = of.specification_id
   cross join (values ('previous', interval '0', 1), ('day', interval '1 day', 2),
                      ('week', interval '7 days', 3), ('month', interval '30 days', 4)
              ) k (word, age, position)
   cross join lateral (
     select e.id, e.started_at from evaluations e
      where e.specification_id = of.specification_id and e.id < of.id and ${isWhole}
        and e.started_at <= of.started_at - k.age
      order by e.id desc limit 1) e
   where of.id = $1 order by k.position`;

const ofSpecification = `
  select ${mention} from specifications s cross join lateral (
     select e.id, e.started_at from evaluations e
      where e.specification_id = s.id and ${isWhole} order by e.id desc limit 1) e
   where s.name = $1 and s.archived_at is null`;

const byId = `
  select ${mention} from evaluations e join specifications s on s.id = e.specification_id
   where e.id = $1 and e.pruned_at is null`;

export class AgainstQueries {
  constructor(private readonly database: Database) {}

  /** The previous one first; those that are the same are told with each word. */
  async choices(evaluation: number): Promise<AgainstChoice[]> {
    const rows = await this.database.query<ChoiceRow>(choices, [evaluation]);
    return rows.map((row) => ({ word: row.word, evaluation: mentionOf(row) }));
  }

  async newestOf(specification: string): Promise<EvaluationMention | null> {
    const [row] = await this.database.query<MentionRow>(ofSpecification, [specification]);
    return row ? mentionOf(row) : null;
  }

  /** Null also for one whose jobs are gone. */
  async byId(evaluation: number): Promise<EvaluationMention | null> {
    const [row] = await this.database.query<MentionRow>(byId, [evaluation]);
    return row ? mentionOf(row) : null;
  }
}

function mentionOf(row: MentionRow): EvaluationMention {
  return {
    id: String(row.id),
    specification: row.specification,
    startedAt: iso(row.started_at),
  };
}

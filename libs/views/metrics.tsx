/** What the farm measures of itself: how fast it reads, builds, and how much of it fails. */
import type { MetricKind } from '#domain/weather/metrics.js';
import type { MetricAnswer } from '#protocol/api/metric.js';
import { page } from './layout.js';
import { BarChart } from './chart.js';
import { Empty, Table } from './parts.js';

/** So many lines of days and evaluations; programs read the rest. */
const shown = 30;

type Values = ReadonlyMap<MetricKind, ReadonlyMap<string, number>>;

interface Sheet {
  readonly title: string;
  readonly of: string;
  /** Whether each column is drawn: its fields have an order, or are few. */
  readonly charts?: boolean;
  readonly columns: readonly (readonly [kind: MetricKind, head: string])[];
}

const sheets: readonly Sheet[] = [
  {
    title: 'Evaluations',
    of: 'Specification',
    columns: [
      ['evaluation-seconds-last-10', 'Seconds, last 10'],
      ['evaluation-seconds-last-100', 'last 100'],
      ['evaluation-seconds-all', 'all'],
      ['failed-evaluations-percent-last-10', '% failed, last 10'],
      ['failed-evaluations-percent-last-100', 'last 100'],
      ['failed-evaluations-percent-all', 'all'],
    ],
  },
  {
    title: 'Days',
    charts: true,
    of: 'Day (UTC)',
    columns: [
      ['builds-ended-on-day', 'Builds ended'],
      ['builds-pending-on-day', 'Builds waiting'],
      ['derivations-new-on-day', 'New derivations'],
    ],
  },
  {
    title: 'Builds of evaluations',
    charts: true,
    of: 'Evaluation',
    columns: [
      ['evaluation-seconds-until-builds-start', 'Seconds until a build starts'],
      ['evaluation-seconds-until-builds-end', 'Seconds until all have ended'],
      ['evaluation-builds-per-hour', 'Builds an hour'],
    ],
  },
  {
    title: 'Workers',
    charts: true,
    of: 'Worker',
    columns: [['worker-builds-last-day', 'Builds in the last day']],
  },
];

export function metricsPage(metrics: readonly MetricAnswer[]): string {
  const values = valuesOf(metrics);
  return page(
    { title: 'Metrics', here: '/metrics', json: '/api/v1/metrics' },
    <>
      <h1>Metrics</h1>
      {metrics.length === 0 ? (
        <Empty>Nothing has been measured yet: it is once an hour.</Empty>
      ) : null}
      {sheets.map((sheet) => (
        <Sheet sheet={sheet} values={values} />
      ))}
    </>,
  );
}

function Sheet({ sheet, values }: { sheet: Sheet; values: Values }) {
  const fields = fieldsOf(sheet, values).slice(0, shown);
  if (fields.length === 0) return null;
  return (
    <section>
      <h2>{sheet.title}</h2>
      {sheet.charts === true ? <Charts sheet={sheet} values={values} /> : null}
      <Table head={[sheet.of, ...sheet.columns.map(([, head]) => head)]}>
        {fields.map((field) => (
          <tr>
            <td>{field}</td>
            {sheet.columns.map(([kind]) => (
              <td>{figure(values.get(kind)?.get(field))}</td>
            ))}
          </tr>
        ))}
      </Table>
    </section>
  );
}

/** From left to right as time goes, or as names are sorted. */
const drawn = 90;

function Charts({ sheet, values }: { sheet: Sheet; values: Values }) {
  const fields = fieldsOf(sheet, values).slice(0, drawn);
  const ordered = /^\d/.test(fields[0] ?? '') ? fields.toReversed() : fields;
  return (
    <>
      {sheet.columns.map(([kind, head]) => {
        const of = values.get(kind);
        const known = ordered.filter((field) => of?.has(field));
        return (
          <BarChart
            title={head}
            head={[sheet.of, head]}
            bars={known.map((field) => ({
              label: field,
              value: of!.get(field)!,
              told: figure(of!.get(field)),
              tone: 'busy',
            }))}
          />
        );
      })}
    </>
  );
}

function valuesOf(metrics: readonly MetricAnswer[]): Values {
  const values = new Map<MetricKind, Map<string, number>>();
  for (const { kind, field, value } of metrics) {
    const fields = values.get(kind) ?? new Map<string, number>();
    values.set(kind, fields.set(field, value));
  }
  return values;
}

/** Days and evaluations from the newest on, names by the alphabet. */
function fieldsOf({ columns }: Sheet, values: Values): string[] {
  const fields = new Set(columns.flatMap(([kind]) => [...(values.get(kind)?.keys() ?? [])]));
  const sorted = [...fields].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return /^\d/.test(sorted[0] ?? '') ? sorted.reverse() : sorted;
}

function figure(value: number | undefined): string {
  if (value === undefined) return '–';
  return value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 1 : 0 });
}

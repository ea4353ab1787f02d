/** A job that broke or was mended, and the sentence in which everybody is told of it. */
import type { BuildId, EvaluationId, WeatherChangeId } from '../ids.js';

export type ChangeKind = 'broken' | 'fixed';

/** Of the weathers, those that are a change. */
export type ChangeWeather = 'new-success' | 'new-failure';

export interface WeatherChange {
  readonly id: WeatherChangeId;
  readonly specification: string;
  readonly evaluation: EvaluationId;
  readonly build: BuildId;
  readonly job: string;
  readonly system: string;
  readonly kind: ChangeKind;
  readonly at: Date;
}

export function kindOf(weather: ChangeWeather): ChangeKind {
  return weather === 'new-success' ? 'fixed' : 'broken';
}

/** In Cuirass's words, which filters of mail and readers of feeds know. */
export function changeSentence({
  job,
  specification,
  kind,
}: Pick<WeatherChange, 'job' | 'specification' | 'kind'>): string {
  return `Build ${job} on ${specification} is ${kind}.`;
}

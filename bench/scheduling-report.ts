/** The figures of the scheduler that no floor contends with, as tables of text. */
import { fairness } from './fairness.js';
import { plannerFootprint } from './critical-path.js';
import { farms, knowledges, makespanRatio, targetOf } from './makespan.js';

export async function makespanReport(): Promise<string> {
  const rows = farms.map((farm) => {
    const name = `${farm.shape} ${farm.workers}${farm.mixed ? ' mixed' : ''}`;
    const cells = knowledges.map((knowledge) => {
      const ratio = makespanRatio(farm, knowledge);
      const target = targetOf(farm, knowledge);
      const word = target === null ? '' : ratio <= target ? ' kept' : ` MISSED ${target}`;
      return `${ratio.toFixed(3)}${word}`.padEnd(20);
    });
    return `${name.padEnd(20)}${cells.join('').trimEnd()}\n`;
  });
  const head = ['makespan ÷ LB2'.padEnd(20), ...knowledges.map((one) => one.padEnd(20))];
  return `${head.join('').trimEnd()}\n${rows.join('')}`;
}

export async function fairnessReport(): Promise<string> {
  const { jain, shareError, slowdown } = fairness();
  const word = (kept: boolean): string => (kept ? 'kept' : 'MISSED');
  const error = (shareError * 100).toFixed(1);
  const late = slowdown.toFixed(2);
  return [
    'fairness, shares 1:2:4',
    `  Jain index ${jain.toFixed(4)} (≥ 0.99 ${word(jain >= 0.99)})`,
    `  share error ${error} % (≤ 6 % ${word(shareError <= 0.06)})`,
    `  a late small specification takes ${late} × its time (≤ 1.3 ${word(slowdown <= 1.3)})`,
    '',
  ].join('\n');
}

export async function footprintReport(): Promise<string> {
  const { builds, edges, ...print } = await plannerFootprint();
  const [arrays, resident] = [print.arrayMegabytes, print.residentMegabytes].map(Math.round);
  const [load, plan] = [print.loadSeconds, print.planMillis].map((one) => one.toFixed(1));
  return [
    `planner of ${builds} builds and ${edges} edges`,
    `  typed arrays ${arrays} MB, resident ${resident} MB`,
    `  loaded in ${load} s, an idle plan takes ${plan} ms`,
    '',
  ].join('\n');
}

import { describe, expect, it } from '@jest/globals';
import { buildsToReschedule, type DemandedBuild } from './renewed-demand.js';

function build(id: number, status: DemandedBuild['status'], ...inputs: number[]): DemandedBuild {
  return { id, status, inputs };
}

describe('a build that is needed again', () => {
  it('is scheduled again when it was canceled or the farm failed it', () => {
    const builds = [build(1, 'canceled'), build(2, 'failed-other'), build(3, 'started')];
    expect(buildsToReschedule(builds)).toEqual([1, 2]);
  });

  it('is tried again when its failure is forgiven, and waits for a person in quarantine', () => {
    const builds = [
      { ...build(1, 'failed'), forgiven: true },
      build(2, 'failed-dependency', 1),
      { ...build(3, 'failed-other'), quarantined: true },
      build(4, 'failed-dependency', 3),
    ];
    expect(buildsToReschedule(builds)).toEqual([1, 2]);
  });

  it('stays failed when its package failed, and so does what needs it', () => {
    const builds = [build(1, 'failed'), build(2, 'failed-dependency', 1), build(3, 'scheduled', 2)];
    expect(buildsToReschedule(builds)).toEqual([]);
  });

  it('rises again with the input that took it down', () => {
    const builds = [
      build(1, 'failed-other'),
      build(2, 'failed-dependency', 1),
      build(3, 'failed-dependency', 2),
      build(4, 'failed'),
      build(5, 'failed-dependency', 3, 4),
    ];
    expect(buildsToReschedule(builds)).toEqual([1, 2, 3]);
  });
});

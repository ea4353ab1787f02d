/**
 * The JSON objects of Cuirass's API. No number and no list is ever null, since its clients raise on
 * it; an unknown time is 0. What is ours alone stands in keys of its own.
 */
import type { CuirassBuild } from '#adapters/postgres/cuirass-builds.js';
import type {
  CuirassCheckout,
  CuirassEvaluation,
  CuirassHistory,
} from '#adapters/postgres/cuirass-evaluations.js';
import {
  buildNumber,
  evaluationNumber,
  weatherNumber,
} from '#adapters/postgres/cuirass-numbers.js';
import { isFinal } from '#domain/build/status.js';
import type { Notification } from '#domain/specification/notification.js';
import { withoutPassword } from '#domain/specification/password.js';
import type { Selection } from '#domain/specification/selection.js';
import type { Specification } from '#domain/specification/specification.js';
import type { Weather } from '#domain/weather/weather.js';

export function buildObject(build: CuirassBuild, weather: Weather): object {
  const finished = isFinal(build.status);
  return {
    id: build.id,
    evaluation: build.evaluation,
    jobset: build.specification,
    job: build.job,
    timestamp: seconds(finished ? (build.endedAt ?? build.scheduledAt) : build.scheduledAt),
    starttime: seconds(build.startedAt),
    stoptime: seconds(build.endedAt),
    derivation: build.derivation,
    buildoutputs: Object.fromEntries(build.outputs.map(({ name, path }) => [name, { path }])),
    system: build.system,
    nixname: build.name,
    buildstatus: buildNumber(build.status),
    weather: weatherNumber(weather),
    busy: build.status === 'started' ? 1 : 0,
    priority: build.priority,
    finished: finished ? 1 : 0,
    buildproducts: build.products.map(({ id, type, path, size }) => ({
      ...{ id, type, path },
      'file-size': size,
    })),
    ...(build.reason !== null && { reason: build.reason }),
  };
}

/** `input` is what clients of 2018 read; nobody is told where checkouts lie. */
export function checkoutObject({ channel, revision }: CuirassCheckout): object {
  return { commit: revision, channel, directory: '', input: channel };
}

export function evaluationObject(evaluation: CuirassEvaluation): object {
  const begun = seconds(evaluation.startedAt);
  return {
    id: evaluation.id,
    specification: evaluation.specification,
    status: evaluationNumber(evaluation.status),
    timestamp: begun,
    checkouttime: begun,
    evaltime: seconds(evaluation.endedAt),
    checkouts: evaluation.checkouts.map(checkoutObject),
    'in-progress': evaluation.status === 'started',
  };
}

export function historyObject({ evaluation, checkouts, jobs }: CuirassHistory): object {
  return {
    evaluation,
    checkouts: checkouts.map(checkoutObject),
    jobs: jobs.map(({ name, build, status }) => ({ name, build, status: buildNumber(status) })),
  };
}

export function specificationObject(specification: Specification): object {
  const { name, channels, selection, buildOutputs = [], notifications = [] } = specification;
  const { period, priority, systems } = specification;
  return {
    name,
    build: selectionObject(selection),
    channels: channels.map((channel) => ({
      name: channel.name,
      url: withoutPassword(channel.url),
      branch: channel.branch,
      commit: channel.commit ?? false,
    })),
    'build-outputs': buildOutputs.map(({ job, type, output, path }) => ({
      ...{ job, type, output, path },
    })),
    notifications: notifications.flatMap(notificationObject),
    ...{ period, priority, systems },
  };
}

/** What has no name there is told as its word for all that it does not name. */
function selectionObject(selection: Selection): string | object {
  if ('set' in selection) return selection.set;
  const listed = 'packages' in selection || 'channels' in selection || 'manifests' in selection;
  return listed ? selection : 'custom';
}

/** Outgoing webhooks are not Cuirass's, and nobody's to know. */
function notificationObject(notification: Notification): object[] {
  switch (notification.type) {
    case 'email': {
      const { type, from, to, server } = notification;
      return [{ type, from, to, server: withoutPassword(server) }];
    }
    case 'mastodon':
      return [{ type: notification.type }];
    default:
      return [];
  }
}

function seconds(time: Date | null): number {
  return time === null ? 0 : Math.floor(time.getTime() / 1000);
}

/**
 * Prints specifications as a file that Cuirass's users know, and that reads back as the same
 * documents. Fields that only this farm has are printed when they differ from their defaults.
 */
import {
  type Datum,
  boolean,
  form,
  keyword,
  list,
  number,
  printScheme,
  quoted,
  string,
  symbol,
} from '#formats/scheme.js';
import { keptUnlessTold } from '../../retention/kept-evaluations.js';
import type { Notification } from '../notification.js';
import { isFileSelection, type Selection } from '../selection.js';
import type { Channel, Specification } from '../specification.js';

const width = 100;

/** Ends with a line feed. */
export function printSpecifications(specifications: readonly Specification[]): string {
  return `${printScheme(form('list', ...specifications.map(datumOf)), width)}\n`;
}

function datumOf(specification: Specification): Datum {
  const { name, backend, channels, selection, systems, priority, period } = specification;
  const { share, maxRunning, limits, active, superseded, trust, keep } = specification;
  const { buildOutputs, notifications } = specification;
  const fields: (Datum | null)[] = [
    form('name', string(name)),
    backend === 'guix' ? null : form('backend', quoted(symbol(backend))),
    form('build', quoted(selectionDatum(selection))),
    form('channels', form('list', ...channels.map(channelDatum))),
    form('systems', quoted(list(systems.map((system) => string(system))))),
    unless(9, priority, (value) => form('priority', number(value))),
    unless(0, period, (value) => form('period', number(value))),
    active ? null : form('is-active?', boolean(false)),
    buildOutputs && form('build-outputs', listed(buildOutputs.map(outputDatum))),
    notifications && form('notifications', listed(notifications.map(notificationDatum))),
    unless(100, share, (value) => form('share', number(value))),
    unless(undefined, maxRunning, (value) => form('max-running', number(value))),
    unless(undefined, limits.timeoutSeconds, (value) => form('timeout', number(value))),
    unless(undefined, limits.maxSilentSeconds, (value) => form('max-silent-time', number(value))),
    unless('keep', superseded, (value) => form('superseded', quoted(symbol(value)))),
    unless(undefined, trust, (value) => form('trust', quoted(symbol(value)))),
    unless(keptUnlessTold, keep, (value) => form('keep', number(value))),
  ].map((field) => field ?? null);
  return form('specification', ...fields.filter((field) => field !== null));
}

function unless<T extends string | number>(
  usual: T | undefined,
  value: T | undefined,
  print: (value: T) => Datum,
): Datum | null {
  return value === usual || value === undefined ? null : print(value);
}

function listed(items: readonly Datum[]): Datum {
  return items.length === 0 ? quoted(list([])) : form('list', ...items);
}

function selectionDatum(selection: Selection): Datum {
  if (isFileSelection(selection)) {
    const { file, attribute, channel } = selection;
    const options = [
      ...(attribute === undefined ? [] : [keyword('attribute'), string(attribute)]),
      ...(channel === undefined ? [] : [keyword('channel'), string(channel)]),
    ];
    return form('file', string(file), ...options);
  }
  if ('set' in selection) return symbol(selection.set);
  if ('packages' in selection) return form('packages', ...selection.packages.map(plain));
  if ('channels' in selection) return form('channels', ...selection.channels.map(named));
  if ('manifests' in selection) return form('manifests', ...selection.manifests.map(plain));
  if ('custom' in selection) {
    const modules = selection.custom.map((words) => list(words.split(' ').map(named)));
    return form('custom', ...modules);
  }
  const { manifest, formats } = selection.packs;
  return form('packs', string(manifest), ...formats.map(named));
}

/** As arguments of a map, which passes an index too. */
function plain(text: string): Datum {
  return string(text);
}

function named(name: string): Datum {
  return symbol(name);
}

function channelDatum(channel: Channel): Datum {
  const { name, url, branch, commit, introduction, credential } = channel;
  const introduced = introduction && [
    form(
      'introduction',
      form(
        'make-channel-introduction',
        string(introduction.commit),
        form('openpgp-fingerprint', string(spaced(introduction.fingerprint))),
      ),
    ),
  ];
  return form(
    'channel',
    form('name', quoted(symbol(name))),
    form('url', string(url)),
    form('branch', string(branch)),
    ...(commit === undefined ? [] : [form('commit', string(commit))]),
    ...(introduced ?? []),
    ...(credential === undefined ? [] : [form('credential', string(credential))]),
  );
}

/** `BBB0 2DDF 2CEA F6A8 0D1D  E643 A2A0 6DF2 A33A 54FA`, as OpenPGP's programs print it. */
function spaced(fingerprint: string): string {
  const groups = fingerprint.match(/.{1,4}/g) ?? [];
  return `${groups.slice(0, 5).join(' ')}  ${groups.slice(5).join(' ')}`;
}

function outputDatum({ job, type, output, path }: BuildOutputs): Datum {
  return form(
    'build-output',
    form('job', string(job)),
    form('type', string(type)),
    form('output', string(output)),
    form('path', string(path)),
  );
}
type BuildOutputs = NonNullable<Specification['buildOutputs']>[number];

function notificationDatum(notification: Notification): Datum {
  switch (notification.type) {
    case 'email': {
      const { from, to, server } = notification;
      return form(
        'email',
        form('from', string(from)),
        form('to', string(to)),
        form('server', string(server)),
      );
    }
    case 'webhook': {
      const { url, secret } = notification;
      const signed = secret === undefined ? [] : [form('secret', string(secret))];
      return form('webhook', form('url', string(url)), ...signed);
    }
    case 'mastodon':
      return form('mastodon');
  }
}

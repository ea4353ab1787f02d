/** The records that specification files write, and what each of them may hold. */

export interface RecordForm {
  readonly type: string;
  /** Each written `(NAME VALUE)`, in any order. */
  readonly fields: readonly string[];
  /** A call instead: what it takes, in order. */
  readonly call?: readonly string[];
}

function record(type: string, ...fields: string[]): [string, RecordForm] {
  return [type, { type, fields }];
}

/** After Cuirass's fields come those that only this farm has. */
export const specificationFields = [
  ...['name', 'build', 'channels', 'build-outputs', 'notifications', 'period', 'priority'],
  ...['systems', 'is-active?'],
  ...['backend', 'share', 'max-running', 'timeout', 'max-silent-time', 'superseded', 'trust'],
  'keep',
] as const;

export const recordForms: ReadonlyMap<string, RecordForm> = new Map([
  record('specification', ...specificationFields),
  record('channel', 'name', 'url', 'branch', 'commit', 'introduction', 'credential'),
  record('build-output', 'job', 'type', 'output', 'path'),
  record('email', 'from', 'to', 'server'),
  record('mastodon'),
  record('webhook', 'url', 'secret'),
  [
    'make-channel-introduction',
    { type: 'channel-introduction', fields: [], call: ['commit', 'fingerprint'] },
  ],
  ['openpgp-fingerprint', { type: 'fingerprint', fields: [], call: ['fingerprint'] }],
]);

/** The form of a specification: every field of it, in groups, without a script. */
import { guixSets, packFormats } from '#domain/specification/selection.js';
import { Box, Choice, Group, Lines, optionsOf, Text, type Filled, type Option } from './fields.js';
import type { RowKind } from './specification-fields.js';

interface FormProps {
  readonly form: Filled;
  /** Its name is not changed any more. */
  readonly named: boolean;
}

/** Beyond what stands, so many empty rows; the button "More rows" shows as many again. */
const emptyRows = 1;

export function SpecificationFields({ form, named }: FormProps) {
  return (
    <>
      <Group legend="What it is">
        {named ? (
          <input type="hidden" name="name" value={form.values.get('name') ?? ''} />
        ) : (
          <Text form={form} name="name" label="Name" about="Its address; it stays." required />
        )}
        <Choice
          {...{ form, name: 'backend', label: 'Package manager' }}
          options={optionsOf(['guix', 'nix', 'local'])}
        />
        <Lines form={form} name="systems" label="Systems" about="One a line: x86_64-linux." />
        <Box form={form} name="active" label="Active: its channels are watched" />
      </Group>
      <Channels form={form} />
      <Selection form={form} />
      <Scheduling form={form} />
      <Products form={form} />
      <Receivers form={form} />
      <p>
        <button name="do" value="more">
          More rows
        </button>{' '}
        <span class="quiet">Shows another empty channel, file and receiver; saves nothing.</span>
      </p>
    </>
  );
}

/** The places of a kind's rows: those that are filled, and empty ones after them. */
function places({ values }: Filled, kind: RowKind): number[] {
  let last = -1;
  for (const key of values.keys()) {
    const match = new RegExp(`^${kind}\\.(\\d{1,2})\\.`).exec(key);
    if (match) last = Math.max(last, Number(match[1]));
  }
  const more = values.get('do') === 'more' ? emptyRows + 1 : emptyRows;
  return Array.from({ length: last + 1 + more }, (_, index) => index);
}

function isEmpty({ values }: Filled, row: string): boolean {
  for (const [key, value] of values) if (key.startsWith(`${row}.`) && value !== '') return false;
  return true;
}

function Channels({ form }: { form: Filled }) {
  return (
    <Group legend="Channels">
      {places(form, 'channels').map((at) => {
        const row = `channels.${at}`;
        return (
          <fieldset class="row">
            <legend>{isEmpty(form, row) ? 'Another channel' : `Channel ${at + 1}`}</legend>
            <Text form={form} name={`${row}.name`} label="Name" />
            <Text form={form} name={`${row}.url`} label="Address" about="Of its git repository." />
            <Text form={form} name={`${row}.branch`} label="Branch" about="main unless told." />
            <Text
              form={form}
              name={`${row}.commit`}
              label="Commit"
              about="Pins it; may be empty."
            />
            <Text form={form} name={`${row}.introduction.commit`} label="Introduction: commit" />
            <Text
              {...{ form, name: `${row}.introduction.fingerprint` }}
              label="Introduction: OpenPGP fingerprint"
            />
            <Text
              {...{ form, name: `${row}.credential`, label: 'Credential' }}
              about="The name of a file among the farm’s credentials."
            />
            <Remove form={form} row={row} what="this channel" />
          </fieldset>
        );
      })}
    </Group>
  );
}

function Remove({ form, row, what }: { form: Filled; row: string; what: string }) {
  if (isEmpty(form, row)) return null;
  return <Box form={form} name={`${row}.remove`} label={`Take ${what} away`} />;
}

const selections: readonly Option[] = [
  ['set', 'Guix: a set'],
  ['packages', 'Guix: packages'],
  ['channels', 'Guix: all packages of channels'],
  ['manifests', 'Guix: manifests'],
  ['custom', 'Guix: modules'],
  ['packs', 'Guix: packs of a manifest'],
  ['file', 'Nix or local: a file of a channel'],
];

function Selection({ form }: { form: Filled }) {
  return (
    <Group legend="What is built">
      <Choice
        {...{ form, name: 'selection', label: 'Selection', options: selections }}
        about="Only its own fields below are read."
      />
      <Choice form={form} name="selection.set" label="Set" options={optionsOf(guixSets)} />
      <Lines form={form} name="selection.packages" label="Packages" about="One a line." />
      <Lines form={form} name="selection.channels" label="Channels" about="Names, one a line." />
      <Lines form={form} name="selection.manifests" label="Manifests" about="Files, one a line." />
      <Lines form={form} name="selection.custom" label="Modules" about="Such as my-channel ci." />
      <Text form={form} name="selection.manifest" label="Manifest of the packs" />
      <div class="field">
        {packFormats.map((one) => (
          <Box form={form} name="selection.formats" value={one} label={`Packs as ${one}`} />
        ))}
      </div>
      <Text form={form} name="selection.file" label="File" about="Within the channel." />
      <Text form={form} name="selection.attribute" label="Attribute" about="May be empty." />
      <Text form={form} name="selection.channel" label="Channel" about="The first unless told." />
    </Group>
  );
}

function Scheduling({ form }: { form: Filled }) {
  return (
    <Group legend="When and how">
      <Text
        {...{ form, name: 'priority', label: 'Priority' }}
        about="0 is the most urgent, 9 the least."
      />
      <Text
        {...{ form, name: 'share', label: 'Share' }}
        about="Its weight among equal priorities."
      />
      <Text
        {...{ form, name: 'period', label: 'Period' }}
        about="Seconds between two looks at its channels; 0 is the farm’s own."
      />
      <Text {...{ form, name: 'maxRunning', label: 'Builds at once' }} about="Empty: no limit." />
      <Text
        {...{ form, name: 'timeoutSeconds', label: 'Time limit' }}
        about="Seconds of a build."
      />
      <Text
        {...{ form, name: 'maxSilentSeconds', label: 'Silence limit' }}
        about="Seconds without a line of log."
      />
      <Text
        {...{ form, name: 'keep', label: 'Evaluations kept' }}
        about="Good ones, with all that they need."
      />
      <Choice
        {...{ form, name: 'superseded', label: 'Older evaluations, once a newer one was read' }}
        options={[
          ['keep', 'go on'],
          ['cancel', 'are canceled where nothing else needs them'],
        ]}
      />
      <Choice
        {...{ form, name: 'trust', label: 'Trust' }}
        options={[
          [form.values.get('trust') === 'trusted' ? 'trusted' : '', 'trusted'],
          ['untrusted', 'untrusted: in a store of its own'],
        ]}
      />
    </Group>
  );
}

function Products({ form }: { form: Filled }) {
  return (
    <Group legend="Files offered for download">
      <Choice
        {...{ form, name: 'buildOutputs', label: 'Offered' }}
        options={[
          ['usual', 'as usual: packs, and nothing else'],
          ['listed', 'those listed here'],
        ]}
      />
      {places(form, 'buildOutputs').map((at) => {
        const row = `buildOutputs.${at}`;
        return (
          <fieldset class="row">
            <legend>{isEmpty(form, row) ? 'Another file' : `File ${at + 1}`}</legend>
            <Text form={form} name={`${row}.job`} label="Jobs" about="A regular expression." />
            <Text form={form} name={`${row}.type`} label="Type" about="Such as iso." />
            <Text form={form} name={`${row}.output`} label="Output" about="out unless told." />
            <Text form={form} name={`${row}.path`} label="Path" about="Empty: the output itself." />
            <Remove form={form} row={row} what="this file" />
          </fieldset>
        );
      })}
    </Group>
  );
}

const receivers: readonly Option[] = [
  ['', 'nobody'],
  ['email', 'by mail'],
  ['webhook', 'a webhook'],
  ['mastodon', 'Mastodon (kept, not delivered yet)'],
];

function Receivers({ form }: { form: Filled }) {
  return (
    <Group legend="Who is told when a job breaks or is mended">
      {places(form, 'notifications').map((at) => {
        const row = `notifications.${at}`;
        return (
          <fieldset class="row">
            <legend>{isEmpty(form, row) ? 'Another receiver' : `Receiver ${at + 1}`}</legend>
            <Choice form={form} name={`${row}.type`} label="Told" options={receivers} />
            <Text form={form} name={`${row}.to`} label="Mail to" />
            <Text form={form} name={`${row}.from`} label="Mail from" />
            <Text form={form} name={`${row}.server`} label="Mail server" about="smtp://HOST:PORT" />
            <Text form={form} name={`${row}.url`} label="Webhook’s address" />
            <Text form={form} name={`${row}.secret`} label="Webhook’s credential" />
            <Remove form={form} row={row} what="this receiver" />
          </fieldset>
        );
      })}
    </Group>
  );
}

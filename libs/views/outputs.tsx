/** The outputs of a build: paths, sizes, what comes with them, and where they are offered. */
import type { OutputAnswer } from '#protocol/api/build.js';
import type { OutputClosure } from '#protocol/api/build-story.js';
import { Command, Table } from './parts.js';
import { fetchCommand, type Source } from './reproduce.js';
import { bytes, plural } from './words.js';

function Offered({ output }: { output: OutputAnswer }) {
  const from = output.upstream === null ? null : new URL(output.upstream).host;
  if (output.narinfo) {
    return (
      <>
        <a href={output.narinfo}>narinfo</a>
        {from === null ? null : <span class="quiet"> as {from} has it</span>}
      </>
    );
  }
  return <span class="quiet">{from === null ? 'not offered' : `at ${from}`}</span>;
}

/** That it is not reproducible, with the hash that is offered and the others that came. */
function Differing({ output: { differing } }: { output: OutputAnswer }) {
  const [first] = differing;
  if (!first) return null;
  const others = differing.map(({ otherHash, from }) => `${otherHash} (${from})`);
  return (
    <div>
      Not deterministic: offered as <code class="break">{first.offeredHash}</code>, and made as{' '}
      <code class="break">{others.join(', ')}</code>
    </div>
  );
}

interface OutputsProps {
  readonly outputs: readonly OutputAnswer[];
  readonly closures: readonly OutputClosure[];
  readonly source: Source;
}

export function Outputs({ outputs, closures, source }: OutputsProps) {
  const offered = outputs.find((output) => output.offered);
  const command = offered?.path ? fetchCommand(offered.path, source) : null;
  return (
    <>
      <Table head={['Output', 'Path', 'Size', 'With all it needs', 'Substitute']}>
        {outputs.map((output) => (
          <tr>
            <td>{output.name}</td>
            <td>
              {output.path ? (
                <code class="break">{output.path}</code>
              ) : (
                <span class="quiet">known when built</span>
              )}
              <Differing output={output} />
            </td>
            <td>{output.narSize === null ? '–' : bytes(output.narSize)}</td>
            <td>
              <Closure closure={closures.find((one) => one.output === output.name)} />
            </td>
            <td>
              <Offered output={output} />
              <Archives closure={closures.find((one) => one.output === output.name)} />
            </td>
          </tr>
        ))}
      </Table>
      {command ? <Command text={command} /> : null}
    </>
  );
}

function Closure({ closure }: { closure: OutputClosure | undefined }) {
  if (!closure) return <>–</>;
  const least = closure.whole ? '' : 'at least ';
  return (
    <>
      {least}
      {bytes(closure.size)}
      <div class="quiet">
        {least}
        {plural(closure.paths, 'path')}
      </div>
    </>
  );
}

function Archives({ closure }: { closure: OutputClosure | undefined }) {
  if (!closure || closure.archives.length === 0) return null;
  const told = closure.archives.map(({ compression, size }) => `${compression} ${bytes(size)}`);
  return <div class="quiet">{told.join(', ')}</div>;
}

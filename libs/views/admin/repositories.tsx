/** Repositories whose files say what specifications there are: followed, looked at, left. */
import { may } from '#domain/access/actor.js';
import type { RepositoryAnswer } from '#protocol/api/repository.js';
import { Empty, Revision, Section, Table, Time } from '../parts.js';
import { confirmPage } from './confirm.js';
import { deskPage, Do, Post, type Visit } from './desk.js';
import { Box, Faults, Lines, Text, type Filled } from './fields.js';

const here = '/admin/repositories' as const;

export interface RepositoriesModel {
  readonly visit: Visit;
  readonly repositories: readonly RepositoryAnswer[];
  readonly form: Filled;
}

export function repositoriesPage({ visit, repositories, form }: RepositoriesModel): string {
  const manages = may(visit.actor, 'repository.manage');
  return deskPage(
    { title: 'Repositories', here, visit },
    <>
      <p>Git repositories whose files say what specifications there are.</p>
      <Faults faults={form.faults} />
      {repositories.length === 0 ? <Empty>None is followed.</Empty> : null}
      {repositories.length > 0 ? (
        <Table head={['Repository', 'Files', 'Applied', 'Looked at', 'State', 'Actions']}>
          {repositories.map((one) => (
            <Row one={one} visit={visit} manages={manages} />
          ))}
        </Table>
      ) : null}
      {manages ? <Follow visit={visit} form={form} /> : null}
    </>,
  );
}

interface RowProps {
  readonly one: RepositoryAnswer;
  readonly visit: Visit;
  readonly manages: boolean;
}

function Row({ one, visit, manages }: RowProps) {
  return (
    <tr>
      <td>
        {one.name}
        <div class="quiet break">
          {one.url} {one.branch}
        </div>
      </td>
      <td class="break">{one.files.join(', ')}</td>
      <td>
        <Revision revision={one.appliedRevision} />
      </td>
      <td>
        <Time at={one.lookedAt} now={visit.now} />
      </td>
      <td class="break">
        <State one={one} />
      </td>
      <td>
        {manages ? (
          <div class="actions">
            <Do visit={visit} to={`${here}/look/${one.name}`} word="Look now" of={one.name} />
            <a href={`${here}/leave/${one.name}`}>
              Leave<span class="unseen"> {one.name}</span>
            </a>
          </div>
        ) : null}
      </td>
    </tr>
  );
}

function State({ one }: { one: RepositoryAnswer }) {
  if (one.faults.length > 0) {
    return (
      <ul class="bad">
        {one.faults.map(({ file, line, column, message }) => (
          <li>{`${file}:${line}:${column}: ${message}`}</li>
        ))}
      </ul>
    );
  }
  if (one.failure !== null) return <span class="bad">{one.failure}</span>;
  return <>{one.appliedRevision === null ? 'not looked at yet' : 'applied'}</>;
}

function Follow({ visit, form }: { visit: Visit; form: Filled }) {
  return (
    <Section title="Follow another">
      <Post visit={visit} to={here} class="form">
        <Text form={form} name="name" label="Name" required />
        <Text form={form} name="url" label="Address" about="Without a password." required />
        <Text form={form} name="branch" label="Branch" about="main unless told." />
        <Lines form={form} name="files" label="Files" about="One a line: .scm, .json, .yaml." />
        <Text form={form} name="credential" label="Credential" about="May be empty." />
        <Box form={form} name="adopt" label="Take over what another file or repository keeps" />
        <p class="buttons">
          <button>Follow it</button>
        </p>
      </Post>
    </Section>
  );
}

export function leaveRepositoryPage(visit: Visit, name: string): string {
  return confirmPage({
    ...{ visit, here, word: 'Leave it', back: here, to: `${here}/leave/${name}` },
    question: `Follow the repository ${name} no more?`,
    consequences: ['Its specifications stay, kept by nobody: they are edited here from then on.'],
  });
}

/** A forge's words by its kind: the one place that knows which reader is whose. */
import type { ForgeKind } from '#domain/forge/forge.js';
import { readGitea } from './gitea.js';
import { readGithub } from './github.js';
import { readGitlab } from './gitlab.js';
import type { EventReader } from './reading.js';

export const eventReaders: Readonly<Record<ForgeKind, EventReader>> = {
  github: readGithub,
  gitlab: readGitlab,
  gitea: readGitea,
  forgejo: readGitea,
};

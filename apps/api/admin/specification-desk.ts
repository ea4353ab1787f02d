/** Reads the form of a specification, and gives it back when it cannot be saved. */
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Database } from '#adapters/postgres/database.js';
import { SpecificationVersions } from '#adapters/postgres/specification-versions.js';
import { differencesOf } from '#domain/specification/apply-plan.js';
import { withoutPasswords } from '#domain/specification/password.js';
import { ProblemException } from '#nest/problem.js';
import type { ProblemFault } from '#protocol/api/problem.js';
import type { SpecificationAnswer } from '#protocol/api/specification.js';
import { SpecificationInput } from '#protocol/specification.js';
import type { ConflictModel } from '#views/admin/conflict.js';
import type { FieldFault } from '#views/admin/fields.js';
import { faultsInForm, readFields } from '#views/admin/specification-fields.js';
import { specificationFormPage } from '#views/admin/specifications.js';
import { SpecificationReader } from '../specifications/specification-reader.js';
import { FormRefused, nothingChanged, unusable, visitOf } from './admin-answers.js';
import { fieldIn, formOf } from './admin-form.js';
import { plainFaults } from './checked.js';

export interface Edit {
  readonly standing: SpecificationAnswer;
  readonly input: SpecificationInput;
}

@Injectable()
export class SpecificationDesk {
  private readonly versions: SpecificationVersions;

  constructor(
    private readonly reader: SpecificationReader,
    database: Database,
  ) {
    this.versions = new SpecificationVersions(database);
  }

  /** Throws the form again when it cannot be used, or when it only asks for more rows. */
  read(request: FastifyRequest, standing: SpecificationAnswer | null): SpecificationInput {
    const values = formOf(request);
    const read = readFields(values, standing?.specification ?? null);
    if (values.get('do') === 'more') throw moreRows(request, standing);
    const checked = SpecificationInput.safeParse(read.document);
    if (checked.success) return checked.data;
    throw refused(request, standing, faultsInForm(plainFaults(checked.error.issues), read));
  }

  /** Saves, and gives the form back with what is wrong, or with what somebody else changed. */
  async carriedOut<T>(
    request: FastifyRequest,
    edit: Edit | null,
    save: () => Promise<T>,
  ): Promise<T> {
    try {
      return await save();
    } catch (error) {
      if (!(error instanceof ProblemException)) throw error;
      const { kind, errors, detail } = error.refusal;
      if (kind === 'version-conflict' && edit) throw await this.conflict(request, edit);
      const read = readFields(formOf(request), edit?.standing.specification ?? null);
      const faults = faultsInForm(errors ?? [wholeForm(detail)], read);
      throw refused(request, edit?.standing ?? null, faults);
    }
  }

  private async conflict(request: FastifyRequest, { standing, input }: Edit): Promise<FormRefused> {
    const values = new URLSearchParams(formOf(request));
    const seen = Number(fieldIn(values, 'version'));
    const now = (await this.reader.find(standing.name)) ?? standing;
    const known = await this.versions.find(Number(now.id), seen);
    const before = known === null ? now.specification : withoutPasswords(known);
    const conflict: ConflictModel = {
      ...{ seen: `version ${seen}`, stands: `version ${now.version}` },
      address: `/admin/specifications/edit/${now.name}`,
      theirs: differencesOf(before, now.specification),
      yours: differencesOf(before, input),
    };
    values.set('version', String(now.version));
    const page = specificationFormPage({
      ...{ visit: visitOf(request), standing: now, conflict },
      form: { values, faults: [] },
    });
    const detail = `Version ${now.version} stands now.`;
    return new FormRefused({ status: 412, kind: 'version-conflict', detail }, page);
  }
}

function wholeForm(detail: string): ProblemFault {
  return { parameter: '', detail };
}

function refused(
  request: FastifyRequest,
  standing: SpecificationAnswer | null,
  faults: readonly FieldFault[],
): FormRefused {
  return unusable(formAgain(request, standing, faults), faults);
}

/** No fault: the same form, longer. */
function moreRows(request: FastifyRequest, standing: SpecificationAnswer | null): FormRefused {
  return nothingChanged(formAgain(request, standing, []));
}

function formAgain(
  request: FastifyRequest,
  standing: SpecificationAnswer | null,
  faults: readonly FieldFault[],
): string {
  const form = { values: formOf(request), faults };
  return specificationFormPage({ visit: visitOf(request), form, standing, conflict: null });
}

/**
 * Whether an answer is what the OpenAPI document says of its operation: its status, its type, and
 * every field of its body.
 */
import { Ajv2020, type ValidateFunction } from '@redocly/ajv/dist/2020.js';
import {
  operationsOf,
  type AnswerShape,
  type ApiDocument,
  type Content,
  type Placed,
} from '../../apps/api/openapi/document-shape.js';

export interface Told {
  readonly status: number;
  readonly type: string | undefined;
  readonly text: string;
}

const base = 'openapi.json';

export class Contract {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
  private readonly validators = new Map<string, ValidateFunction>();
  readonly operations: ReadonlyMap<string, Placed>;

  constructor(readonly document: ApiDocument) {
    this.ajv.addFormat(
      'date-time',
      (text) => !Number.isNaN(Date.parse(text)) && /T.*Z$/.test(text),
    );
    this.ajv.addFormat('uri', (text) => URL.canParse(text));
    this.ajv.addSchema({ ...document, $id: base });
    this.operations = new Map(
      operationsOf(document).map((one) => [one.operation.operationId, one]),
    );
  }

  /** Null: it is as told; else what is not. */
  faultOf(operationId: string, { status, type = '', text }: Told): string | null {
    const shape = this.shapeOf(operationId, status);
    if (!shape)
      return `answers ${status}, of which the document says nothing: ${text.slice(0, 200)}`;
    const content = shape.content;
    if (!content) return text === '' ? null : `has a body with ${status}: ${text.slice(0, 200)}`;
    const media = type.split(';')[0]!.trim();
    const told = Object.keys(content);
    if (!told.includes(media)) return `is ${media || 'untyped'} with ${status}, not ${told.join()}`;
    if (!/[/+]json$/.test(media)) return null;
    return this.bodyFault(content, media, text);
  }

  private shapeOf(operationId: string, status: number): AnswerShape | null {
    const { responses } = this.operations.get(operationId)!.operation;
    const found = responses[String(status)] ?? (status >= 400 ? responses['default'] : undefined);
    const name = found && '$ref' in found ? found.$ref?.split('/').at(-1) : undefined;
    if (name !== undefined) return this.document.components.responses[name] ?? null;
    return (found as AnswerShape | undefined) ?? null;
  }

  private bodyFault(content: Content, media: string, text: string): string | null {
    const schema = content[media]?.schema ?? {};
    const key = JSON.stringify(schema);
    const validate = this.validators.get(key) ?? this.ajv.compile(absolute(schema));
    this.validators.set(key, validate);
    const body: unknown = JSON.parse(text);
    if (validate(body)) return null;
    const faults = validate.errors ?? [];
    return faults
      .slice(0, 5)
      .map(({ instancePath, message, params }) =>
        [instancePath, message, JSON.stringify(params)].join(' '),
      )
      .join('; ');
  }
}

/** References of an extract still mean the whole document. */
function absolute(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/', `"${base}#/`)) as object;
}

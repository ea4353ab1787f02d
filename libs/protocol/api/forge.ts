/** Forges as the REST API tells and takes them: how they are heard, and what became of it. */
import { z } from 'zod';
import { forgeKinds } from '#domain/forge/forge.js';
import { admissions, modelNameAtMost } from '#domain/forge/request-template.js';
import { ResourceName } from '../specification.js';
import { Id, Time } from './page.js';

export const ForgeName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'small letters, digits, dot, dash, underscore; at most 63');

const WebAddress = z
  .url({ protocol: /^https?$/ })
  .max(2048)
  .regex(/^https?:\/\/[^\s@?#]+$/, 'a web address without a user, a query or a fragment')
  .transform((address) => address.replace(/\/+$/, ''));

export const ForgeRequest = z.strictObject({
  kind: z.enum(forgeKinds),
  /** Where its repositories lie; of GitHub itself it need not be said. */
  address: WebAddress.optional(),
  /** Where its API lies; as it comes out of the box, unless told. */
  apiAddress: WebAddress.optional(),
  /** Names of credentials. Each is good for a signature: say both while one takes over. */
  secrets: z.array(ResourceName).min(1).max(8),
  /** The credential whose token writes commit statuses; none are written without. */
  statusCredential: ResourceName.nullable().default(null),
});
export type ForgeRequest = z.infer<typeof ForgeRequest>;

export const ForgeAnswer = z.object({
  id: Id,
  name: z.string(),
  kind: z.enum(forgeKinds),
  address: z.string(),
  apiAddress: z.string(),
  secrets: z.array(z.string()),
  statusCredential: z.string().nullable(),
  createdAt: Time,
  lastDeliveryAt: Time.nullable(),
  /** The last request that did not come from it, within ten seconds, and how that was seen. */
  refused: z.object({ at: Time, why: z.string() }).nullable(),
});
export type ForgeAnswer = z.infer<typeof ForgeAnswer>;
export const ForgeList = z.object({ items: z.array(ForgeAnswer) });
export type ForgeList = z.infer<typeof ForgeList>;

const Account = z
  .string()
  .min(1)
  .max(255)
  .transform((name) => name.toLowerCase());

export const TemplateRequest = z
  .strictObject({
    /** OWNER/NAME. */
    repository: z
      .string()
      .max(1024)
      .regex(/^[A-Za-z0-9._~-]+(\/[A-Za-z0-9._~-]+)+$/, 'OWNER/NAME')
      .transform((name) => name.toLowerCase()),
    /** The specification that stands model. */
    specification: ResourceName.max(
      modelNameAtMost,
      `at most ${modelNameAtMost} characters, since requests lengthen it`,
    ),
    admits: z.enum(admissions).default('collaborators'),
    label: z.string().min(1).max(255).optional(),
    allowed: z.array(Account).max(1000).default([]),
    requestsAtMost: z.int().min(1).max(10_000).default(20),
    priority: z.int().min(0).max(9).default(9),
    maxRunning: z.int().min(1).max(1_000_000).default(4),
    expiryHours: z
      .int()
      .min(1)
      .max(24 * 365)
      .default(24 * 14),
  })
  .refine(({ admits, label }) => (admits === 'label') === (label !== undefined), {
    message: 'is said where "admits" is "label", and only there',
    path: ['label'],
  });
export type TemplateRequest = z.infer<typeof TemplateRequest>;

export const TemplateAnswer = z.object({
  id: Id,
  repository: z.string(),
  specification: z.string(),
  admits: z.enum(admissions),
  label: z.string().nullable(),
  allowed: z.array(z.string()),
  requestsAtMost: z.int(),
  priority: z.int(),
  maxRunning: z.int(),
  expiryHours: z.int(),
  /** Requests that have a specification now. */
  open: z.int(),
});
export type TemplateAnswer = z.infer<typeof TemplateAnswer>;
export const TemplateList = z.object({ items: z.array(TemplateAnswer) });
export type TemplateList = z.infer<typeof TemplateList>;

export const ForgeDeliveryAnswer = z.object({
  id: Id,
  forge: z.string(),
  /** As the forge names it. */
  delivery: z.string(),
  event: z.string(),
  receivedAt: Time,
  /** How often it came again; that does nothing. */
  repeated: z.int(),
  state: z.enum(['waiting', 'done', 'failed']),
  /** A word that says what followed; null: nothing yet. */
  outcome: z.string().nullable(),
  detail: z.string().nullable(),
  specifications: z.array(z.string()),
  endedAt: Time.nullable(),
});
export type ForgeDeliveryAnswer = z.infer<typeof ForgeDeliveryAnswer>;
export const ForgeDeliveryList = z.object({
  items: z.array(ForgeDeliveryAnswer),
  next: z.string().nullable(),
});
export type ForgeDeliveryList = z.infer<typeof ForgeDeliveryList>;

/** What a forge is answered: the work comes after. */
export const DeliveryReceipt = z.object({
  delivery: z.string(),
  receipt: z.enum(['accepted', 'repeated', 'again']),
});
export type DeliveryReceipt = z.infer<typeof DeliveryReceipt>;

export const ForgeTrial = z.object({
  ok: z.boolean(),
  steps: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
});
export type ForgeTrial = z.infer<typeof ForgeTrial>;

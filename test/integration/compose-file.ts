/**
 * docker-compose.yml as the test reads it: services with their exact commands, and where they
 * point.
 */
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { z } from 'zod';

const Texts = z.record(z.string(), z.string());

const Service = z.object({
  image: z.string(),
  command: z.array(z.string()).optional(),
  environment: Texts.default({}),
  secrets: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  networks: z.array(z.string()),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
});
export type Service = z.infer<typeof Service>;

const Compose = z.object({
  services: z.record(z.string(), Service),
  networks: z.record(z.string(), z.object({ internal: z.boolean().optional() })),
  secrets: z.record(z.string(), z.strictObject({ file: z.string() })),
});
export type Compose = z.infer<typeof Compose>;

/** YAML's merge key, which compose understands and YAML 1.2 does not. */
function merged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(merged);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const base = entries.filter(([key]) => key === '<<').map(([, from]) => merged(from));
  const own = entries.filter(([key]) => key !== '<<').map(([key, of]) => [key, merged(of)]);
  return Object.assign({}, ...base, Object.fromEntries(own));
}

export function readCompose(path: string): Compose {
  return Compose.parse(merged(load(readFileSync(path, 'utf8'))));
}

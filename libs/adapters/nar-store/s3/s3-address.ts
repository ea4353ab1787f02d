/**
 * Where a bucket is, as a setting says it:
 * `s3://BUCKET/PREFIX?endpoint=https://s3.example.org&region=eu-1`. With an endpoint of its own the
 * bucket stands in the path, as most servers besides Amazon's want it; `style=host` says otherwise.
 */
import { err, ok, type Result } from '#std/result.js';

export interface S3Address {
  readonly bucket: string;
  /** Before each key; empty, or with a slash at its end. */
  readonly prefix: string;
  readonly endpoint: string | null;
  readonly region: string;
  readonly bucketInPath: boolean;
}

/** The refusal is a sentence without its stop. */
export function parseS3Address(text: string): Result<S3Address, string> {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 's3:') return err('it does not begin with s3://');
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(url.hostname)) {
    return err('a bucket is 3 to 63 letters, digits, dots and hyphens');
  }
  if (url.username || url.password) return err('credentials stand in a file, never in an address');
  const unknown = [...url.searchParams.keys()].find((name) => !parameters.has(name));
  if (unknown !== undefined) return err(`there is no parameter ${unknown}`);
  const endpoint = url.searchParams.get('endpoint');
  if (endpoint !== null && !(URL.canParse(endpoint) && /^https?:/.test(endpoint))) {
    return err('the endpoint is no http address');
  }
  const path = url.pathname.replace(/^\/+|\/+$/g, '');
  return ok({
    bucket: url.hostname,
    prefix: path === '' ? '' : `${decodeURIComponent(path)}/`,
    endpoint,
    region: url.searchParams.get('region') ?? 'us-east-1',
    bucketInPath: endpoint !== null && url.searchParams.get('style') !== 'host',
  });
}

const parameters = new Set(['endpoint', 'region', 'style']);

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/**
 * The first profile of a file as Amazon's tools keep it: `aws_access_key_id = …` and
 * `aws_secret_access_key = …`, one on a line. Null when either is missing.
 */
export function parseS3Credentials(text: string): S3Credentials | null {
  const said = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\s*([a-z_]+)\s*=\s*(\S+)\s*$/.exec(line);
    if (match && !said.has(match[1]!)) said.set(match[1]!, match[2]!);
  }
  const accessKeyId = said.get('aws_access_key_id');
  const secretAccessKey = said.get('aws_secret_access_key');
  const sessionToken = said.get('aws_session_token');
  if (accessKeyId === undefined || secretAccessKey === undefined) return null;
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}

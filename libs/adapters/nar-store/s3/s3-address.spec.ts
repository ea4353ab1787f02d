import { describe, expect, it } from '@jest/globals';
import { parseS3Address, parseS3Credentials } from './s3-address.js';

describe('the address of a bucket', () => {
  it('names the bucket, what stands before the keys, and the server', () => {
    const text = 's3://nars/farm/one?endpoint=https://s3.example.org:9000&region=eu-1';
    expect(parseS3Address(text)).toEqual({
      ok: true,
      value: {
        bucket: 'nars',
        prefix: 'farm/one/',
        endpoint: 'https://s3.example.org:9000',
        region: 'eu-1',
        bucketInPath: true,
      },
    });
    expect(parseS3Address('s3://nars')).toMatchObject({
      value: { prefix: '', endpoint: null, region: 'us-east-1', bucketInPath: false },
    });
  });

  it('is refused with the reason', () => {
    const reasons = [
      'https://nars',
      's3://N_rs/',
      's3://key:secret@nars/',
      's3://nars?profile=x',
      's3://nars?endpoint=ftp://a',
    ].map((text) => {
      const parsed = parseS3Address(text);
      return parsed.ok ? 'taken' : parsed.error;
    });
    expect(reasons).toEqual([
      'it does not begin with s3://',
      'a bucket is 3 to 63 letters, digits, dots and hyphens',
      'credentials stand in a file, never in an address',
      'there is no parameter profile',
      'the endpoint is no http address',
    ]);
  });
});

describe('a file of credentials', () => {
  it('is read as the tools of Amazon keep it', () => {
    const text = `[default]
aws_access_key_id = one
aws_secret_access_key=two+/=
[other]
aws_access_key_id = three
`;
    expect(parseS3Credentials(text)).toEqual({ accessKeyId: 'one', secretAccessKey: 'two+/=' });
    expect(parseS3Credentials('aws_access_key_id = one')).toBeNull();
  });
});

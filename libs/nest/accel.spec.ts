import { describe, expect, it } from '@jest/globals';
import { Accel } from './accel.js';

const places = { placeOf: (key: string) => `files/${key}` };
const byNginx = { 'x-gambeson-accel': '1' };

describe('a file that nginx sends', () => {
  it('is named when the setting and the request agree', () => {
    expect(new Accel('/nars', places).headerFor(byNginx, 'x')).toEqual({
      'X-Accel-Redirect': '/nars/files/x',
    });
  });

  it('is not named to who came directly, without the setting, or where there is no file', () => {
    expect(new Accel('/nars', places).headerFor({}, 'x')).toBeNull();
    expect(new Accel(undefined, places).headerFor(byNginx, 'x')).toBeNull();
    expect(new Accel('/nars', {}).headerFor(byNginx, 'x')).toBeNull();
  });
});

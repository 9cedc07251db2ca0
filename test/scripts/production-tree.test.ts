// Tests of scripts/production-tree.mjs.
import { describe, expect, it } from 'vitest';
import { productionPackages } from '../../scripts/production-tree.mjs';

const of = (packages: Record<string, object>) =>
  productionPackages({ packages: { '': { version: '9' }, ...packages } });

describe('the packages of a production tree', () => {
  it('are those that the lockfile needs at run time, inner ones too', () => {
    const needed = of({
      'node_modules/a': { version: '1' },
      'node_modules/a/node_modules/b': { version: '2' },
      'node_modules/tool': { version: '3', dev: true },
      'node_modules/either': { version: '4', devOptional: true },
      'node_modules/extra': { version: '5', optional: true, os: ['darwin'] },
      'node_modules/beside': { version: '6', peer: true },
    });
    expect(needed).toEqual([
      { path: 'node_modules/a', version: '1' },
      { path: 'node_modules/a/node_modules/b', version: '2' },
    ]);
  });

  it.each([{ hasInstallScript: true }, { os: ['linux'] }, { cpu: ['x64'] }])(
    'with one that needs %o is an error, since one tree serves every system',
    (bound) => {
      expect(() => of({ 'node_modules/native': { version: '1', ...bound } })).toThrow('node_modules/native');
    },
  );
});

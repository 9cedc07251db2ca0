// Tests of src/downstream/child-environment.ts.
import { describe, expect, it } from 'vitest';
import { childEnvironment } from '../../src/downstream/child-environment.ts';

const gateway = {
  PATH: '/bin',
  HOME: '/home/a',
  LC_ALL: 'C',
  XDG_CONFIG_HOME: '/x',
  https_proxy: 'http://proxy:1',
  NO_PROXY: 'localhost',
  NODE_EXTRA_CA_CERTS: '/ca.pem',
  GITHUB_PAT: 'ghp_secret',
  NOTION_KEY: 'secret',
  AWS_REGION: 'eu',
  AWS_SECRET: 's',
  SHELLSHOCK: '() { :; }',
  LANG: '() { :; }',
  MISSING: undefined,
};
const allowed = {
  PATH: '/bin',
  HOME: '/home/a',
  LC_ALL: 'C',
  XDG_CONFIG_HOME: '/x',
  https_proxy: 'http://proxy:1',
  NO_PROXY: 'localhost',
  NODE_EXTRA_CA_CERTS: '/ca.pem',
};

describe('the environment of a stdio server', () => {
  it.each([
    ['holds only the allow-list', { env: {}, inheritEnv: [] }, allowed],
    ['gets what inheritEnv names', { env: {}, inheritEnv: ['NOTION_KEY'] }, { ...allowed, NOTION_KEY: 'secret' }],
    ['takes globs', { env: {}, inheritEnv: ['AWS_*'] }, { ...allowed, AWS_REGION: 'eu', AWS_SECRET: 's' }],
    ['lets the entry win', { env: { PATH: '/mine', X: '' }, inheritEnv: [] }, { ...allowed, PATH: '/mine', X: '' }],
    [
      'gets everything but shell functions with true',
      { env: {}, inheritEnv: true as const },
      { ...allowed, GITHUB_PAT: 'ghp_secret', NOTION_KEY: 'secret', AWS_REGION: 'eu', AWS_SECRET: 's' },
    ],
  ])('%s', (_, entry, expected) => {
    expect(childEnvironment(entry, gateway, 'linux')).toEqual(expected);
  });

  it('gets the key of the login files by its name alone, and by no wildcard', () => {
    const secrets = { GATEWAY_TOKEN_KEY: 'k', GATEWAY_TOKEN_KEY_FILE: '/k', GATEWAY_EXPORT_PASSPHRASE: 'p' };
    expect(childEnvironment({ env: {}, inheritEnv: true }, secrets, 'linux')).toEqual({});
    expect(childEnvironment({ env: {}, inheritEnv: ['GATEWAY_*'] }, secrets, 'linux')).toEqual({});
    expect(childEnvironment({ env: {}, inheritEnv: ['GATEWAY_TOKEN_KEY'] }, secrets, 'linux')).toEqual({
      GATEWAY_TOKEN_KEY: 'k',
    });
  });

  it('takes names on Windows in any case', () => {
    const env = childEnvironment(
      { env: { path: 'D:\\' }, inheritEnv: [] },
      { Path: 'C:\\', SystemRoot: 'C:\\W' },
      'win32',
    );
    expect(env).toEqual({ path: 'D:\\', SystemRoot: 'C:\\W' });
  });

  it('E41: holds on Windows what `.cmd` files and programs that start others need, and no secrets', () => {
    const needed = {
      ComSpec: 'C:\\Windows\\system32\\cmd.exe',
      PATHEXT: '.EXE;.CMD',
      ProgramData: 'C:\\ProgramData',
      'ProgramFiles(x86)': 'C:\\Program Files (x86)',
      OS: 'Windows_NT',
    };
    const gateway = { ...needed, OPENAI_API_KEY: 'secret', ProgramSecret: 'secret' };
    expect(childEnvironment({ env: {}, inheritEnv: [] }, gateway, 'win32')).toEqual(needed);
    expect(childEnvironment({ env: {}, inheritEnv: [] }, gateway, 'linux')).toEqual({});
  });

  it('E40: holds where a version manager keeps its versions', () => {
    const needed = { VOLTA_HOME: '/opt/volta', MISE_DATA_DIR: '/opt/mise', ASDF_DATA_DIR: '/opt/asdf' };
    const gateway = { ...needed, MISE_GITHUB_TOKEN: 'secret' };
    expect(childEnvironment({ env: {}, inheritEnv: [] }, gateway, 'linux')).toEqual(needed);
  });
});

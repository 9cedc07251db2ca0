// Owns what a page of the documentation is executed against: a home, servers under the names of the page, a human.
import { type ApproveOptions, approve } from '../../../fixtures/http/approve.mjs';
import type { DocsShellOptions } from '../../helpers/docs-shell.ts';
import type { Home } from '../../helpers/home.ts';
import { fixtureServer } from '../../helpers/programs.ts';
import type { ProtectedPair, Stage } from '../../helpers/stage.ts';

export interface Scene {
  readonly home: Home;
  /** The machine behind `ssh` and `scp`. */
  readonly elsewhere?: Home;
  /** What stands in the output → how the page writes it. */
  readonly shownAs?: Readonly<Record<string, string>>;
  /** Words in capitals that the reader replaces. */
  readonly placeholders?: Readonly<Record<string, string>>;
  /** Exit codes other than 0, by the text of the command. */
  readonly exitCodes?: Readonly<Record<string, number>>;
  /** What has happened meanwhile, by the text of the command that follows it. */
  readonly before?: Readonly<Record<string, () => unknown>>;
  /** How the human answers the login page, by the text of the command. */
  readonly humans?: Readonly<Record<string, ApproveOptions>>;
}

export type SceneFor = (stage: Stage) => Scene | Promise<Scene>;

/** A local server; its tools are those of the echo server. */
export const local = fixtureServer('echo');

/** How a page would call a pair of fixture servers. */
export function named(
  { as, server }: ProtectedPair,
  url: string,
  issuer = 'https://login.example.com',
): Record<string, string> {
  const [actual, written] = [new URL(server.url), new URL(url)];
  return { [server.url]: url, [actual.origin]: written.origin, [as.origin]: issuer, [actual.host]: written.host };
}

/** Opens what a login shows, approves, and pastes what the browser ends up at. */
export function createHuman(options: ApproveOptions = {}): NonNullable<DocsShellOptions['human']> {
  let opened = false;
  return (shown, type) => {
    const [, url] = /^ {2}(https?:\S+)$/mu.exec(shown) ?? [];
    if (url === undefined || opened) return;
    const isDevice = /^ {2}code: \S+$/mu.test(shown);
    if (!isDevice && !shown.includes('paste its address')) return;
    opened = true;
    void approve(url, { visitCallback: isDevice, ...options }).then((arrival) => isDevice || type(arrival.url));
  };
}

// Owns the hosts of a soak: those that stay and those that come and go, the callers in each, and the judging of what they
// are answered. Knows nothing of what is done to servers, but that it was done.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { approve } from '../fixtures/http/approve.mjs';
import { callKinds, echo, goodServers } from './calls.mjs';
import { Host } from './host.mjs';
import { classOf, judge } from './outcome.mjs';
import { processesWith } from './processes.mjs';
import { label } from './world.mjs';

const callersEach = 3;
/** The rest between two calls of a caller. Milliseconds. */
const restMs = [5, 90];
/** How long a host that does not stay stays. Milliseconds. */
const stayMs = [2500, 9000];
/** 5 s are promised, and this machine may be busy. Milliseconds. */
const goneMs = 9000;
/** After it was killed a server may be answered for as unavailable for so long: until that is noticed, a pause, a start. Milliseconds. */
const unavailableMs = 20_000;
/** Whatever was done to it, a server works again after the longest pause between two starts. Milliseconds. */
const recoveryMs = 80_000;
/** The end of a host takes up to 5 s, and its heartbeat is believed for 15 s. Milliseconds. */
const endedMs = 20_000;
/** Calls that take longer are noted. Milliseconds. */
const noticedMs = 2000;
/** A server that was killed again sooner would be started after longer and longer pauses. Milliseconds. */
const healthyMs = 90_000;
const waysToEnd = ['EOF', 'EOF', 'SIGTERM', 'SIGINT', 'SIGKILL', 'SIGKILL'];

/** What hosts there are; `stays`: to the end, and its memory and handles are looked at. */
const posts = [
  { name: 'steady-legacy', stays: true, era: 'legacy', args: ['serve'] },
  { name: 'steady-modern', stays: true, era: 'modern', args: ['serve', '--debug'] },
  { name: 'passing', stays: false, era: 'legacy', args: ['serve'] },
  { name: 'passing-direct', stays: false, era: 'legacy', args: ['serve', '--expose', 'direct'] },
];

export class Crew {
  #world;
  #random;
  #journal;
  #isOver = false;
  #isPaused = false;
  #busy = 0;
  #count = 0;
  #running = [];
  #starting = 0;
  #holders = 0;
  #approved = new Set();
  /** When hosts were ended. */
  #endings = [];
  /** Those that live now. @type {Set<Host>} */
  hosts = new Set();
  /** Hosts apply changed files: known once it was seen. */
  keepsUp = false;

  constructor({ world, random, journal }) {
    this.#world = world;
    this.#random = random;
    this.#journal = journal;
  }

  get steady() {
    return [...this.hosts].filter(({ stays }) => stays);
  }

  async open() {
    for (const post of posts.filter(({ stays }) => stays)) await this.#start(post);
  }

  /** Everybody begins to call. */
  begin() {
    for (const host of this.steady) this.#running.push(this.#call(host));
    for (const post of posts.filter(({ stays }) => !stays)) this.#running.push(this.#comeAndGo(post));
  }

  /** Resolves when no call is open. */
  async pause() {
    this.#isPaused = true;
    while (this.#busy > 0) await sleep(20);
  }

  resume() {
    this.#isPaused = false;
  }

  get isPaused() {
    return this.#isPaused;
  }

  /** While `work` goes on no host is in the middle of its start. */
  async withoutStarts(work) {
    this.#holders += 1;
    while (this.#starting > 0) await sleep(20);
    try {
      await work();
    } finally {
      this.#holders -= 1;
    }
  }

  /** Something is done to a server, as one host has it; false: it has not been well for long enough since the last time. */
  trouble(host, server) {
    const now = Date.now();
    if (now - (host.troubles.get(server) ?? 0) < healthyMs) return false;
    host.troubles.set(server, now);
    return true;
  }

  /** Every good server answers every host that stays. */
  async recover() {
    await Promise.all(this.steady.flatMap((host) => goodServers.map((server) => this.#untilGood(host, server))));
  }

  async end() {
    this.#isOver = true;
    this.#isPaused = false;
    await Promise.all(this.#running);
    for (const [index, host] of this.steady.entries()) await this.#finish(host, index === 0 ? 'EOF' : 'SIGTERM');
  }

  /** A server with `idleTimeoutMs` ends while nobody calls. @returns {Promise<string[]>} */
  async idleProblems() {
    const running = () =>
      this.steady.filter(({ mark }) =>
        processesWith(mark).some(({ environment }) => environment.includes(`${label}=sleepy\0`)),
      );
    const endsAt = Date.now() + goneMs;
    while (running().length > 0 && Date.now() < endsAt) await sleep(200);
    return running().map(({ name }) => `a server that nobody uses was not ended at ${name}`);
  }

  /** One more host, for a moment. */
  async visit() {
    const host = await this.#start(posts[0]);
    // Whatever it does in the background at its start is done by the time that a server has answered.
    await this.#untilGood(host, 'tree');
    await this.#finish(host, 'EOF');
  }

  killNow() {
    for (const host of this.hosts) host.killNow();
  }

  async #start({ name, stays, era, args }) {
    const mark = join(this.#world.directory, 'hosts', `${name}.${++this.#count}.`);
    mkdirSync(mark, { recursive: true });
    const { args: program, env, directory: cwd } = this.#world;
    const host = new Host({ name, mark, program: execPath, args: [...program, ...args], env, cwd, era });
    Object.assign(host, { stays, troubles: new Map() });
    this.hosts.add(host);
    this.#starting += 1;
    await host.open();
    this.#starting -= 1;
    this.#journal.note(`${name} (${host.pid}) is up`);
    void host.exited.then(({ code, signal }) => {
      if (host.ending === undefined) this.#journal.find(`${name} ended by itself (${code ?? signal})`, host);
    });
    return host;
  }

  async #comeAndGo(post) {
    const random = this.#random.fork(post.name);
    while (!this.#isOver) {
      if (this.#isPaused || this.#holders > 0) {
        await sleep(50);
        continue;
      }
      const host = await this.#start(post);
      const calling = this.#call(host);
      await sleep(random.between(...stayMs));
      await this.#finish(host, random.pick(waysToEnd));
      await calling;
      this.#journal.count('host restarts');
    }
  }

  async #finish(host, how) {
    this.#endings.push(Date.now());
    const { code, signal } = await host.end(how);
    this.hosts.delete(host);
    this.#journal.note(`${host.name} (${host.pid}) was ended by ${how}`);
    if (how === 'SIGKILL') this.#journal.count('hosts killed');
    else if (code !== 0) this.#journal.find(`${host.name} ended with ${code ?? signal} after ${how}`, host);
    // Who is killed while it writes leaves half a line.
    if (how === 'SIGKILL') host.noise.pop();
    for (const line of host.noise) this.#journal.find(`${host.name} wrote on stdout: ${line}`, host);
    for (const stray of host.stray)
      this.#journal.find(`${host.name} sent an answer that nobody waited for: ${stray}`, host);
    const endsAt = Date.now() + goneMs;
    let left = processesWith(host.mark);
    while (left.length > 0 && Date.now() < endsAt) {
      await sleep(100);
      left = processesWith(host.mark);
    }
    for (const { pid, command } of left)
      this.#journal.find(`${goneMs / 1000} s after ${how} to ${host.name} there is still ${pid}: ${command}`, host);
  }

  /** All callers of one host, until it ends. */
  async #call(host) {
    const callers = Array.from({ length: callersEach }, async (_, number) => {
      const random = this.#random.fork(`${host.mark.split('/').at(-1)}${number}`);
      while (!this.#isOver && host.ending === undefined) {
        if (this.#isPaused) await sleep(20);
        else {
          this.#busy += 1;
          try {
            await this.#one(host, random);
          } finally {
            this.#busy -= 1;
          }
        }
        await sleep(random.between(...restMs));
      }
    });
    await Promise.all(callers);
  }

  async #one(host, random) {
    const kind = random.weighted(callKinds);
    const from = Date.now();
    const { codeExchanges } = this.#world.authorizationServer.counts;
    const made = await kind.run({ host, random, world: this.#world, keepsUp: this.keepsUp });
    await this.#approveUnseen(made.answer);
    const problem = judge(made.answer, { ...made, tolerated: this.#tolerated(host, made.server, from, codeExchanges) });
    const found = classOf(made.answer);
    const tookMs = Date.now() - from;
    this.#journal.call(kind.name, found, tookMs);
    if (tookMs > noticedMs)
      this.#journal.note(`${kind.name} of ${made.server} at ${host.name}: ${found} after ${tookMs} ms`);
    if (problem) this.#journal.find(`${kind.name} of ${made.server ?? 'no server'} at ${host.name}: ${problem}`, host);
  }

  /** The human who was shown a URL, and no window. */
  async #approveUnseen({ result }) {
    const url = result?.structuredContent?.error?.login_url;
    if (url === undefined || this.#approved.has(url)) return;
    this.#approved.add(url);
    this.#journal.count('logins by URL');
    // Whether that went well is seen by the calls that follow.
    await approve(url, { signal: AbortSignal.timeout(10_000) }).catch(() => this.#approved.delete(url));
  }

  /** What is no news because of what we did. */
  #tolerated(host, server, from, codeExchanges) {
    if (host.ending !== undefined) return ['ended', 'cancelled', 'CANCELLED', 'SERVER_UNAVAILABLE'];
    // The tokens of a login may be expired by us before it was proved.
    if (server === 'crm') {
      const hasLoggedIn = this.#world.authorizationServer.counts.codeExchanges > codeExchanges;
      const failed = hasLoggedIn ? ['AUTH_FAILED'] : [];
      // After a login that failed, or whose holder ended, no window is opened for five minutes: somebody has to follow the
      // URL of the next one.
      const isLeft = this.#endings.some((at) => at >= from - endedMs);
      const mayAsk = isLeft || this.#journal.counts.has('logins revoked');
      return mayAsk ? [...failed, 'AUTH_REQUIRED', 'AUTH_PENDING'] : failed;
    }
    const hadTrouble = host.troubles.get(server);
    const isFresh = hadTrouble !== undefined && from < hadTrouble + unavailableMs;
    return isFresh ? ['SERVER_UNAVAILABLE'] : [];
  }

  async #untilGood(host, server) {
    const endsAt = Date.now() + recoveryMs;
    const scene = { host, random: this.#random.fork('recovery'), world: this.#world };
    for (;;) {
      const { answer } =
        server === 'crm' || server === 'narrow'
          ? { answer: await host.tool('get_server_tools', { server, detail: 'names' }) }
          : await echo(scene, server);
      if (classOf(answer) === 'answered') break;
      if (Date.now() > endsAt) {
        this.#journal.find(`${server} does not work any more at ${host.name}: ${classOf(answer)}`, host);
        break;
      }
      await sleep(500);
    }
  }
}

// Owns what is done to the servers and to the files while hosts call. Knows nothing of what comes of it.
import { setTimeout as sleep } from 'node:timers/promises';
import { killable } from './calls.mjs';
import { processesWith } from './processes.mjs';
import { extras, label } from './world.mjs';

/** The rest between two troubles. Milliseconds. */
const restMs = [150, 900];
/** Between two losses of the sessions of one server. Milliseconds. */
const settledMs = 5000;
/** How long a bad file stays. Milliseconds. */
const badMs = [500, 4000];

/** @typedef {{ world: any, crew: import('./crew.mjs').Crew, random: any }} Scene */

/** What `run` says it did is noted; undefined: there was nothing to do it to. */
const troubles = [
  { name: 'tokens expired', weight: 6, run: ({ world }) => world.authorizationServer.expireAccessTokens() ?? 'all' },
  { name: 'logins revoked', weight: 1, run: ({ world }) => world.authorizationServer.revokeLogins() ?? 'all' },
  { name: 'sessions lost', weight: 4, run: loseSessions },
  { name: 'streams dropped', weight: 3, run: dropStreams },
  { name: 'servers killed', weight: 5, run: killServer },
  { name: 'lists changed', weight: 2, run: changeLists },
  { name: 'config changed', weight: 6, run: changeServers },
  { name: 'config spoilt', weight: 1, run: spoilConfig },
  { name: 'rules changed', weight: 3, run: changeRules },
];

/** Until the signal aborts. @param {Scene & { journal: any }} scene @param {AbortSignal} signal */
export async function makeTrouble(scene, signal) {
  const { random, crew, journal, world } = scene;
  while (!signal.aborted) {
    await sleep(random.between(...restMs));
    if (signal.aborted) break;
    if (crew.isPaused) continue;
    const trouble = random.weighted(troubles);
    const done = await trouble.run(scene);
    if (done === undefined) continue;
    journal.count(trouble.name);
    journal.note(`${trouble.name}: ${done}`);
    world.forgetRequests();
  }
}

/** The files as they were in the beginning. @param {Scene} scene */
export function calm({ world }) {
  world.change({ extras: {}, isToggledOff: false, isBad: false });
}

/** Name of the server → when it lost its sessions. */
const lostAt = new Map();

function loseSessions({ world, random }) {
  const name = random.pick(['web', 'crm']);
  // A call is sent again twice; a server that forgets faster than this machine answers is another matter.
  if (Date.now() - (lostAt.get(name) ?? 0) < settledMs) return undefined;
  lostAt.set(name, Date.now());
  if (name === 'web') world.web.forget();
  else world.crm.forgetSessions();
  return name;
}

function dropStreams({ world, random }) {
  const name = random.pick(['web', 'modernWeb']);
  world[name].dropStreams();
  return name;
}

function changeLists({ world }) {
  world.web.notifyAll('notifications/tools/list_changed');
  return 'web';
}

function killServer({ crew, random }) {
  const host = random.pick([...crew.hosts]);
  if (host === undefined) return undefined;
  const server = random.pick(killable);
  const found = processesWith(host.mark).filter(({ environment }) => environment.includes(`${label}=${server}\0`));
  if (found.length === 0) return undefined;
  const { pid } = random.pick(found);
  const signal = random.pick(['SIGKILL', 'SIGTERM']);
  if (!crew.trouble(host, server)) return undefined;
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
    return undefined;
  }
  return `${server} (${pid}) of ${host.name} by ${signal}`;
}

function changeServers({ world, random }) {
  const name = random.pick(extras);
  const present = { ...world.state.extras };
  const isThere = present[name] !== undefined;
  if (isThere && random.chance(0.5)) delete present[name];
  else present[name] = (present[name] ?? 0) + 1;
  world.change({ extras: present });
  return `${name} ${present[name] === undefined ? 'removed' : isThere ? 'changed' : 'added'}`;
}

async function spoilConfig({ world, crew, random }) {
  await crew.withoutStarts(async () => {
    world.change({ isBad: true });
    await sleep(random.between(...badMs));
    world.change({ isBad: false });
  });
  return 'and mended';
}

function changeRules({ world }) {
  world.change({ isToggledOff: !world.state.isToggledOff });
  return world.state.isToggledOff ? 'one tool less' : 'one tool more';
}

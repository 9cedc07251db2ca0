// Tests of src/downstream/orphan-guard.ts.
import { afterEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/downstream/connection.ts';
import { openConnection } from '../../src/downstream/open-connection.ts';
import { createOrphanGuard } from '../../src/downstream/orphan-guard.ts';
import { processesOfGroup, stdioEntry, testDeps, until } from './surroundings.ts';

const open: Connection[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
});

async function start(guard: ReturnType<typeof createOrphanGuard>): Promise<{ connection: Connection; group: number }> {
  const entry = stdioEntry({ fixture: 'exit-slowly', args: ['never'] });
  const connection = await openConnection(testDeps({ guard }), entry);
  open.push(connection);
  const { result } = await connection.callTool('pid', {});
  return { connection, group: Number((result['content'] as { text: string }[])[0]?.text) };
}

describe.skipIf(process.platform === 'win32')('the guard against orphans', () => {
  it('ends a server that ignores everything, once the gateway is gone', async () => {
    const guard = createOrphanGuard(testDeps());
    const { group } = await start(guard);
    expect(processesOfGroup(group)).toEqual([group]);
    // What a killed gateway does to the guard: its end of the pipe closes, and nothing was taken back.
    guard.close();
    await until(() => processesOfGroup(group).length === 0);
  });

  it('leaves a group alone that was taken back', async () => {
    const guard = createOrphanGuard(testDeps());
    const first = await start(guard);
    const second = await start(guard);
    guard.forget(second.group);
    guard.close();
    await until(() => processesOfGroup(first.group).length === 0);
    expect(processesOfGroup(second.group)).toEqual([second.group]);
  });
});

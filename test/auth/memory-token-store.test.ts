import { createMemoryTokenStore } from '../../src/auth/memory-token-store.ts';
import { describeTokenStore } from './token-store.contract.ts';

describeTokenStore('the memory', () => {
  const store = createMemoryTokenStore();
  return { store, other: store };
});

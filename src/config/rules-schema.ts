// Owns the keys of gateway-rules.json and what their values may be; knows nothing of how a decision is made.
import { z } from 'zod';

const pattern = z.string().min(1);
const patterns = z.array(pattern);
const byServer = z.record(z.string(), patterns);

export const ruleListsSchema = z.object({
  servers: patterns.optional(),
  tools: byServer.optional(),
  resources: byServer.optional(),
  prompts: byServer.optional(),
});

export const agentSchema = z.object({
  /** For humans; has no effect. */
  description: z.string().optional(),
  allow: ruleListsSchema.optional(),
  deny: ruleListsSchema.optional(),
});

export const ruleDefaultsSchema = z.object({ deny_on_missing_agent: z.boolean().optional() });

export type RawRuleLists = z.infer<typeof ruleListsSchema>;

export const ruleKeys = {
  topLevel: ['agents', 'defaults', '$schema'],
  agent: Object.keys(agentSchema.shape),
  lists: Object.keys(ruleListsSchema.shape),
  defaults: Object.keys(ruleDefaultsSchema.shape),
} as const satisfies Record<string, readonly string[]>;

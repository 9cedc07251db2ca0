// Owns the keys of gateway-rules.json and what their values may be; knows nothing of how a decision is made.
import * as z from 'zod/mini';

const pattern = z.string().check(z.minLength(1));
const patterns = z.array(pattern);
const byServer = z.record(z.string(), patterns);

export const ruleListsSchema = z.object({
  servers: z.optional(patterns),
  tools: z.optional(byServer),
  resources: z.optional(byServer),
  prompts: z.optional(byServer),
});

export const agentSchema = z.object({
  /** For humans; has no effect. */
  description: z.optional(z.string()),
  allow: z.optional(ruleListsSchema),
  deny: z.optional(ruleListsSchema),
});

export const ruleDefaultsSchema = z.object({ deny_on_missing_agent: z.optional(z.boolean()) });

export type RawRuleLists = z.infer<typeof ruleListsSchema>;

export const ruleKeys = {
  topLevel: ['agents', 'defaults', '$schema'],
  agent: Object.keys(agentSchema.shape),
  lists: Object.keys(ruleListsSchema.shape),
  defaults: Object.keys(ruleDefaultsSchema.shape),
} as const satisfies Record<string, readonly string[]>;

// Owns the guess of how many tokens a piece of JSON costs a model; a tokenizer would weigh more than the gateway.

/** Measured on tool definitions of real servers with the o200k encoding; docs/architecture.md has the figures. */
const charactersPerToken = 4;

export function estimateTokens(value: unknown): number {
  return Math.ceil(JSON.stringify(value).length / charactersPerToken);
}

// Owns which URLs can be the identifier of a client (draft-ietf-oauth-client-id-metadata-document section 3); pure.

/** What is wrong with it, or undefined. Servers compare it as text, so what a URL parser would mend is wrong too. */
export function clientMetadataUrlProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'is no URL';
  const url = new URL(text);
  if (url.protocol !== 'https:') return 'must be an https URL';
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password';
  if (text.includes('#')) return 'must not hold a fragment (#)';
  // The parser has taken them out already; `%2e` means the same to it.
  if (/\/(?:\.|%2e){1,2}(?:[/?]|$)/i.test(text)) return 'must not hold the path segments . or ..';
  if (url.pathname === '/') return 'must name a document: a path after the host';
  if (url.href !== text) return `must be written as servers compare it: ${url.href}`;
  return undefined;
}

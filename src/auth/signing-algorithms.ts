// Owns which algorithms this client signs with. Pure.

/** The shortest signatures first (RFC 7518 section 3.1, RFC 8037). */
const signingAlgorithms = [
  'ES256',
  'EdDSA',
  'ES384',
  'ES512',
  'PS256',
  'RS256',
  'PS384',
  'RS384',
  'PS512',
  'RS512',
] as const;

/** The one to use at a server that lists these; without a list it takes any. Undefined: none is in common. */
export function commonAlgorithm(listed: readonly string[] | undefined): string | undefined {
  return signingAlgorithms.find((one) => listed === undefined || listed.includes(one));
}

// Owns the class of what became of a call, and whether it is one of those that were expected. Pure.

/** `answered`, `tool error`, an error code of the gateway, `protocol error N`, `ended`, `silent`, `cancelled`. */
export function classOf({ kind, result, error }) {
  if (kind === 'error') return `protocol error ${error.code}`;
  if (kind !== 'result') return kind;
  if (!result.isError) return 'answered';
  return result.structuredContent?.error?.code ?? 'tool error';
}

/**
 * Undefined where it is as expected, else what is wrong, in words.
 * @param {object} answer
 * @param {{ expected: readonly string[], tolerated?: readonly string[], check?: (answer: any) => string | undefined }} expectation
 *   `tolerated`: because of something that was done to the server or the host meanwhile; `check` looks into what is `expected`
 */
export function judge(answer, { expected, tolerated = [], check = () => undefined }) {
  const found = classOf(answer);
  if (expected.includes(found)) {
    if (found === 'ended' || found === 'cancelled') return undefined;
    // What was tolerated may look like what was expected.
    return tolerated.includes(found) ? undefined : check(answer);
  }
  if (tolerated.includes(found)) return undefined;
  return `${found} where ${expected.join(' or ')} was expected: ${detailOf(answer)}`;
}

function detailOf({ kind, result, error }) {
  if (kind === 'error') return JSON.stringify(error).slice(0, 500);
  return JSON.stringify(result?.structuredContent?.error ?? result ?? kind).slice(0, 500);
}

// Owns deriving keys from passphrases with a thousandth of the work, on both sides alike, where it is done many times over.
// What the real work gives is proved where this is not used.

/** @returns {() => void} ends it */
export function deriveCheaply() {
  const { deriveBits } = SubtleCrypto.prototype;
  SubtleCrypto.prototype.deriveBits = function derive(algorithm, ...rest) {
    const { iterations } = algorithm;
    const cheap = iterations === undefined ? algorithm : { ...algorithm, iterations: Math.ceil(iterations / 1000) };
    return deriveBits.call(this, cheap, ...rest);
  };
  return () => {
    SubtleCrypto.prototype.deriveBits = deriveBits;
  };
}

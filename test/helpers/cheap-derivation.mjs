// Loaded into gateways of tests that derive keys from passphrases many times over: a thousandth of the work, on both sides
// alike. What the real work gives is proved where it is not loaded.
const { deriveBits } = SubtleCrypto.prototype;
SubtleCrypto.prototype.deriveBits = function derive(algorithm, ...rest) {
  const { iterations } = algorithm;
  const cheap = iterations === undefined ? algorithm : { ...algorithm, iterations: Math.ceil(iterations / 1000) };
  return deriveBits.call(this, cheap, ...rest);
};

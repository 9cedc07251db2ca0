// Owns how the demo looks in a terminal: numbered steps, lines of what went over a wire, colours. Knows nothing of MCP.

/** SGR parameters. */
const styles = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };

/** @typedef {keyof typeof styles} Style */

const margin = '    ';
/** Lines that come from elsewhere (documents, answers) are cut here. Characters. */
const longestText = 200;

/**
 * @param {{ stream: NodeJS.WritableStream & { isTTY?: boolean }, env: Readonly<Record<string, string | undefined>> }} deps
 */
export function createTerminal({ stream, env }) {
  // https://no-color.org: set and not empty, whatever its value.
  const colours = stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  /** @param {Style} style @param {string} text */
  const paint = (style, text) => (colours ? `\u001b[${styles[style]}m${text}\u001b[0m` : text);
  /** @param {string} [text] */
  const line = (text = '') => void stream.write(`${text}\n`);
  let number = 0;

  return {
    paint,
    line,

    /** @param {string} title */
    step(title) {
      number += 1;
      line();
      line(`${paint('cyan', String(number).padStart(2))}  ${paint('bold', title)}`);
    },

    /** Plain words, one line each. @param {...string} lines */
    say(...lines) {
      for (const text of lines) line(`${margin}${text}`);
    },

    /** Something foreign, as it is. @param {string} text */
    quote(text) {
      for (const part of text.split('\n')) line(`${margin}  ${paint('dim', cut(part))}`);
    },

    /** What the host sends to the gateway. @param {string} text */
    sent(text) {
      line(`${margin}${paint('cyan', '→')} ${cut(text)}`);
    },

    /** What the gateway answers. @param {string} text @param {Style} [style] */
    received(text, style = 'green') {
      line(`${margin}${paint(style, '←')} ${cut(text)}`);
    },

    /**
     * One request that a server saw. @param {{ at: string, method: string, path: string, status: number, note: string }} request
     */
    request({ at, method, path, status, note }) {
      const style = status === 0 ? 'yellow' : status < 400 ? 'green' : 'red';
      const outcome = paint(style, status === 0 ? '...' : String(status));
      line(`${margin}  ${at.padEnd(15)}${`${method} ${path}`.padEnd(46)} ${outcome}`);
      if (note !== '') line(`${margin}  ${' '.repeat(15)}${paint('dim', note)}`);
    },
  };
}

/** @param {string} text */
function cut(text) {
  return text.length <= longestText ? text : `${text.slice(0, longestText - 1)}…`;
}

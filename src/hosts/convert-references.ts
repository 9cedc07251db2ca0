// Owns what references in a host's strings (`${VAR}`, `$VAR`, `${env:VAR}`) become here: pure.
import type { Dialect } from './host-table.ts';

export interface ReferencePlace {
  readonly platform: NodeJS.Platform;
  /** The folder of the project whose config it is. */
  readonly project: string | undefined;
}

export type Converted<T> =
  | { readonly kind: 'converted'; readonly value: T }
  /** A reference that only the host can fill in. */
  | { readonly kind: 'impossible'; readonly reference: string };

/** Text that comes out as `${...}`, for hosts that leave it as it stands. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the reference that goes into the file
const literalDollar = '${DOLLAR:-$}';

const ours = /^(?:env:)?[A-Za-z_][\w()]*(?::-[^{}]*)?$/;

/** Every string in the value, as Portico's config has to write it to mean the same. */
export function convertReferences<T>(value: T, dialect: Dialect, place: ReferencePlace): Converted<T> {
  let impossible: string | undefined;
  const convert = (text: string): string => {
    const result = convertText(text, dialect, place);
    if (result.kind === 'impossible') impossible ??= result.reference;
    return result.kind === 'converted' ? result.value : text;
  };
  const walk = (member: unknown): unknown => {
    if (typeof member === 'string') return convert(member);
    if (Array.isArray(member)) return member.map(walk);
    if (typeof member !== 'object' || member === null) return member;
    return Object.fromEntries(Object.entries(member).map(([key, inner]) => [key, walk(inner)]));
  };
  const converted = walk(value) as T;
  return impossible === undefined
    ? { kind: 'converted', value: converted }
    : { kind: 'impossible', reference: impossible };
}

function convertText(text: string, dialect: Dialect, place: ReferencePlace): Converted<string> {
  if (!text.includes('$')) return { kind: 'converted', value: text };
  let impossible: string | undefined;
  const value = text.replace(/\$\{([^{}]*)\}|\$\{|\$([A-Za-z_]\w*)/g, (whole, inside, bare) => {
    if (bare !== undefined) return dialect === 'dollar' ? `\${${bare}}` : whole;
    const replaced = inside === undefined ? undefined : reference(inside, dialect, place);
    if (replaced === 'impossible') impossible ??= whole;
    return replaced ?? literalDollar + whole.slice(1);
  });
  return impossible === undefined ? { kind: 'converted', value } : { kind: 'impossible', reference: impossible };
}

/** Undefined: the host does not fill this in. */
function reference(
  inside: string,
  dialect: Dialect,
  { platform, project }: ReferencePlace,
): string | 'impossible' | undefined {
  if (dialect === 'none') return undefined;
  if (dialect !== 'editor') return ours.test(inside) && !inside.startsWith('env:') ? `\${${inside}}` : undefined;
  if (inside === 'userHome') return `\${${platform === 'win32' ? 'USERPROFILE' : 'HOME'}}`;
  if (inside === 'pathSeparator' || inside === '/') return platform === 'win32' ? '\\' : '/';
  if (inside === 'workspaceFolder') return project ?? 'impossible';
  if (/^input:[\w.-]+$/.test(inside) || ours.test(inside)) {
    // Editors have no plain `${VAR}`; who writes it means the variable.
    return /^(?:workspaceFolder|file|relativeFile|cwd|lineNumber|selectedText|execPath)/.test(inside)
      ? 'impossible'
      : `\${${inside}}`;
  }
  return 'impossible';
}

/**
 * True for what documentation prints in the place of a secret: `…EXAMPLE`, runs of x or zeros, `your-key-here`.
 * Such a finding is reported under its own type at low severity, so that nobody can hide a key by naming it so
 * without the record showing it.
 */
export function isPlaceholder(value: string): boolean {
  return (
    /example/i.test(value) ||
    /(?:x{8,}|X{8,}|0{12,}|\*{6,}|1234567890{1,4}1234567890)/.test(value) ||
    /your[-_]?(?:api|secret|token|key|password|access)|<[a-z _-]{3,40}>|placeholder|dummy|changeme/i.test(
      value,
    )
  );
}

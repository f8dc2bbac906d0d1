const ECHO =
  /^\s{0,8}(?:echo|printf)\s{1,8}(?:-[neE]{1,3}\s{1,8})?(?:'([^']{0,2000})'|"([^"$`]{0,2000})"|([^\s"'$`|;&<>]{1,2000}))\s{0,8}(\|\s{0,8}base64\s{1,8}(?:-d|-D|--decode)\s{0,8})?$/;

/** What a substitution that only says something becomes: of `$(echo cm0gLXJm | base64 -d)` the command it hides. */
export function echoed(script: string): string | undefined {
  const found = ECHO.exec(script);
  if (found === null) return undefined;
  const [, single, double, bare, decodes] = found;
  const said = single ?? double ?? bare ?? "";
  return decodes === undefined ? said : Buffer.from(said, "base64").toString("utf8");
}

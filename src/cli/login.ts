import { loadConfig, type ConfigSource } from "../config/load.js";
import { login } from "../mcp/auth/login.js";
import { SallyportError, describeError } from "../model/errors.js";

/**
 * `sallyport login SERVER`: shows the address to open, and waits until the browser has come back. Throws SallyportError
 * `config_invalid`, or `downstream_unavailable` when the login fails.
 */
export async function loginCommand(
  source: ConfigSource,
  name: string,
  write: (text: string) => void,
): Promise<number> {
  const { config, problems } = loadConfig(source);
  if (config === undefined) {
    const texts = problems.map(({ message, ...where }) =>
      describeError(new SallyportError("config_invalid", message, where)),
    );
    throw new SallyportError("config_invalid", texts.join("\n"));
  }
  const server = config.servers.find((each) => each.name === name);
  const names = config.servers.map((each) => each.name).join(", ");
  if (server === undefined)
    throw new SallyportError("config_invalid", `no server "${name}"`, { fix: `one of: ${names}` });
  const { transport } = server;
  if (transport.kind !== "http" || transport.auth?.type !== "authorization_code")
    throw new SallyportError("config_invalid", `server "${name}" has no auth of type authorization_code`, {
      file: config.source,
      path: `mcpServers.${name}.auth`,
    });
  await login(transport.auth, transport.url, (url) =>
    write(`Open this address in your browser, on this machine:\n\n  ${url}\n\n`),
  );
  write(`Logged in to ${name}. The tokens are kept in ${transport.auth.tokenFile}\n`);
  return 0;
}

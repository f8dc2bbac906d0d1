/** Who is asking: by their own token, or by the cookie that a browser got for it. */
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { AdminSettings } from "../config/admin.js";

export interface Visitor {
  readonly name: string;
  /** By cookie: then a page of somebody else's could have made the browser ask. */
  readonly browser: boolean;
}

export interface People {
  visitor(request: IncomingMessage): Visitor | undefined;
  /** The cookie for whoever has this token; undefined when nobody has. */
  login(token: string): string | undefined;
  logout(request: IncomingMessage): void;
}

const COOKIE = "sallyport";
/** A working day. */
const SESSION_MS = 12 * 3_600_000;
/** One token must not fill the memory with logins. */
const MAX_SESSIONS = 200;

export function createPeople(
  { people }: Pick<AdminSettings, "people">,
  now: () => number = Date.now,
): People {
  // Compared as digests, and with all of them: neither length nor place shows in the time it takes.
  const known = people.map(({ name, token }) => ({ name, digest: digest(token) }));
  const sessions = new Map<string, { readonly name: string; readonly until: number }>();
  const byToken = (token: string): string | undefined => {
    const given = digest(token);
    return known.filter((each) => timingSafeEqual(each.digest, given))[0]?.name;
  };
  return {
    visitor: (request) => {
      const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
      if (bearer !== undefined) {
        const name = byToken(bearer);
        return name === undefined ? undefined : { name, browser: false };
      }
      const session = sessions.get(cookieOf(request));
      return session === undefined || session.until <= now()
        ? undefined
        : { name: session.name, browser: true };
    },
    login: (token) => {
      const name = byToken(token);
      if (name === undefined) return undefined;
      const [oldest] = sessions.keys();
      if (sessions.size >= MAX_SESSIONS && oldest !== undefined) sessions.delete(oldest);
      const id = randomBytes(32).toString("base64url");
      sessions.set(id, { name, until: now() + SESSION_MS });
      return `${COOKIE}=${id}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${SESSION_MS / 1000}`;
    },
    logout: (request) => void sessions.delete(cookieOf(request)),
  };
}

function cookieOf({ headers }: IncomingMessage): string {
  const found = (headers.cookie ?? "").split(/; */).find((each) => each.startsWith(`${COOKIE}=`));
  return found?.slice(COOKIE.length + 1) ?? "";
}

function digest(text: string): Buffer {
  return hash("sha256", text, "buffer");
}

/** The listener for people: questions over HTTP, and the page that shows them. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { question, questions, type Grant, type Groups, type Question } from "../approvals/approvals.js";
import type { AuditLog } from "../audit/log.js";
import type { AdminSettings } from "../config/admin.js";
import { parseDuration } from "../config/units.js";
import { castVote, MAX_COMMENT, MAX_GRANT, MAX_GRANT_MS, WHY_NOT } from "../gate/vote.js";
import { guard } from "../mcp/guard.js";
import { createListener, HTTP_LIMITS, readBody } from "../mcp/listener.js";
import type { Log } from "../mcp/log.js";
import { SallyportError } from "../model/errors.js";
import { isObject, type Json } from "../model/json.js";
import { listPage, loginPage, questionPage, STYLE } from "./page.js";
import { createPeople, type Visitor } from "./people.js";
import { shown } from "./view.js";

export interface AdminParts {
  readonly admin: AdminSettings;
  readonly groups: Groups;
  readonly audit: Pick<AuditLog, "read" | "appendApprovals">;
  readonly log: Log;
  /** Somebody has answered. */
  readonly decided: (question: Question) => void;
}

export interface Admin {
  readonly url: string;
  stop(): Promise<void>;
}

/** A comment and a token are short. */
const MAX_BODY = 8 * 1024;

/** Undefined when another Sallyport of this machine has the port: then people find the same questions there. */
export async function serveAdmin(parts: AdminParts): Promise<Admin | undefined> {
  const people = createPeople(parts.admin);
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    response.setHeader("cache-control", "no-store");
    response.setHeader("x-content-type-options", "nosniff");
    // Not "no-referrer": browsers then send forms with the origin "null", which is nobody's.
    response.setHeader("referrer-policy", "same-origin");
    response.setHeader(
      "content-security-policy",
      "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    const refused = guard(request, NO_HOSTS);
    if (refused !== undefined) return json(response, refused.status, { error: refused.message });
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) return void response.destroy();
      const tooLarge = error instanceof SallyportError && error.code === "too_large";
      parts.log.error({ err: error }, "an answer to a person failed");
      json(response, tooLarge ? 413 : 500, {
        error: tooLarge ? "too large" : "it could not be done: see the log",
      });
    });
  };
  const { server } = createListener(handle, HTTP_LIMITS, parts.log);

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const posted = request.method === "POST";
    if (!posted && request.method !== "GET") return json(response, 405, { error: "GET or POST" });
    if (pathname === "/style.css") return send(response, 200, "text/css", STYLE);
    if (posted && pathname === "/login") return login(request, response);
    const visitor = people.visitor(request);
    const api = pathname.startsWith("/api/");
    if (visitor === undefined) {
      if (api) response.setHeader("www-authenticate", 'Bearer realm="sallyport admin"');
      return api
        ? json(response, 401, { error: "send your own token as `Authorization: Bearer …`" })
        : html(response, 401, loginPage(undefined));
    }
    // SameSite counts other ports of this machine as the same site: a page there could post with the cookie.
    if (posted && visitor.browser && !ownOrigin(request))
      return json(response, 403, { error: "this form is not ours" });
    if (posted && pathname === "/logout") {
      people.logout(request);
      return redirect(response, "/");
    }
    const one = /^(?:\/api\/approvals|\/a)\/(a_[0-9a-z]{26})(?:\/(approve|deny))?$/.exec(pathname);
    const now = Date.now();
    if (one === null) {
      if (posted || !["/", "/api/approvals"].includes(pathname))
        return json(response, 404, { error: "not here" });
      const all = searchParams.get("all") === "true";
      const found = parts.audit.read((tx) => questions(tx, now, all)).map(shown);
      return api ? json(response, 200, found) : html(response, 200, listPage(found, all, visitor.name, now));
    }
    const [, id = "", word] = one;
    const asked = parts.audit.read((tx) => question(tx, id, now));
    if (asked === undefined) return json(response, 404, { error: `no question is called ${id}` });
    if (word === undefined && !posted)
      return api
        ? json(response, 200, shown(asked))
        : html(response, 200, questionPage(shown(asked), visitor.name, now, undefined));
    if (word === undefined || !posted) return json(response, 405, { error: "POST …/approve or …/deny" });
    await vote(request, response, asked, word === "approve", visitor, api);
  };

  const login = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const token = new URLSearchParams((await readBody(request, response, MAX_BODY)).toString()).get("token");
    const cookie = ownOrigin(request) && token !== null ? people.login(token.trim()) : undefined;
    if (cookie === undefined) return html(response, 401, loginPage("Nobody has this token."));
    response.setHeader("set-cookie", cookie);
    redirect(response, "/");
  };

  const vote = async (
    request: IncomingMessage,
    response: ServerResponse,
    asked: Question,
    approve: boolean,
    { name }: Visitor,
    api: boolean,
  ): Promise<void> => {
    const body = (await readBody(request, response, MAX_BODY)).toString();
    const said = api ? fromJson(body) : fromForm(body);
    if ("error" in said) return json(response, 400, said);
    // The same name as on the command line: who has answered there, has answered.
    const ballot = { id: asked.id, by: `local:${name}`, how: "api_key" as const, approve, ...said };
    if (!approve && said.grant !== undefined)
      return json(response, 400, { error: "only an approval can cover more than one call" });
    const counted = await castVote(parts.audit, parts.groups, ballot, Date.now);
    if ("after" in counted) parts.decided(counted.after);
    const now = Date.now();
    if (api)
      return "problem" in counted
        ? json(response, 409, { error: WHY_NOT[counted.problem], reason: counted.problem })
        : json(response, 200, shown(counted.after));
    if ("after" in counted) return redirect(response, `/a/${asked.id}`);
    html(response, 409, questionPage(shown(asked), name, now, WHY_NOT[counted.problem]));
  };

  const { host, port } = parts.admin.listen;
  const taken = await new Promise<boolean>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(true);
      else
        reject(
          new SallyportError("config_invalid", `cannot listen on ${host}:${port}`, {}, { cause: error }),
        );
    });
    server.listen(port, host, () => resolve(false));
  });
  if (taken) return undefined;
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const NO_HOSTS: ReadonlySet<string> = new Set();

function ownOrigin({ headers }: IncomingMessage): boolean {
  const { origin, host } = headers;
  return origin === `http://${host ?? ""}` && (headers["sec-fetch-site"] ?? "same-origin") === "same-origin";
}

type Said = { readonly comment?: string; readonly grant?: Grant } | { readonly error: string };

function fromForm(body: string): Said {
  const comment = (new URLSearchParams(body).get("comment") ?? "").trim();
  return comment === "" ? {} : checked(comment, undefined);
}

/** `{ comment?, for?, count? }` */
function fromJson(body: string): Said {
  let value: Json;
  try {
    value = body.trim() === "" ? {} : (JSON.parse(body) as Json);
  } catch {
    return { error: "the body is not JSON" };
  }
  if (!isObject(value)) return { error: "the body is an object: { comment?, for?, count? }" };
  const unknown = Object.keys(value).find((key) => !["comment", "for", "count"].includes(key));
  if (unknown !== undefined) return { error: `unknown key "${unknown}"; valid: comment, for, count` };
  const { comment, for: length, count } = value;
  if (comment !== undefined && typeof comment !== "string") return { error: "comment is a text" };
  if (length === undefined && count === undefined) return checked(comment, undefined);
  const forMs = length === undefined ? undefined : parseDuration(length);
  if (forMs === undefined || forMs > MAX_GRANT_MS) return { error: "for is such as 30m, at most a day" };
  if (typeof count !== "number" || !Number.isInteger(count) || count < 1 || count > MAX_GRANT)
    return { error: `count is a whole number from 1 to ${MAX_GRANT}` };
  return checked(comment, { forMs, count });
}

function checked(comment: string | undefined, grant: Grant | undefined): Said {
  if ((comment ?? "").length > MAX_COMMENT)
    return { error: `a comment has at most ${MAX_COMMENT} characters` };
  return { ...(comment !== undefined && { comment }), ...(grant !== undefined && { grant }) };
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, {
    "content-type": `${type}; charset=utf-8`,
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

function json(response: ServerResponse, status: number, value: object): void {
  send(response, status, "application/json", `${JSON.stringify(value)}\n`);
}

function html(response: ServerResponse, status: number, page: string): void {
  send(response, status, "text/html", page);
}

function redirect(response: ServerResponse, to: string): void {
  response.writeHead(303, { location: to }).end();
}

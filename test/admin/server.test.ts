/** People who answer held calls over HTTP: who may, what they see, and what becomes of the call. */
import { createHmac } from "node:crypto";
import http from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Admin } from "../../src/admin/server.js";
import { newId } from "../../src/audit/ids.js";
import { startAdmin } from "../../src/cli/admin.js";
import { start, type Started } from "../../src/cli/start.js";
import type { Call } from "../../src/model/call.js";

const POLICY = `
policy: p
owner: o
rules:
  - id: asks
    match: { tool: change }
    decision: require_approval
    approval: { approvers: ["team:dba"], not_requester: true, expires: 15m }
    reason: Changes are reviewed
`;
const MAYA = "maya".repeat(6);
const ZOE = "zoe".repeat(8);
const SECRET = "a-secret-between-us-two";

let dir: string;
let hook: http.Server;
let heard: { headers: http.IncomingHttpHeaders; body: string }[];
let hookStatus: number;
let started: Started;
let admin: Admin;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "sallyport-admin-"));
  heard = [];
  hookStatus = 204;
  hook = http.createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      heard.push({ headers: request.headers, body });
      response.writeHead(hookStatus).end();
    });
  });
  await new Promise<void>((resolve) => hook.listen(0, "127.0.0.1", resolve));
  writeFileSync(join(dir, "p.yaml"), POLICY);
  const file = {
    profile: "dev",
    mcpServers: { crm: { command: "node", connector: "generic", environment: "prod" } },
    policies: ["p.yaml"],
    audit: { path: "audit.db" },
    approvers: { "team:dba": ["maya"] },
    admin: { listen: "127.0.0.1:0", people: { maya: "${MAYA}", zoe: "${ZOE}" } },
    approvals: {
      webhook: { url: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`, secret: "${SECRET}" },
    },
  };
  writeFileSync(join(dir, "mcp.config.json"), JSON.stringify(file));
  const env = { SALLYPORT_LOG_LEVEL: "silent", MAYA, ZOE, SECRET };
  started = await start({ file: "mcp.config.json", cwd: dir, env }, { id: "local:bot", how: "os_user" });
  admin = (await startAdmin(started.config, started.audit, started.log, started.tell))!;
});
afterEach(async () => {
  await admin.stop();
  await started.audit.close();
  hook.closeAllConnections();
  hook.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Makes the call: whether it ran, and what its caller was told. */
async function change(who = "local:bot"): Promise<{ ran: boolean; told: string }> {
  const args = { row: 7, mail: "rosa@example.com", note: "<b>bold</b> \u202e" };
  const call: Call = {
    id: newId("d"),
    principal: { id: who, how: "os_user" },
    client: "agent 1",
    server: "crm",
    connector: "generic",
    environment: "prod",
    tool: "change",
    operation: "execute",
    args,
    argsText: JSON.stringify(args),
  };
  const text = '{"content":[]}';
  const answer = { body: "result", text, value: JSON.parse(text), bytes: text.length } as const;
  const governed = await started.parts.gate.govern(call, async () => answer);
  return { ran: governed.kind === "unchanged", told: JSON.stringify(governed) };
}

const as = (token: string) => ({ authorization: `Bearer ${token}` });
const get = (path: string, headers: Record<string, string> = as(MAYA)) =>
  fetch(`${admin.url}${path}`, { headers });
const post = (path: string, body: object | string, headers: Record<string, string> = as(MAYA)) =>
  fetch(`${admin.url}${path}`, {
    method: "POST",
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body),
    redirect: "manual",
  });
async function held(): Promise<string> {
  await change();
  const [one] = (await (await get("/api/approvals")).json()) as { id: string }[];
  return one!.id;
}

describe("over HTTP", () => {
  it("a held call is listed with all that it takes to answer, and nothing that binds it", async () => {
    const id = await held();
    const one = (await (await get(`/api/approvals/${id}`)).json()) as Record<string, unknown>;
    expect(one).toMatchObject({
      id,
      state: "pending",
      requester: "local:bot",
      client: "agent 1",
      server: "crm",
      tool: "change",
      environment: "prod",
      reasons: ["Changes are reviewed"],
      needs: ["p/asks: team:dba, not who asks"],
    });
    expect(one["arguments"]).toContain("[REDACTED:email]");
    expect(JSON.stringify(one)).not.toMatch(/binding|shape|rosa@/);
  });

  it("an approval lets the same call run, once", async () => {
    const id = await held();
    const answer = await post(`/api/approvals/${id}/approve`, { comment: "seen it" });
    expect([answer.status, await answer.json()]).toMatchObject([200, { state: "approved" }]);
    expect((await change()).ran).toBe(true);
    expect((await change()).ran).toBe(false);
  });

  it("a refusal reaches the caller in the person's words", async () => {
    const id = await held();
    expect((await post(`/api/approvals/${id}/deny`, { comment: "use the copy" })).status).toBe(200);
    expect((await change()).told).toContain("local:maya said no: use the copy");
  });

  it("the answer of somebody who may not, or a second one, is not counted", async () => {
    const id = await held();
    const zoe = await post(`/api/approvals/${id}/approve`, {}, as(ZOE));
    expect([zoe.status, await zoe.json()]).toMatchObject([409, { reason: "not_an_approver" }]);
    await change("local:maya");
    const all = (await (await get("/api/approvals")).json()) as { id: string; requester: string }[];
    const own = all.find((each) => each.requester === "local:maya")!;
    const maya = await post(`/api/approvals/${own.id}/approve`, {});
    expect([maya.status, await maya.json()]).toMatchObject([409, { reason: "requester" }]);
    await post(`/api/approvals/${id}/deny`, {});
    expect(await (await post(`/api/approvals/${id}/approve`, {})).json()).toMatchObject({ reason: "over" });
  });

  it.each([
    ["no token", {}, 401],
    ["a token of nobody", as("nobody".repeat(4)), 401],
    ["another Host", { ...as(MAYA), host: "evil.example" }, 403],
    ["another Origin", { ...as(MAYA), origin: "https://evil.example" }, 403],
  ])("with %s nothing is shown and nothing counted", async (_what, headers, status) => {
    const id = await held();
    const { port } = new URL(admin.url);
    const got = await new Promise<number>((resolve) => {
      const path = `/api/approvals/${id}/approve`;
      const request = http.request({ port, path, method: "POST", headers }, (r) =>
        resolve(r.resume().statusCode!),
      );
      request.end("{}");
    });
    expect(got).toBe(status);
    expect((await change()).ran).toBe(false);
  });

  it.each([
    ["{", "not JSON"],
    ["[]", "an object"],
    ['{"coment":"x"}', 'unknown key \\"coment\\"'],
    ['{"comment":7}', "comment is a text"],
    [JSON.stringify({ comment: "x".repeat(301) }), "at most 300"],
    ['{"for":"2d","count":2}', "at most a day"],
    ['{"for":"30m"}', "count is a whole number"],
  ])("a body that is wrong is refused: %s", async (body, says) => {
    const answer = await post(`/api/approvals/${await held()}/approve`, body);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(says);
  });

  it("a body that is too large is not read", async () => {
    expect((await post(`/api/approvals/${await held()}/approve`, "x".repeat(9_000))).status).toBe(413);
  });

  it("a second Sallyport with the same port goes on without a page", async () => {
    const listen = { host: "127.0.0.1", port: Number(new URL(admin.url).port) };
    const config = { ...started.config, admin: { ...started.config.admin!, listen } };
    expect(await startAdmin(config, started.audit, started.log, started.tell)).toBeUndefined();
  });
});

describe("the page", () => {
  const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString();
  const type = "application/x-www-form-urlencoded";
  async function login(token = MAYA): Promise<string> {
    const answer = await post("/login", form({ token }), { "content-type": type, origin: admin.url });
    expect(answer.status).toBe(303);
    return answer.headers.get("set-cookie")!.split(";")[0]!;
  }

  it("asks who is there, and gives a cookie that only this page gets", async () => {
    const stranger = await get("/", {});
    expect(stranger.status).toBe(401);
    expect(await stranger.text()).toContain("Who is there?");
    const answer = await post("/login", form({ token: MAYA }), { "content-type": type, origin: admin.url });
    expect(answer.headers.get("set-cookie")).toMatch(/HttpOnly; SameSite=Strict; Path=\//);
    expect((await post("/login", form({ token: "wrong" }), { origin: admin.url })).status).toBe(401);
  });

  it("shows what would run as text, whatever it holds, and allows no script", async () => {
    const id = await held();
    const cookie = await login();
    const answer = await get(`/a/${id}`, { cookie });
    const page = await answer.text();
    expect(page).toContain("&lt;b&gt;bold&lt;/b&gt; &lt;U+202E&gt;");
    expect(page).not.toContain("<b>");
    expect(page).not.toContain("<script");
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(await (await get("/", { cookie })).text()).toContain(`href="/a/${id}"`);
  });

  it("counts the answer of its own form, and of no other page's", async () => {
    const id = await held();
    const cookie = await login();
    const body = form({ comment: "fine" });
    const send = (origin: string) => post(`/a/${id}/approve`, body, { cookie, origin, "content-type": type });
    expect((await send("http://127.0.0.1:1")).status).toBe(403);
    expect((await change()).ran).toBe(false);
    expect((await send(admin.url)).status).toBe(303);
    expect((await change()).ran).toBe(true);
  });

  it("forgets who has left", async () => {
    const cookie = await login();
    await post("/logout", "", { cookie, origin: admin.url });
    expect((await get("/", { cookie })).status).toBe(401);
  });
});

describe("the webhook", () => {
  it("hears of a held call and of its answer, signed, without its arguments", async () => {
    const id = await held();
    await vi.waitFor(() => expect(heard).toHaveLength(1), { timeout: 20_000 });
    await post(`/api/approvals/${id}/approve`, {});
    await vi.waitFor(() => expect(heard).toHaveLength(2), { timeout: 20_000 });
    const [asked, answered] = heard.map(({ body }) => JSON.parse(body) as { type: string; data: object });
    expect(asked).toMatchObject({
      type: "approval.requested",
      data: { id, tool: "change", state: "pending" },
    });
    expect(answered).toMatchObject({ type: "approval.decided", data: { id, state: "approved" } });
    expect(heard[0]!.body).not.toMatch(/REDACTED|bold/);
    const { headers, body } = heard[0]!;
    const signed = `${headers["webhook-id"] as string}.${headers["webhook-timestamp"] as string}.${body}`;
    const expected = createHmac("sha256", SECRET).update(signed).digest("base64");
    expect(headers["webhook-signature"]).toBe(`v1,${expected}`);
  });

  it("that is not there holds nothing up, and is said in the log", async () => {
    const said: unknown[] = [];
    vi.spyOn(started.log, "error").mockImplementation((...args: unknown[]) => void said.push(args[1]));
    hookStatus = 500;
    const { createWebhook } = await import("../../src/admin/webhook.js");
    const webhook = started.config.webhook!;
    const id = await held();
    const { question } = await import("../../src/approvals/approvals.js");
    const asked = started.audit.read((tx) => question(tx, id, Date.now()))!;
    await createWebhook({ webhook, log: started.log, retryMs: [1, 1] })("approval.requested", asked);
    expect(heard.length).toBeGreaterThanOrEqual(3);
    expect(said).toContain("the webhook could not be reached: given up");
  });
});

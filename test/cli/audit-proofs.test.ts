import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openAudit } from "../../src/audit/log.js";
import { splitNotes } from "../../src/audit/note.js";
import { auditCommand } from "../../src/cli/audit.js";
import { NO_SETTINGS, type Anchor, type AuditSettings } from "../../src/config/audit.js";
import { decide, denied, finish, freshFolder } from "../audit/sample.js";

let folder: string;
let path: string;
let id: string;
beforeEach(async () => {
  folder = freshFolder();
  path = join(folder, "audit.db");
  const log = await openAudit({ path, version: "1.0.0" });
  id = await decide(log);
  await finish(log, id);
  await log.close();
});

async function run(
  argv: readonly string[],
  settings: Partial<AuditSettings> = {},
): Promise<{ code: number; out: string; talk: string }> {
  let out = "";
  let talk = "";
  const code = await auditCommand(argv, {
    path,
    settings: { ...NO_SETTINGS, ...settings },
    version: "1.0.0",
    user: "ann",
    color: false,
    write: (text) => void (out += text),
    say: (text) => void (talk += text),
  });
  return { code, out, talk };
}

async function more(): Promise<void> {
  const log = await openAudit({ path, version: "1.0.0" });
  await decide(log, denied);
  await log.close();
}

function tamper(...statements: string[]): void {
  const db = new Database(path);
  for (const sql of statements) db.exec(sql);
  db.close();
}

describe("prove and verify-proof", () => {
  it("a file that holds with the key alone, when the store is gone", async () => {
    const file = join(folder, "one.tlog-proof");
    const key = (await run(["key"])).out.trim();
    const proved = await run(["prove", id, "--out", file]);
    expect(proved).toMatchObject({ code: 0, out: "" });
    expect(proved.talk).toContain("verify-proof");
    rmSync(path);
    const { code, out } = await run(["verify-proof", file, "--key", key]);
    expect(code).toBe(0);
    expect(out).toMatch(/^ok: record 3 of 5 of sallyport-audit\/[0-9a-f]{32} is\n\{"kind":"decision"/);
    writeFileSync(join(folder, "keys"), `${key}\n`);
    const json = await run(["verify-proof", file, "--json", "--key", join(folder, "keys")]);
    expect(JSON.parse(json.out)).toMatchObject({ ok: true, seq: 3, record: { id } });
    writeFileSync(file, readFileSync(file, "utf8").replace("index 2", "index 1"));
    expect(await run(["verify-proof", file, "--key", key])).toMatchObject({
      code: 1,
      out: expect.stringContaining("not proved: the record is not in the tree"),
    });
  });

  it("goes to stdout without --out, and says what it cannot prove", async () => {
    expect((await run(["prove", id])).out).toMatch(/^c2sp\.org\/tlog-proof@v1\nextra /);
    expect(await run(["prove", "d_never"])).toEqual({
      code: 1,
      out: "",
      talk: `no record d_never in ${path}\n`,
    });
    tamper(`UPDATE records SET body = NULL WHERE id = '${id}'`);
    expect((await run(["prove", id])).talk).toContain("was erased");
    tamper("DELETE FROM checkpoints");
    expect((await run(["prove", "d_never"])).code).toBe(1);
  });

  it.each([
    [["verify-proof", "x"], /needs --key/],
    [["verify-proof"], /needs a file/],
    [["verify-proof", "/nowhere/x", "--key", "/nowhere/key"], /\/nowhere\/x cannot be read: ENOENT/],
    [["prove"], /needs the id/],
    [["verify", "--key", "/nowhere/key"], /cannot be read/],
    [["anchor"], /audit\.anchors names none/],
  ])("%j is bad usage", async (argv, message) => {
    const { code, talk } = await run(argv);
    expect(code).toBe(2);
    expect(talk).toMatch(message);
  });
});

describe("checkpoint and key", () => {
  it("checkpoint prints the newest one, which covers its own end", async () => {
    const { code, out } = await run(["checkpoint"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^sallyport-audit\/[0-9a-f]{32}\n7\n/);
    expect(JSON.parse((await run(["verify", "--json"])).out)).toMatchObject({ ok: true, covered: 7 });
  });

  it("key --rotate changes it; verify --key tells the old from the new", async () => {
    const old = (await run(["key"])).out.trim();
    expect((await run(["verify", "--key", old])).code).toBe(0);
    const now = (await run(["key", "--rotate"])).out.trim();
    expect(now).not.toBe(old);
    expect((await run(["verify", "--key", now])).code).toBe(0);
    expect(await run(["verify", "--key", old])).toMatchObject({
      code: 1,
      out: expect.stringContaining("not signed by the given key"),
    });
    expect(JSON.parse((await run(["key", "--json"])).out)).toEqual({ key: now });
  });

  it.each([["checkpoint"], ["key", "--rotate"], ["anchor", "--file", "x"]])(
    "%s makes no store",
    async (...argv) => {
      path = join(freshFolder(), "audit.db");
      expect(await run(argv)).toEqual({ code: 1, out: "", talk: `no audit store at ${path}\n` });
      expect(existsSync(path)).toBe(false);
    },
  );
});

describe("anchors", () => {
  it("a file gets every checkpoint once, and verify compares it", async () => {
    const file = join(folder, "kept.txt");
    const anchors: Anchor[] = [{ kind: "file", path: file }];
    expect((await run(["anchor"], { anchors })).code).toBe(0);
    await run(["anchor"], { anchors });
    await run(["checkpoint"], { anchors });
    expect(splitNotes(readFileSync(file, "utf8"))).toHaveLength(2);
    expect((await run(["verify"], { anchors })).out).toContain("2 checkpoints kept elsewhere agree");
    tamper("DELETE FROM records WHERE seq > 5", "DELETE FROM checkpoints WHERE size > 5");
    expect((await run(["verify"])).code).toBe(0);
    expect(await run(["verify"], { anchors })).toMatchObject({
      code: 1,
      out: expect.stringContaining("there are 5: the end is gone"),
    });
    expect((await run(["verify", "--against", file])).code).toBe(1);
  });

  it("one that is gone is told: nothing was compared", async () => {
    const anchors: Anchor[] = [{ kind: "file", path: join(folder, "gone.txt") }];
    const { code, out, talk } = await run(["verify"], { anchors });
    expect({ code, talk }).toEqual({ code: 0, talk: expect.stringContaining("not compared") });
    expect(out).toContain("No checkpoint was compared");
  });

  it("a command gets the checkpoint on stdin, without a shell; one that fails is told", async () => {
    const file = join(folder, "by command; touch oops");
    const script = "process.stdin.pipe(require('fs').createWriteStream(process.argv[1]))";
    const command = [process.execPath, "-e", script, file];
    expect((await run(["anchor"], { anchors: [{ kind: "command", command }] })).code).toBe(0);
    expect(splitNotes(readFileSync(file, "utf8"))).toHaveLength(1);
    const failing: Anchor[] = [{ kind: "command", command: [process.execPath, "-e", "process.exit(3)"] }];
    expect(await run(["anchor"], { anchors: failing })).toMatchObject({
      code: 1,
      talk: expect.stringContaining("it ended with 3"),
    });
    expect((await run(["verify"], { anchors: failing })).talk).toContain("gives nothing back");
  });

  describe("over HTTP", () => {
    let server: Server;
    let kept: string;
    let seen: { method: string | undefined; token: string | undefined }[];
    let status: number;
    beforeEach(async () => {
      kept = "";
      seen = [];
      status = 200;
      server = createServer((request, response) => {
        seen.push({ method: request.method, token: request.headers.authorization });
        let body = "";
        request.on("data", (chunk) => (body += String(chunk)));
        request.on("end", () => {
          if (request.method === "POST" && status === 200) kept += body;
          response
            .writeHead(status, { location: "http://127.0.0.1:1/" })
            .end(request.method === "GET" ? kept : "");
        });
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
    });
    afterEach(() => server.close());

    const anchors = (): Anchor[] => {
      const { port } = server.address() as AddressInfo;
      return [
        {
          kind: "http",
          url: `http://127.0.0.1:${port}/log?secret=1`,
          headers: { authorization: "Bearer x" },
        },
      ];
    };

    it("posts with its headers, and verify reads back what is there", async () => {
      expect((await run(["anchor"], { anchors: anchors() })).code).toBe(0);
      expect(seen).toEqual([{ method: "POST", token: "Bearer x" }]);
      expect((await run(["verify"], { anchors: anchors() })).out).toContain(
        "1 checkpoints kept elsewhere agree",
      );
      kept = kept.replace(/\n5\n/, "\n6\n");
      expect((await run(["verify"], { anchors: anchors() })).code).toBe(1);
    });

    it("one that refuses or leads elsewhere is told by its address without the query", async () => {
      for (status of [503, 302]) {
        const { code, talk } = await run(["anchor"], { anchors: anchors() });
        expect(code).toBe(1);
        expect(talk).toMatch(/could not be published to http:\/\/127\.0\.0\.1:\d+\/log: /);
        expect((await run(["verify"], { anchors: anchors() })).talk).toContain("not compared");
      }
    });
  });
});

it("what verify says of a good store: how much is signed, by which key, and what that is not", async () => {
  await more();
  const { code, out } = await run(["verify"]);
  expect(code).toBe(0);
  expect(out).toMatch(/signed: 2 checkpoints, the newest over 8 records, by\nsallyport-audit\//);
  expect(out).toContain("who holds the key can write all of this anew");
  expect(statSync(join(folder, "checkpoint.key")).mode & 0o777).toBe(0o600);
});

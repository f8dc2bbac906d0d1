/** What can be fetched on somebody's word, and what cannot. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSafeFetch, guardedLookup } from "../../../src/mcp/auth/safe-fetch.js";
import { MAX_AUTH_RESPONSE } from "../../../src/mcp/limits.js";

let server: http.Server;
let base: string;
const asked: string[] = [];
beforeAll(async () => {
  server = http.createServer((request, response) => {
    asked.push(request.url!);
    if (request.url === "/away") response.writeHead(302, { location: "/ok" }).end();
    else if (request.url === "/huge") response.end(Buffer.alloc(MAX_AUTH_RESPONSE + 1));
    else if (request.url === "/echo")
      request.pipe(response.writeHead(200, { "x-type": request.headers["content-type"] }));
    else response.end("ok");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

describe("outside of this machine", () => {
  const fetch = createSafeFetch({ loopback: false });
  const refused = [
    ["plain http", "http://example.com/"],
    ["this machine by name", "https://localhost/"],
    ["this machine by address", "https://127.0.0.1/"],
    ["this machine, spelled oddly", "https://0x7f.1/"],
    ["this machine as IPv6", "https://[::1]/"],
    ["this machine as IPv4 in IPv6", "https://[::ffff:127.0.0.1]/"],
    ["this machine as no address", "https://0.0.0.0/"],
    ["a private network", "https://10.0.0.1/"],
    ["another private network", "https://192.168.1.1/"],
    ["a carrier's network", "https://100.64.0.1/"],
    ["the metadata service of a cloud", "https://169.254.169.254/latest/meta-data/"],
    ["the same as a number", "https://2852039166/"],
    ["the same in IPv6", "https://[fd00:ec2::254]/"],
    ["a link-local address", "https://[fe80::1]/"],
    ["a multicast address", "https://224.0.0.1/"],
    ["a file", "file:///etc/passwd"],
  ] as const;
  for (const [name, url] of refused)
    it(`${name} is refused`, async () => {
      await expect(fetch(url)).rejects.toThrow(/not allowed|not an https address/);
    });

  it("a name that resolves to this machine is refused, whatever it is called", async () => {
    const resolved = (loopback: boolean) =>
      new Promise((resolve) => guardedLookup(loopback)("localhost", {}, (error) => resolve(error?.message)));
    expect(await resolved(false)).toMatch(/resolves to an address that is not allowed/);
    expect(await resolved(true)).toBeUndefined();
  });
});

describe("where the configuration is on this machine", () => {
  const fetch = (path: string, init?: RequestInit) =>
    createSafeFetch({ loopback: true })(`${base}${path}`, init);

  it("loopback can be fetched, and forms be sent", async () => {
    expect(await (await fetch("/")).text()).toBe("ok");
    const answer = await fetch("/echo", { method: "POST", body: new URLSearchParams({ a: "b c" }) });
    expect([await answer.text(), answer.headers.get("x-type")]).toEqual([
      "a=b+c",
      "application/x-www-form-urlencoded",
    ]);
  });

  it("a redirect is not followed", async () => {
    asked.length = 0;
    await expect(fetch("/away")).rejects.toThrow(/redirects/);
    expect(asked).toEqual(["/away"]);
  });

  it("an answer that does not end is given up", async () => {
    await expect(fetch("/huge")).rejects.toThrow(/more than/);
  });

  it("private networks stay out of reach", async () => {
    await expect(createSafeFetch({ loopback: true })("https://10.0.0.1/")).rejects.toThrow(/not allowed/);
  });
});

it("the origin of a server that we talk to anyway may be anywhere; its neighbours may not", async () => {
  const fetch = createSafeFetch({ loopback: true, own: [base] });
  expect((await fetch(`${base}/`)).status).toBe(200);
  await expect(
    createSafeFetch({ loopback: false, own: ["https://10.0.0.1/issuer"] })("https://10.0.0.2/"),
  ).rejects.toThrow(/not allowed/);
  // Nobody answers there, but it was tried.
  await expect(
    createSafeFetch({ loopback: false, own: ["https://10.255.255.1:1/issuer"] })(
      "https://10.255.255.1:1/keys",
      {
        signal: AbortSignal.timeout(50),
      },
    ),
  ).rejects.toThrow(/cannot reach/);
});

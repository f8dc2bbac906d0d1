// Stands between the suite and what is tested, because the suite cannot send our token. Everything else passes as it is,
// Host and Origin included; the direct run goes the same way.
import http from "node:http";
import { pipeline } from "node:stream";

/** `headers`: what every request gets in addition. Resolves to the URL to test and a way to end. */
export async function openRelay(target, headers) {
  const { hostname, port, pathname } = new URL(target);
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((request, response) => {
    const onward = http.request(
      {
        hostname,
        port,
        agent,
        method: request.method,
        path: request.url,
        headers: { ...request.headers, ...headers },
      },
      (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        response.flushHeaders();
        pipeline(answer, response, () => {});
      },
    );
    onward.once("error", () => response.destroy());
    response.once("close", () => onward.destroy());
    request.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}${pathname}`,
    close: () => {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}

// What a client does in each scenario.

const PLAYS = {
  initialize: () => {},
  tools_call: (client) => call(client, "add_numbers", { a: 5, b: 3 }),
  "elicitation-sep1034-client-defaults": (client) => call(client, "test_client_elicitation_defaults"),
  "sse-retry": (client) => call(client, "test_reconnection"),
  "sep-2322-client-request-state": async (client) => {
    for (const name of ["echo_state", "unrelated", "no_state", "no_result_type"])
      await call(client, `test_mrtr_${name}`);
  },
  "http-standard-headers": async (client, { tools }) => {
    for (const { name } of tools) await call(client, name);
    const { resources } = await client.listResources();
    for (const { uri } of resources) await client.readResource({ uri });
    const { prompts } = await client.listPrompts();
    for (const { name } of prompts) await client.getPrompt({ name });
  },
  "http-custom-headers": async (client, { context }) => {
    for (const { name, arguments: args } of context.toolCalls) await call(client, name, args);
  },
  "http-invalid-tool-headers": async (client, { tools }) => {
    for (const { name, inputSchema } of tools) {
      const args = Object.fromEntries(Object.keys(inputSchema.properties).map((key) => [key, "value"]));
      await call(client, name, args).catch(() => {});
    }
  },
  "json-schema-2020-12-preservation": (client, { tools }) => {
    const { inputSchema } = tools.find(({ name }) => name !== "json_schema_echo");
    return call(client, "json_schema_echo", { schema: inputSchema });
  },
  "request-metadata": () => {},
  "json-schema-ref-no-deref": () => {},
};

export async function play(client, scenario, context) {
  const { tools } = await client.listTools();
  if (scenario.startsWith("auth/")) return call(client, tools[0].name);
  const acts = PLAYS[scenario];
  if (acts === undefined) throw new Error(`no client for the scenario ${scenario}`);
  await acts(client, { context, tools });
}

/** A refusal of the proxy is a result; the tests' tools never fail, so to them it is a failure. */
async function call(client, name, args = {}) {
  const result = await client.callTool({ name, arguments: args });
  if (result.isError === true) throw new Error(result.content[0].text);
}

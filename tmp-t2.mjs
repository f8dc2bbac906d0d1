import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
const client = new Client({ name: 't', version: '1' });
const t = new StdioClientTransport({ command: 'node', args: ['/work/main/dist/cli/main.js', 'run', '--', 'node', '/work/main/node_modules/mcp-server-sqlite-npx/dist/index.js','/tmp/w/demo/shop.db'], env: {...process.env, SALLYPORT_HOME:'/tmp/w/home2', ...JSON.parse(process.argv[2]??'{}')} , stderr:'inherit'});
await client.connect(t);
await client.listTools();
for (const q of ['select id,name,balance from customers limit 2','select * from customers limit 2','select id from customers','drop table customers'])
 { const r=await client.callTool({ name: q.startsWith('select')?'read_query':'write_query', arguments: { query:q } }); const s=JSON.stringify(r); console.log(s.length, s.slice(0,900), '...', s.slice(-500)); console.log() }
await client.close();

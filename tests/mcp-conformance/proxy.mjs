// The conformance suite sends no credentials: this stands before the engine on loopback and adds them.
//   node proxy.mjs http://127.0.0.1:8787 nc_live_…
import http from "node:http";

const [target, key] = [new URL(process.argv[2]), process.argv[3]];

const server = http.createServer((request, response) => {
  const headers = { ...request.headers, authorization: `Bearer ${key}` };
  // To the server this is who is called; what a test puts there on purpose is passed on.
  const own = `127.0.0.1:${server.address().port}`;
  if (headers.host === own) headers.host = target.host;
  if (headers.origin === `http://${own}`) headers.origin = target.origin;
  const onward = http.request(target, { path: request.url, method: request.method, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  request.pipe(onward);
});
server.listen(0, "127.0.0.1", () => console.log(`ready http://127.0.0.1:${server.address().port}`));

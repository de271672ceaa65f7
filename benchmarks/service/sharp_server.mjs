// The competitor's service: node http and sharp, one process, the original in memory.
// Usage: node sharp_server.mjs FOLDER ORIGINAL; prints its port. /edit renders, anything else serves the bytes of one result.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const sharp = createRequire(resolve(process.argv[2], "any"))("sharp");
sharp.concurrency(1);
sharp.cache(false);

const original = readFileSync(process.argv[3]);
const render = () => sharp(original).resize(800, 600, { fit: "fill" }).jpeg({ quality: 80 }).toBuffer();
const ready = await render();

const server = createServer(async (request, response) => {
  const body = request.url.startsWith("/edit") ? await render() : ready;
  response.writeHead(200, { "content-type": "image/jpeg", "content-length": body.length });
  response.end(body);
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));

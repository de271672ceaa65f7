// sharp as a competitor, by the protocol of worker.py. One thread, no cache of operations.
// Usage: node sharp.mjs FOLDER, which holds node_modules.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

const sharp = createRequire(resolve(process.argv[2], "any"))("sharp");

sharp.concurrency(1);
sharp.cache(false);

const KERNELS = { linear: "linear", cubic: "cubic", lanczos3: "lanczos3", nearest: "nearest" };

function edit(spec) {
  const source = readFileSync(spec.source);
  const mark = spec.watermark && { input: readFileSync(spec.watermark[0]), left: spec.watermark[1], top: spec.watermark[2] };
  return () => {
    let picture = sharp(source);
    if (spec.crop) {
      const [left, top, right, bottom] = spec.crop;
      picture = picture.extract({ left, top, width: right - left, height: bottom - top });
    }
    const [width, height] = spec.size;
    picture = picture.resize(width, height, { fit: "fill", kernel: KERNELS[spec.kernel] });
    if (spec.sharpen) picture = picture.sharpen({ sigma: spec.sharpen });
    if (mark) picture = picture.composite([mark]);
    const options = spec.quality === null ? {} : { quality: spec.quality };
    return picture[spec.format](options).toBuffer();
  };
}

const operations = { edit };

async function measured(call) {
  const before = process.cpuUsage();
  const body = await call();
  const spent = process.cpuUsage(before);
  return { ms: (spent.user + spent.system) / 1e3, bytes: body.length };
}

let line = null;
let call = null;
console.log(JSON.stringify(`${sharp.versions.sharp} (libvips ${sharp.versions.vips})`));
for await (const next of createInterface({ input: process.stdin })) {
  const [operation, argument, save] = JSON.parse(next);
  if (!(operation in operations)) {
    console.log("null");
    continue;
  }
  if (next !== line) {
    call = operations[operation](argument);
    const body = await call();
    if (save) writeFileSync(save, body);
    line = next;
  }
  console.log(JSON.stringify(await measured(call)));
}

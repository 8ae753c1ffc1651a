// Packs every file of the build, or of the folder that is named, that gets smaller by it, beside itself: with Brotli as `.br`,
// with gzip as `.gz`. It is done once, as well as can be, instead of with each answer.
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

// A packet's worth: what fits into one is not sent any faster.
const LEAST = 1400;
const dist = process.argv[2] ?? fileURLToPath(new URL("../dist/", import.meta.url));

const packers = {
  ".br": (content) =>
    brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }),
  ".gz": (content) => gzipSync(content, { level: constants.Z_BEST_COMPRESSION }),
};

for (const name of readdirSync(dist, { recursive: true })) {
  const path = join(dist, name);
  if (!statSync(path).isFile()) continue;
  const content = readFileSync(path);
  if (content.length < LEAST) continue;
  for (const [ending, pack] of Object.entries(packers)) {
    const packed = pack(content);
    if (packed.length < content.length) writeFileSync(path + ending, packed);
  }
}

// A collector of traces (OTLP over gRPC) that keeps what it is sent, and says only whether a trace was in it.
import { createServer } from "node:http2";

export class Collector {
  #received = [];

  /** One that listens, for as long as this program runs. */
  static async listen() {
    const collector = new Collector();
    const server = createServer();
    server.on("session", (session) => session.unref());
    server.on("stream", (stream) => collector.#take(stream));
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    server.unref();
    collector.url = `http://127.0.0.1:${server.address().port}`;
    return collector;
  }

  /** Whether a span of this trace (hexadecimal) has come: its 16 bytes stand in a message as they are. */
  has(trace) {
    return this.#received.some((message) => message.includes(Buffer.from(trace, "hex")));
  }

  #take(stream) {
    const parts = [];
    stream.on("data", (part) => parts.push(part));
    stream.on("end", () => {
      this.#received.push(Buffer.concat(parts));
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      // An answer without fields.
      stream.end(Buffer.alloc(5));
    });
    stream.on("error", () => {});
  }
}

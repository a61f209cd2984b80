// An OpenTelemetry collector for tests: takes OTLP/HTTP on a port of 127.0.0.1, decodes with the official schema as the npm
// package @opentelemetry/otlp-transformer carries it, and prints each request as a line of JSON.
//
//     node otlp_receiver.js PORT [CERTIFICATE KEY]     PORT 0: any; the first line tells which
//
// Lines on stdin say how the next requests are answered, each once, in their order:
// {"status": 503, "headers": {"Retry-After": "1"}}, {"rejected": 2}, or {"silent": true} for no answer at all. All others: 200.
"use strict";

const crypto = require("crypto");
const fs = require("fs");
const http = require("http");
const https = require("https");
const path = require("path");
const readline = require("readline");

const modules = path.join(__dirname, "..", "browser", "node_modules");
const schema = require(path.join(modules, "@opentelemetry/otlp-transformer/build/src/generated/root")).opentelemetry.proto;
const { ExportTraceServiceRequest, ExportTraceServiceResponse } = schema.collector.trace.v1;

const answers = [];
readline.createInterface({ input: process.stdin }).on("line", (line) => answers.push(JSON.parse(line)));

const hex = (bytes) => Buffer.from(bytes).toString("hex");

function plain(value) {
    if (value instanceof Uint8Array) return hex(value);
    if (value && typeof value.toNumber === "function") return value.toString();
    if (Array.isArray(value)) return value.map(plain);
    if (!value || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

// What the decoder does not know would be a wrong field number of ours; protobuf skips such fields in silence.
function decode(body) {
    const request = ExportTraceServiceRequest.decode(body);
    const again = ExportTraceServiceRequest.encode(request).finish();
    return { resourceSpans: plain(request.resourceSpans), bytes: body.length, bytes_again: again.length };
}

function respond(response, answer) {
    const partialSuccess = { rejectedSpans: answer.rejected, errorMessage: "as told" };
    const message = answer.rejected ? ExportTraceServiceResponse.create({ partialSuccess }) : {};
    const status = answer.status ?? 200;
    response.writeHead(status, { "Content-Type": "application/x-protobuf", ...answer.headers });
    response.end(status === 200 ? ExportTraceServiceResponse.encode(message).finish() : "");
}

function take(request, response) {
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", () => {
        const body = Buffer.concat(pieces);
        const told = { target: request.url, method: request.method, headers: request.headers };
        const sha256 = crypto.createHash("sha256").update(body).digest("hex");
        const answer = answers.shift() ?? {};
        console.log(JSON.stringify({ ...told, sha256, answer, ...decode(body) }));
        if (!answer.silent) respond(response, answer);
    });
}

const [port, certificate, key] = process.argv.slice(2);
const server = certificate
    ? https.createServer({ cert: fs.readFileSync(certificate), key: fs.readFileSync(key) }, take)
    : http.createServer(take);
server.listen(Number(port), "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));

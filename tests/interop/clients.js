// Sends requests of @grpc/grpc-js, grpc-web (on xhr2) and raw HTTP/2 to the examples `tonic` and `interop`.
//
//     NODE_PATH=FOLDER node clients.js GOOGLEAPIS TONIC INTEROP
//
// FOLDER has the packages, GOOGLEAPIS google/rpc/*.proto; the other arguments are the addresses of the servers. cases.json
// has the expected results, from the specifications of gRPC and gRPC-Web and the texts of the catalog.
"use strict";

const assert = require("node:assert");
const http2 = require("node:http2");
const path = require("node:path");

const grpc = require("@grpc/grpc-js");
const protobuf = require("protobufjs");
const XHR = require("xhr2");
// xhr2 shows the text at its end only, a browser as it arrives (https://xhr.spec.whatwg.org/#responsetext).
global.XMLHttpRequest = class extends XHR {
    _onHttpResponseData(response, data) {
        super._onHttpResponseData(response, data);
        this.responseText = Buffer.concat(this._responseParts).toString();
        this._setReadyState(XHR.LOADING);
    }
};
const web = require("grpc-web");

const cases = require("./cases.json");
const [googleapis, tonic, interop] = process.argv.slice(2);
const servers = { tonic, interop };
const SECONDS = 60; // no response takes longer
const ORDER = "/shop.v1.Shop/Order";
const WATCH = "/shop.v1.Shop/Watch";
const CODES = Object.fromEntries(Object.entries(grpc.status).map(([name, code]) => [code, name]));

const root = new protobuf.Root();
root.resolvePath = (_, file) => path.join(file.startsWith("google/") ? googleapis : "", file);
root.loadSync(["google/rpc/status.proto", "google/rpc/error_details.proto"]);
root.loadSync(path.join(__dirname, "../../examples/shop/v1.proto"));
const OrderRequest = root.lookupType("shop.v1.OrderRequest");
const OrderReply = root.lookupType("shop.v1.OrderReply");
const serialize = (message) => OrderRequest.encode(message).finish();
const deserialize = (bytes) => OrderReply.toObject(OrderReply.decode(bytes), { longs: Number });

const failures = [];

function check(what, got, expected) {
    let same = true;
    try {
        assert.deepStrictEqual(got, expected);
    } catch (error) {
        same = false;
        failures.push(what);
        console.log(`FAILED  ${what}: ${error.message}`);
    }
    if (same) console.log(`ok      ${what}`);
}

// Returns the details of a google.rpc.Status, which repeats code and message.
function details(what, code, message, bytes) {
    if (!bytes) return [];
    const status = root.lookupType("google.rpc.Status").decode(bytes);
    check(`  ${what}: the same in the details`, [status.code, status.message], [code, message]);
    return status.details.map((any) => {
        const name = any.type_url.replace("type.googleapis.com/google.rpc.", "");
        const type = root.lookupType(`google.rpc.${name}`);
        const detail = type.toObject(type.decode(any.value), { longs: Number });
        if (detail.retryDelay) {
            const { seconds = 0, nanos = 0 } = detail.retryDelay; // as in protobuf's JSON
            detail.retryDelay = nanos ? `${(seconds + nanos / 1e9).toFixed(3)}s` : `${seconds}s`;
        }
        return { "@type": name, ...detail };
    });
}

// --- clients: each calls back with (error, reply), and returns the details of an error ---

const channels = Object.fromEntries(
    Object.entries(servers).map(([name, url]) => [
        name,
        new grpc.Client(url.replace("http://", ""), grpc.credentials.createInsecure()),
    ]),
);
const metadata = new grpc.Metadata();
const options = () => ({ deadline: Date.now() + SECONDS * 1000 });

const grpcJs = {
    name: "grpc-js",
    call: ({ server, path, id }, done) =>
        channels[server].makeUnaryRequest(path, serialize, deserialize, { id }, metadata, options(), done),
    watch: (server, id) =>
        channels[server].makeServerStreamRequest(WATCH, serialize, deserialize, { id }, metadata, options()),
    details: (error) => error.metadata.get("grpc-status-details-bin")[0],
    message: (error) => error.details,
};

function grpcWeb(name, format) {
    const client = new web.GrpcWebClientBase({ format });
    const method = (path, type) =>
        new web.MethodDescriptor(path, type, Object, Object, serialize, (bytes) => deserialize(new Uint8Array(bytes)));
    return {
        name,
        call: ({ server, path, id }, done) =>
            client.rpcCall(servers[server] + path, { id }, {}, method(path, web.MethodType.UNARY), done),
        watch: (server, id) =>
            client.serverStreaming(servers[server] + WATCH, { id }, {}, method(WATCH, web.MethodType.SERVER_STREAMING)),
        details: (error) => {
            const encoded = error.metadata["grpc-status-details-bin"];
            return encoded && Buffer.from(encoded, "base64");
        },
        message: (error) => error.message,
    };
}

const clients = [grpcJs, grpcWeb("grpc-web", "binary"), grpcWeb("grpc-web, text", "text")];

// --- the requests ---

function checkCase(client, asked) {
    const what = `${client.name}, ${asked.case}`;
    return new Promise((resolve) => {
        client.call(asked, (error, reply) => {
            const got = { code: "OK", message: "", details: [] };
            if (error) {
                got.code = CODES[error.code];
                got.message = client.message(error);
                got.details = details(what, error.code, got.message, client.details(error));
            } else {
                got.reply = { id: reply.id, item: reply.item };
            }
            const { code, message = "", details: found = [], reply: made, shortened } = asked;
            const expected = { code, message, details: found, ...(made && { reply: made }) };
            if (shortened) {
                const kept = got.message.replace(/…$/, "");
                const good = shortened.repeated.repeat(shortened.times).startsWith(kept) && kept.length >= shortened.least;
                check(`${what}: shortened`, good && kept !== got.message, true);
                expected.message = got.message;
            }
            check(what, got, expected);
            resolve();
        });
    });
}

// Sends orders that wait, one after the other, until one is shed. They end when nobody watches.
async function overloaded(asked, then) {
    const watching = grpcJs.watch(asked.server, 0);
    watching.on("error", () => {}); // the cancel below
    const waiting = [];
    await new Promise((shed) => {
        watching.on("data", () => {
            waiting.push(
                new Promise((end) => {
                    grpcJs.call(asked, (error) => {
                        end(error ? CODES[error.code] : "OK");
                        shed();
                    });
                }),
            );
        });
    });
    await then();
    watching.cancel();
    check("the orders that waited have a reply", (await Promise.all(waiting)).slice(0, -1), Array(4).fill("OK"));
}

async function streaming(client) {
    const watching = client.watch("tonic", 7);
    const asked = [];
    await new Promise((second) => {
        watching.on("error", second); // also the cancel below
        watching.on("data", (reply) => {
            asked.push(reply.asked ?? 0);
            if (asked.length === 1) grpcJs.call(cases[0], () => {});
            else second();
        });
    });
    check(`${client.name}, the first message of a stream arrives before the second one is sent`, asked[1], asked[0] + 1);
    watching.cancel();
}

function overHttp2(server, head, body) {
    const session = http2.connect(servers[server]);
    return new Promise((resolve, reject) => {
        session.on("error", reject);
        const stream = session.request(head);
        stream.setTimeout(SECONDS * 1000, () => reject(new Error("no response")));
        stream.on("error", reject);
        let fields, ended, text = "";
        stream.on("response", (headers, flags) => {
            [fields, ended] = [headers, (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) !== 0];
        });
        stream.on("data", (data) => (text += data));
        stream.on("end", () => {
            session.close();
            resolve({ fields, ended, text });
        });
        stream.end(body);
    });
}

// One HEADERS frame that ends the stream, without fields of plain HTTP.
async function trailersOnly(asked) {
    const what = `HTTP/2, ${asked.case}`;
    const message = serialize({ id: asked.id });
    const body = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
    const kind = "Application/GRPC+proto;a=b"; // RFC 9110 §8.3.1: in any case, and with parameters
    const head = { ":method": "POST", ":path": asked.path, "content-type": kind, te: "trailers" };
    const { fields, ended, text } = await overHttp2(asked.server, head, body);
    const allowed = ["content-length", "date", "grpc-message", "grpc-retry-pushback-ms", "grpc-status-details-bin"];
    const names = Object.keys(fields).filter((name) => !allowed.includes(name));
    check(`${what}: only its fields`, names.sort(), [":status", "content-type", "grpc-status"]);
    const type = asked.by === "tonic" ? "application/grpc" : "application/grpc+proto";
    const got = [fields[":status"], fields["content-type"], ended, text];
    check(`${what}: 200, its type, one frame`, got, [200, type, true, ""]);
    // axum adds it to a response of a method route whose body has an exact size.
    check(`${what}: no content`, fields["content-length"] ?? "0", "0");
    check(`${what}: its code`, CODES[fields["grpc-status"]], asked.code);
    check(`${what}: when to try again`, fields["grpc-retry-pushback-ms"], asked.pushback); // gRFC A6
    // RFC 9113 §6.5.2; nginx reads 4 KiB, and grpcio drops some of the responses above 8 KiB.
    const size = Object.entries(fields).reduce((sum, [name, value]) => sum + name.length + `${value}`.length + 32, 0);
    check(`${what}: less than 3 KiB, of ${size}`, size < 3072, true);
    const printable = /^(?:[\x20-\x24\x26-\x7e]|%[0-9A-F]{2})*$/;
    check(`${what}: its message is encoded`, printable.test(fields["grpc-message"] ?? ""), true);
}

// Requests without a gRPC content type, and every GET, get a plain HTTP response, whatever they accept.
async function ordinary() {
    const requests = [
        ["GET", "/orders/9", undefined, 410],
        ["GET", "/orders/9", "application/grpc", 410],
        ["GET", "/nowhere", "application/grpc", 404],
        ["POST", "/nowhere", "application/json", 404],
    ];
    for (const accept of ["*/*", "application/grpc", "application/grpc-web-text+proto"]) {
        for (const [method, path, type, code] of requests) {
            const head = { ":method": method, ":path": path, accept, ...(type && { "content-type": type }) };
            const { fields, text } = await overHttp2("tonic", head, method === "POST" ? "{}" : undefined);
            const grpcFields = Object.keys(fields).filter((name) => name.startsWith("grpc"));
            check(
                `ordinary HTTP/2 ${method} ${path} ${type} accept ${accept}`,
                [fields[":status"], fields["content-type"], JSON.parse(text).status, grpcFields],
                [code, "application/problem+json", code, []],
            );
        }
    }
}

async function main() {
    for (const asked of cases) {
        const all = async () => {
            for (const client of clients) await checkCase(client, asked);
            if (asked.code !== "OK") await trailersOnly(asked);
        };
        await (asked.overloaded ? overloaded(asked, all) : all());
    }
    await streaming(grpcJs);
    await streaming(clients[2]);
    await ordinary();
    if (failures.length) console.error(`${failures.length} failed`);
    process.exit(failures.length ? 1 : 0);
}

process.exitCode = 1; // if node has nothing left to wait for before main ends
main();

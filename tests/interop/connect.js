// @connectrpc/connect-node and @connectrpc/connect-web with the Connect, gRPC and gRPC-Web transports, against the example
// `connect`.
//
//     NODE_PATH=FOLDER node connect.js DESCRIPTORS URL
//
// FOLDER has the packages, DESCRIPTORS is the descriptor set of examples/shop/v1.proto. Code, message and details of an
// error are the same for each transport, except for the code of an overload.
"use strict";

const assert = require("node:assert");
const fs = require("node:fs");

const { createFileRegistry, fromBinary } = require("@bufbuild/protobuf");
const { FileDescriptorSetSchema } = require("@bufbuild/protobuf/wkt");
const { Code, ConnectError, createClient } = require("@connectrpc/connect");
const node = require("@connectrpc/connect-node");
const web = require("@connectrpc/connect-web");

const [descriptors, baseUrl] = process.argv.slice(2);
const Shop = createFileRegistry(fromBinary(FileDescriptorSetSchema, fs.readFileSync(descriptors))).getService(
    "shop.v1.Shop",
);
const failures = [];

function check(what, got, expected) {
    try {
        assert.deepStrictEqual(got, expected);
        console.log(`ok      ${what}`);
    } catch (error) {
        failures.push(what);
        console.log(`FAILED  ${what}: ${error.message}`);
    }
}

// --- transports ---

const transports = {};
for (const useBinaryFormat of [true, false]) {
    const format = useBinaryFormat ? "proto" : "JSON";
    for (const httpVersion of ["1.1", "2"]) {
        const name = `HTTP/${httpVersion}, ${format}`;
        for (const useHttpGet of [false, true]) {
            const options = { baseUrl, httpVersion, useBinaryFormat, useHttpGet };
            transports[`node, Connect, ${name}${useHttpGet ? ", GET" : ""}`] = node.createConnectTransport(options);
        }
        const options = { baseUrl, httpVersion, useBinaryFormat };
        transports[`node, gRPC-Web, ${name}`] = node.createGrpcWebTransport(options);
        if (httpVersion === "2") transports[`node, gRPC, ${name}`] = node.createGrpcTransport({ baseUrl, useBinaryFormat });
    }
    for (const useHttpGet of [false, true]) {
        const name = `web, Connect, ${format}${useHttpGet ? ", GET" : ""}`;
        transports[name] = web.createConnectTransport({ baseUrl, useBinaryFormat, useHttpGet });
    }
    transports[`web, gRPC-Web, ${format}`] = web.createGrpcWebTransport({ baseUrl, useBinaryFormat });
}
// A compressed request changes nothing.
const gzip = { baseUrl, httpVersion: "2", sendCompression: node.compressionGzip, compressMinBytes: 0 };
transports["node, Connect, gzip"] = node.createConnectTransport(gzip);
transports["node, gRPC, gzip"] = node.createGrpcTransport(gzip);
transports["node, gRPC-Web, gzip"] = node.createGrpcWebTransport(gzip);

// --- calls: each returns what the client sees ---

// Over HTTP/1.1, node reports EPIPE or ECONNRESET if the response comes before it has written the request.
async function repeated(call) {
    for (let attempt = 1; ; attempt++) {
        const result = await call();
        if (attempt === 100 || !/EPIPE|ECONNRESET|socket hang up|fetch failed/.test(result.message ?? "")) return result;
    }
}

function seen(error) {
    const { code, rawMessage, details } = ConnectError.from(error);
    const encoded = details.map(({ type, value }) => `${type} ${Buffer.from(value).toString("base64")}`);
    return { code: Code[code], message: rawMessage, details: encoded };
}

function order(transport, id, options = {}) {
    return repeated(() => orderOnce(transport, id, options));
}

async function orderOnce(transport, id, options) {
    try {
        const reply = await createClient(Shop, transport).order({ id: BigInt(id) }, options);
        return { id: `${reply.id}`, item: reply.item };
    } catch (error) {
        return seen(error);
    }
}

function watch(transport, id, options = {}) {
    return repeated(() => watchOnce(transport, id, options));
}

async function watchOnce(transport, id, options) {
    const items = [];
    try {
        for await (const reply of createClient(Shop, transport).watch({ id: BigInt(id) }, options)) items.push(reply.item);
        return { items };
    } catch (error) {
        return { items, ...seen(error) };
    }
}

// The fields of google.rpc.ErrorInfo: `reason = 1, domain = 2, metadata = 3`, all shorter than 128 bytes.
function info(reason, domain = "", member) {
    const field = (number, bytes) => Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
    const text = (number, value) => (value ? field(number, Buffer.from(value)) : Buffer.alloc(0));
    const metadata = member ? field(3, Buffer.concat([text(1, member[0]), text(2, member[1])])) : Buffer.alloc(0);
    const bytes = Buffer.concat([text(1, reason), text(2, domain), metadata]);
    return `google.rpc.ErrorInfo ${bytes.toString("base64")}`;
}

const HIDDEN = "An unexpected problem on the server prevented this request from being completed.";
// A handler does not know its service.
const cases = [
    [8, "NotFound", "order 8 does not exist", info("NO_SUCH_ORDER", "", ["order_id", "8"])],
    [9, "NotFound", "order 9 was deleted: 100 % of its 3 € is refunded", info("ORDER_DELETED")],
    [4, "Aborted", "order 4 is being changed", info("BUSY")],
    [5, "Internal", HIDDEN, info("DATABASE")],
    [6, "DeadlineExceeded", "The operation was not complete before the deadline.", info("SERVICE_UNAVAILABLE", "shop.v1.Shop")],
];

async function errors(name, transport) {
    check(`${name}: success`, await order(transport, 7), { id: "7", item: "seven tulips" });
    check(`${name}: a stream's success`, await watch(transport, 7), { items: ["seven tulips"] });
    for (const [id, code, message, detail] of cases) {
        const expected = { code, message, details: [detail] };
        check(`${name}: order ${id}`, await order(transport, id), expected);
        // connectrpc sends code and message of such an error in the head, which these clients read, and details after it.
        const details = name.includes("gRPC,") && id !== 6 ? [] : expected.details;
        check(`${name}: order ${id} before a stream`, await watch(transport, id), { items: [], ...expected, details });
    }
    const deleted = { code: "NotFound", message: "order 10 was deleted: 100 % of its 3 € is refunded" };
    const middle = { items: ["seven tulips"], ...deleted, details: [info("ORDER_DELETED")] };
    check(`${name}: order 10, in the middle of a stream`, await watch(transport, 10), middle);
    const headers = { authorization: "Bearer rose" };
    const details = [info("SIGN_IN", "shop.v1.Shop")];
    const signIn = { code: "Unauthenticated", message: "sign in to see orders", details };
    check(`${name}: a 401 of a middleware`, await order(transport, 7, { headers }), signIn);
    check(`${name}: a 401 before a stream`, await watch(transport, 7, { headers }), { items: [], ...signIn });
    // The client's deadline and cancellation are its own.
    check(`${name}: timeout`, (await order(transport, 6, { timeoutMs: 200 })).code, "DeadlineExceeded");
    const abort = new AbortController();
    const cancelled = order(transport, 6, { signal: abort.signal });
    setTimeout(() => abort.abort(), 100);
    check(`${name}: cancellation`, (await cancelled).code, "Canceled");
    check(`${name}: success after all this`, (await order(transport, 7)).item, "seven tulips");
}

async function unknown(name, transport) {
    const service = { ...Shop, typeName: "other.Service", methods: [] };
    const method = { ...Shop.method.order, name: "Sell", parent: service };
    const got = await repeated(() =>
        transport.unary(method, undefined, undefined, undefined, { id: 7n }).catch((error) => seen(error)),
    );
    const message = "The server does not support this operation.";
    const details = [info("NOT_FOUND", "other.Service")];
    check(`${name}: an unknown service`, got, { code: "Unimplemented", message, details });
    // The server's own error, which passes.
    const unknown = { ...Shop.method.order, name: "Sell" };
    const own = await repeated(() =>
        transport.unary(unknown, undefined, undefined, undefined, { id: 7n }).catch((error) => seen(error)),
    );
    check(`${name}: an unknown method`, own.code, "Unimplemented");
}

// More requests than the limit of 8, which wait until tower's timeout: at least one is shed.
async function overload(name, transport) {
    const got = await Promise.all(Array.from({ length: 20 }, () => order(transport, 6)));
    const shed = got.filter(({ code }) => code !== "DeadlineExceeded");
    const code = name.includes("gRPC") ? "ResourceExhausted" : "Unavailable";
    const retry = "google.rpc.RetryInfo " + Buffer.from([10, 2, 8, 1]).toString("base64");
    const details = [info("SERVICE_UNAVAILABLE", "shop.v1.Shop"), retry];
    const expected = shed.map(() => ({ code, details }));
    const errors = shed.map(({ code, details }) => ({ code, details }));
    check(`${name}: an overload, each error that is shed`, errors, expected);
    check(`${name}: an overload`, shed.length > 0, true);
}

async function main() {
    for (const [name, transport] of Object.entries(transports)) {
        await errors(name, transport);
        await unknown(name, transport);
        await overload(name, transport);
    }
    if (failures.length) console.error(`${failures.length} failed`);
    process.exit(failures.length ? 1 : 0);
}

process.exitCode = 1; // if node has nothing left to wait for before main ends
main().catch((error) => {
    console.error(error);
    process.exit(1);
});

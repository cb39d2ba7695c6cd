// What nginx does not do: chunks by hand, trailers, interim responses, upgrades, a proxy, silence.
// usage: server.js ADDRESS PORT
const http = require('http');
const net = require('net');

const later = (ms) => new Promise((done) => setTimeout(done, ms));

const paths = {
    '/': async (req, res) => res.end('hello\n'),
    '/chunks': async (req, res) => {
        for (const part of ['one\n', 'two and a half\n', 'x'.repeat(5000)]) {
            res.write(part);
            await later(5);
        }
        res.end();
    },
    '/trailers': async (req, res) => {
        res.writeHead(200, {'Trailer': 'X-Sum', 'Content-Type': 'text/plain'});
        res.write('with trailers\n');
        res.addTrailers({'X-Sum': '42'});
        res.end();
    },
    '/echo': async (req, res) => {
        const parts = [];
        for await (const part of req)
            parts.push(part);
        res.end(`${Buffer.concat(parts).length} bytes\n`);
    },
    '/hints': async (req, res) => {
        res.writeEarlyHints({'link': '</style.css>; rel=preload; as=style'});
        await later(20);
        res.end('now\n');
    },
    '/headers': async (req, res) => {
        res.setHeader('Set-Cookie', Array.from({length: 40}, (_, i) => `c${i}=${'y'.repeat(700)}`));
        res.end('ok\n');
    },
    '/never': async () => {},
    '/reset': async (req) => req.socket.resetAndDestroy(),
    '/half': async (req, res) => {
        res.writeHead(200, {'Content-Length': '100'});
        res.write('only this');
        await later(20);
        res.socket.end();
    },
};

const server = http.createServer((req, res) => {
    if (req.url.startsWith('http://')) { // a proxy's request
        http.get(req.url, (answer) => {
            res.writeHead(answer.statusCode, answer.headers);
            answer.pipe(res);
        });
        return;
    }
    if (req.url === '*')
        return res.writeHead(204, {'Allow': 'GET, POST'}).end();
    const path = paths[req.url];
    return path ? path(req, res) : res.writeHead(404).end();
});

server.on('checkContinue', async (req, res) => {
    await later(20);
    res.writeContinue();
    server.emit('request', req, res);
});

server.on('connect', (req, socket, head) => {
    socket.on('error', () => socket.destroy());
    const [host, port] = req.url.split(':');
    if (host.endsWith('.9'))
        return socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno\n');
    const to = net.connect(port, host, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        to.write(head);
        to.pipe(socket);
        socket.pipe(to);
    });
    to.on('error', () => socket.destroy());
    return socket.on('close', () => to.destroy());
});

server.on('upgrade', (req, socket) => {
    const to = req.headers.upgrade;
    socket.on('error', () => socket.destroy());
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${to}\r\n` +
        (to === 'websocket' ? 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x05hello' : '\r\nfree text\n'));
    socket.on('data', () => socket.end());
});

net.createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(7007, process.argv[2]);
server.listen(Number(process.argv[3]), process.argv[2]);

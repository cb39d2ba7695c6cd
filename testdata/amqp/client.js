// client.js CASE HOST: what testdata/make_amqp.sh records, said with amqplib, which sends without waiting.
'use strict';
const amqp = require('amqplib');
const [what, host] = process.argv.slice(2);
const pause = ms => new Promise(done => setTimeout(done, ms));

const cases = {
    // Many outstanding, confirmed several at once; consumed with acknowledgements of several.
    async outstanding(c) {
        const ch = await c.createConfirmChannel();
        await ch.assertQueue('many');
        for (let i = 0; i < 200; i++)
            ch.publish('', 'many', Buffer.alloc(100, 'm'));
        await ch.waitForConfirms();
        const other = await c.createChannel();
        await other.prefetch(50);
        let n = 0, done;
        const all = new Promise(resolve => { done = resolve; });
        await other.consume('many', m => {
            if (++n % 20 === 0)
                other.ack(m, true);
            if (n === 200)
                done();
        });
        await all;
        await pause(100);
        await other.deleteQueue('many');
        await other.close();
        await ch.close();
    },
    // Large messages of several channels, whose frames take turns.
    async interleaved(c) {
        const channels = [];
        for (let i = 0; i < 4; i++) {
            const ch = await c.createConfirmChannel();
            await ch.assertQueue('turn' + i);
            channels.push(ch);
        }
        channels.forEach((ch, i) => {
            for (let k = 0; k < 3; k++)
                ch.publish('', 'turn' + i, Buffer.alloc(9000, 'abcd'[i]), {headers: {k}});
        });
        await Promise.all(channels.map(ch => ch.waitForConfirms()));
        for (const [i, ch] of channels.entries()) {
            await ch.consume('turn' + i, m => m && ch.ack(m));
            await pause(50);
            await ch.deleteQueue('turn' + i);
        }
    },
    // One channel with a consumer that acknowledges and one that does not, with tags of its own.
    async consumers(c) {
        const ch = await c.createChannel();
        await ch.assertQueue('loud');
        await ch.assertQueue('quiet');
        await ch.consume('loud', m => m && ch.ack(m), {consumerTag: 'acks'});
        await ch.consume('quiet', () => {}, {consumerTag: 'does-not', noAck: true});
        for (let i = 0; i < 5; i++) {
            ch.sendToQueue('loud', Buffer.from('loud ' + i));
            ch.sendToQueue('quiet', Buffer.from('quiet ' + i));
        }
        await pause(200);
        await ch.cancel('acks');
        await ch.deleteQueue('loud');
        await ch.deleteQueue('quiet'); // the server cancels the consumer
        await pause(100);
    },
};

(async () => {
    const c = await amqp.connect({hostname: host, frameMax: 4096, heartbeat: 0});
    c.on('error', () => {});
    await cases[what](c);
    await c.close();
})();

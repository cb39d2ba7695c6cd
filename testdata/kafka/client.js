// client.js: a session of kafkajs: client.js ADDRESS:PORT
const { Kafka, logLevel } = require("kafkajs");

async function main() {
    const kafka = new Kafka({ clientId: "node", brokers: [process.argv[2]], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: "node", numPartitions: 2 }] });
    const producer = kafka.producer({ idempotent: true });
    await producer.connect();
    for (let i = 0; i < 4; i++) await producer.send({ topic: "node", messages: [{ value: "a" }, { value: "b" }, { value: "c" }] });
    const consumer = kafka.consumer({ groupId: "node-readers" });
    await consumer.connect();
    await consumer.subscribe({ topic: "node", fromBeginning: true });
    let seen = 0;
    await new Promise((resolve) => {
        setTimeout(resolve, 8000);
        consumer.run({ eachMessage: async () => { if (++seen === 12) resolve(); } });
    });
    await consumer.disconnect();
    await admin.fetchTopicMetadata({ topics: ["nothing"] }).catch(() => {});
    await admin.disconnect();
    await producer.disconnect();
}

main().then(() => process.exit(0), (e) => { console.error(e); process.exit(1); });

// client.js ADDRESS: what the driver for Node says, with zlib where the server has it.
const { MongoClient } = require('mongodb');

async function main() {
  const client = new MongoClient(`mongodb://${process.argv[2]}/`, { maxPoolSize: 1, appName: 'node', compressors: ['zlib'] });
  const items = client.db('shop').collection('node');
  await items.deleteMany({});
  await items.insertMany(Array.from({ length: 12 }, (_, i) => ({ _id: i, name: `name ${i}`, text: 'again and '.repeat(30) })));
  await items.find({ _id: { $gte: 3 } }).batchSize(4).toArray();
  await items.insertOne({ _id: 3 }).catch(() => {});
  await items.updateOne({ _id: 4 }, { $set: { name: 'four' } });
  await Promise.all([items.findOne({ _id: 1 }), items.findOne({ _id: 2 }), items.countDocuments({})]);
  await client.close();
}

main();

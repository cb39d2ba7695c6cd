// Client.java: what a Java client does, by the name of the capture: java -cp 'LIBS/*' Client.java NAME ADDRESS:PORT
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.*;

public class Client {
    static String at;
    static final byte[] LINE = "the same words again and again, the same words again and again".getBytes();

    interface Act { Object run() throws Exception; }

    static void attempt(Act act) {
        try { act.run(); } catch (Exception e) { System.out.println(e); }
    }

    static Properties properties(String... more) {
        Properties p = new Properties();
        p.put("bootstrap.servers", at);
        p.put("enable.metrics.push", "false");
        for (int i = 0; i < more.length; i += 2) p.put(more[i], more[i + 1]);
        return p;
    }

    static KafkaProducer<byte[], byte[]> producer(String... more) {
        return new KafkaProducer<>(properties(more), new ByteArraySerializer(), new ByteArraySerializer());
    }

    static KafkaConsumer<byte[], byte[]> consumer(String... more) {
        return new KafkaConsumer<>(properties(more), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    static void send(Producer<byte[], byte[]> p, String topic, int count) {
        for (int i = 0; i < count; i++) p.send(new ProducerRecord<>(topic, null, LINE));
        p.flush();
    }

    static void topic(Admin admin, String name, int partitions) {
        attempt(() -> admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1))).all().get());
    }

    static int read(Consumer<byte[], byte[]> c, int atLeast) {
        int n = 0;
        for (int i = 0; i < 60 && n < atLeast; i++) n += c.poll(Duration.ofMillis(500)).count();
        return n;
    }

    static void admin() throws Exception {
        try (Admin a = Admin.create(properties("client.id", "admin"))) {
            topic(a, "first", 3);
            topic(a, "second", 1);
            topic(a, "first", 1);
            topic(a, "no such/name", 1);
            ConfigResource r = new ConfigResource(ConfigResource.Type.TOPIC, "first");
            ConfigResource b = new ConfigResource(ConfigResource.Type.BROKER, "1");
            attempt(() -> a.describeTopics(List.of("first", "second", "third")).allTopicNames().get());
            attempt(() -> a.describeConfigs(List.of(r, b)).all().get());
            attempt(() -> a.describeConfigs(List.of(new ConfigResource(ConfigResource.Type.TOPIC, "third"))).all().get());
            attempt(() -> a.incrementalAlterConfigs(Map.of(r, List.of(new AlterConfigOp(
                new ConfigEntry("retention.ms", "600000"), AlterConfigOp.OpType.SET)))).all().get());
            attempt(() -> a.createPartitions(Map.of("first", NewPartitions.increaseTo(5))).all().get());
            attempt(() -> a.createPartitions(Map.of("second", NewPartitions.increaseTo(1))).all().get());
            attempt(() -> a.listOffsets(Map.of(new TopicPartition("first", 0), OffsetSpec.latest(),
                new TopicPartition("second", 0), OffsetSpec.earliest())).all().get());
            attempt(() -> a.deleteRecords(Map.of(new TopicPartition("first", 0), RecordsToDelete.beforeOffset(99))).all().get());
            attempt(() -> a.listConsumerGroups().all().get());
            attempt(() -> a.describeConsumerGroups(List.of("nobody")).all().get());
            attempt(() -> a.deleteConsumerGroups(List.of("nobody")).all().get());
            attempt(() -> a.listConsumerGroupOffsets("nobody").all().get());
            attempt(() -> a.describeCluster().nodes().get());
            attempt(() -> a.describeLogDirs(List.of(1)).allDescriptions().get());
            attempt(() -> a.deleteTopics(List.of("second", "third")).all().get());
        }
    }

    static void produce() throws Exception {
        try (Admin a = Admin.create(properties("client.id", "maker"))) {
            topic(a, "words", 1);
        }
        String[] kinds = {"none", "gzip", "snappy", "lz4", "zstd"};
        String[] acks = {"all", "1", "0", "1", "all"};
        for (int i = 0; i < kinds.length; i++) {
            try (var p = producer("client.id", "producer-" + kinds[i], "compression.type", kinds[i], "acks", acks[i],
                                  "enable.idempotence", "false", "linger.ms", "20")) {
                send(p, "words", 10 + i);
                send(p, "words", 1);
            }
        }
        try (var p = producer("client.id", "idempotent", "enable.idempotence", "true", "linger.ms", "20")) {
            send(p, "words", 7);
        }
    }

    static void transaction() throws Exception {
        try (Admin a = Admin.create(properties("client.id", "maker"))) {
            topic(a, "in", 2);
            topic(a, "out", 2);
            topic(a, "__warm", 1);
        }
        try (var p = producer("client.id", "transactional", "transactional.id", "tx-1", "linger.ms", "20");
             var c = consumer("client.id", "reader", "group.id", "movers", "isolation.level", "read_committed",
                              "auto.offset.reset", "earliest", "enable.auto.commit", "false")) {
            p.initTransactions();
            p.beginTransaction();
            send(p, "in", 12);
            p.commitTransaction();
            c.subscribe(List.of("in"));
            System.out.println(read(c, 12));
            p.beginTransaction();
            send(p, "out", 5);
            p.sendOffsetsToTransaction(Map.of(new TopicPartition("in", 0), new OffsetAndMetadata(3)), c.groupMetadata());
            p.commitTransaction();
            p.beginTransaction();
            send(p, "out", 4);
            p.abortTransaction();
        }
        try (var c = consumer("client.id", "last", "isolation.level", "read_committed", "auto.offset.reset", "earliest")) {
            c.assign(List.of(new TopicPartition("out", 0), new TopicPartition("out", 1)));
            System.out.println(read(c, 5));
        }
    }

    static void group(String protocol) throws Exception {
        String topic = "group-" + protocol;
        try (Admin a = Admin.create(properties("client.id", "maker")); var p = producer("client.id", "filler", "linger.ms", "20")) {
            topic(a, topic, 2);
            send(p, topic, 20);
            try (var one = consumer("client.id", "one", "group.id", "readers-" + protocol, "group.protocol", protocol,
                                    "auto.offset.reset", "earliest", "enable.auto.commit", "false");
                 var two = consumer("client.id", "two", "group.id", "readers-" + protocol, "group.protocol", protocol,
                                    "auto.offset.reset", "earliest", "enable.auto.commit", "false")) {
                one.subscribe(List.of(topic));
                System.out.println(read(one, 20));
                one.commitSync();
                two.subscribe(List.of(topic));
                for (int i = 0; i < 8; i++) {
                    one.poll(Duration.ofMillis(500));
                    two.poll(Duration.ofMillis(500));
                }
                send(p, topic, 6);
                read(one, 1);
                read(two, 1);
                one.commitAsync();
                attempt(() -> a.describeConsumerGroups(List.of("readers-" + protocol)).all().get());
                attempt(() -> a.deleteConsumerGroups(List.of("readers-" + protocol)).all().get());
            }
            attempt(() -> a.deleteConsumerGroups(List.of("readers-" + protocol)).all().get());
        }
    }

    static void errors() throws Exception {
        try (var p = producer("client.id", "lost", "max.block.ms", "1500", "linger.ms", "0")) {
            attempt(() -> p.send(new ProducerRecord<>("missing", LINE)).get());
        }
        try (Admin a = Admin.create(properties("client.id", "maker"))) {
            attempt(() -> a.createTopics(List.of(new NewTopic("tiny", 1, (short) 1).configs(Map.of("max.message.bytes", "100")))).all().get());
            attempt(() -> a.createTopics(List.of(new NewTopic("wide", 1, (short) 3))).all().get());
        }
        try (var p = producer("client.id", "large", "linger.ms", "0")) {
            attempt(() -> p.send(new ProducerRecord<>("tiny", new byte[500])).get());
        }
        try (var c = consumer("client.id", "far", "group.id", "far", "auto.offset.reset", "none")) {
            TopicPartition t = new TopicPartition("tiny", 0);
            c.assign(List.of(t));
            c.seek(t, 1000);
            attempt(() -> c.poll(Duration.ofMillis(1000)));
            attempt(() -> { c.commitSync(Map.of(new TopicPartition("missing", 9), new OffsetAndMetadata(3)), Duration.ofMillis(800)); return 0; });
        }
    }

    static void large() throws Exception {
        try (Admin a = Admin.create(properties("client.id", "maker"))) {
            topic(a, "bulk", 1);
        }
        byte[] value = new byte[100000];
        new Random(1).nextBytes(value);
        try (var p = producer("client.id", "bulk-producer", "batch.size", "300000", "linger.ms", "50", "max.request.size", "500000")) {
            for (int i = 0; i < 2; i++) p.send(new ProducerRecord<>("bulk", value));
            p.flush();
        }
        try (var c = consumer("client.id", "bulk-consumer", "auto.offset.reset", "earliest")) {
            c.assign(List.of(new TopicPartition("bulk", 0)));
            System.out.println(read(c, 2));
        }
    }

    static void many() throws Exception {
        try (Admin a = Admin.create(properties("client.id", "maker"))) {
            topic(a, "wide", 150);
            topic(a, "wider", 100);
        }
        try (var p = producer("client.id", "spread", "linger.ms", "50"); var c = consumer("client.id", "all", "auto.offset.reset", "earliest")) {
            for (int i = 0; i < 120; i++) p.send(new ProducerRecord<>("wide", i, null, LINE));
            p.flush();
            List<TopicPartition> parts = new ArrayList<>();
            for (int i = 0; i < 150; i++) parts.add(new TopicPartition("wide", i));
            for (int i = 0; i < 100; i++) parts.add(new TopicPartition("wider", i));
            c.assign(parts);
            System.out.println(read(c, 120));
        }
    }

    static void load() throws Exception {
        try (Admin a = Admin.create(properties("client.id", "maker"))) {
            topic(a, "load", 4);
        }
        ExecutorService pool = Executors.newFixedThreadPool(4);
        List<Future<?>> all = new ArrayList<>();
        for (int k = 0; k < 3; k++) {
            int id = k;
            all.add(pool.submit(() -> {
                try (var p = producer("client.id", "loader-" + id, "linger.ms", "0", "batch.size", "1")) {
                    for (int i = 0; i < 90; i++) {
                        var sent = p.send(new ProducerRecord<>("load", i % 4, null, LINE));
                        if (i % 3 == 0) sent.get(); // else several at once
                    }
                }
                return 0;
            }));
        }
        all.add(pool.submit(() -> {
            try (var c = consumer("client.id", "drain", "group.id", "drainers", "auto.offset.reset", "earliest", "fetch.max.wait.ms", "20")) {
                c.subscribe(List.of("load"));
                System.out.println(read(c, 270));
            }
            return 0;
        }));
        for (Future<?> f : all) f.get();
        pool.shutdown();
    }

    public static void main(String[] args) throws Exception {
        at = args[1];
        switch (args[0]) {
            case "admin" -> admin();
            case "produce" -> produce();
            case "transaction" -> transaction();
            case "group_classic" -> group("classic");
            case "group_consumer" -> group("consumer");
            case "errors" -> errors();
            case "large" -> large();
            case "many_partitions" -> many();
            case "load" -> load();
        }
    }
}
